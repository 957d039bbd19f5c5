//! The cart: what a shopper wants, kept in a cookie, so that the shop keeps nothing.
//!
//! In: the cookie, which anybody can write. Out: products that exist, in sensible quantities.

use crate::catalogue::{self, Product};

/// The most pieces of one product that a cookie may ask for; flags decide what may be bought.
const QUANTITY_MAX: u32 = 999;

/// Products and quantities, in the order in which they were added.
#[derive(Debug, Default)]
pub struct Cart {
    /// Each product once, with how many of it.
    pub lines: Vec<(&'static Product, u32)>,
}

impl Cart {
    /// Reads a cookie (`tent.1_mug.2`); what it does not understand is not in the cart.
    pub fn read(cookie: &str) -> Self {
        let mut cart = Self::default();
        for part in cookie.split('_') {
            if let Some((id, quantity)) = part.split_once('.') {
                cart.add(id, quantity.parse().unwrap_or(0));
            }
        }
        cart
    }

    /// The cookie.
    pub fn write(&self) -> String {
        let part = |(product, quantity): &(&Product, u32)| format!("{}.{quantity}", product.id);
        self.lines.iter().map(part).collect::<Vec<_>>().join("_")
    }

    /// Puts more of a product in; an unknown product or none of it changes nothing.
    pub fn add(&mut self, id: &str, quantity: u32) {
        let Some(product) = catalogue::product(id).filter(|_| quantity > 0) else { return };
        match self.lines.iter_mut().find(|(line, _)| line.id == id) {
            Some((_, has)) => *has = has.saturating_add(quantity).min(QUANTITY_MAX),
            None => self.lines.push((product, quantity.min(QUANTITY_MAX))),
        }
    }

    /// Takes a product out.
    pub fn remove(&mut self, id: &str) {
        self.lines.retain(|(product, _)| product.id != id);
    }

    /// Number of pieces.
    pub fn pieces(&self) -> u32 {
        self.lines.iter().map(|(_, quantity)| quantity).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cart_reads_what_it_wrote() {
        let mut cart = Cart::default();
        cart.add("mug", 2);
        cart.add("tent", 1);
        cart.add("mug", 1);
        assert_eq!(cart.write(), "mug.3_tent.1");
        assert_eq!(Cart::read(&cart.write()).write(), cart.write());
    }

    #[test]
    fn a_forged_cookie_gives_a_sensible_cart() {
        assert_eq!(Cart::read("<b>.1_mug.x_mug.0_tent.99999_boots").write(), "tent.999");
    }
}
