//! From list prices to what a shopper sees: price test, sale, tax, currency.
//!
//! Amounts are euro cents until they are shown.

use serde_json::Value as Json;

use crate::catalogue::Product;
use crate::decisions::Decisions;
use crate::flags;

/// How prices are made for one shopper, as the flags decide.
pub struct Pricing {
    factor: f64,
    /// Per cent off everything, 0–90.
    pub sale_percent: f64,
    /// The sale's name; empty when there is none.
    pub sale_label: String,
    /// Are prices shown without tax.
    pub net: bool,
    currency: &'static Currency,
}

/// A price tag.
pub struct Price {
    /// To pay, in euro cents.
    pub cents: f64,
    /// Before the sale, if there is one.
    pub before_cents: Option<f64>,
}

struct Currency {
    countries: &'static [&'static str],
    sign: &'static str,
    per_euro: f64,
    decimals: usize,
}

static EURO: Currency = Currency { countries: &[], sign: "€\u{a0}", per_euro: 1.0, decimals: 2 };
static OTHERS: &[Currency] = &[
    Currency { countries: &["CH"], sign: "CHF\u{a0}", per_euro: 0.94, decimals: 2 },
    Currency { countries: &["GB"], sign: "£", per_euro: 0.86, decimals: 2 },
    Currency { countries: &["JP"], sign: "¥", per_euro: 163.0, decimals: 0 },
    Currency { countries: &["US"], sign: "$", per_euro: 1.08, decimals: 2 },
];

const TAX: f64 = 0.19;

impl Pricing {
    /// The prices for a shopper from `country`.
    pub fn of(decisions: &Decisions, country: &str) -> Self {
        let sale = decisions.json(&flags::SEASON_SALE);
        let percent = sale.get("percent").and_then(Json::as_f64).unwrap_or(0.0);
        Self {
            factor: decisions.number(&flags::PRICE_TEST).clamp(0.1, 10.0),
            sale_percent: percent.clamp(0.0, 90.0),
            sale_label: sale.get("label").and_then(Json::as_str).unwrap_or_default().to_owned(),
            net: decisions.bool(&flags::NET_PRICES),
            currency: OTHERS
                .iter()
                .find(|currency| currency.countries.contains(&country))
                .unwrap_or(&EURO),
        }
    }

    /// The price of a product.
    pub fn price(&self, product: &Product) -> Price {
        let tax = if self.net { 1.0 + TAX } else { 1.0 };
        let list = (f64::from(product.cents) * self.factor / tax).round();
        if self.sale_percent > 0.0 {
            let cents = (list * (1.0 - self.sale_percent / 100.0)).round();
            Price { cents, before_cents: Some(list) }
        } else {
            Price { cents: list, before_cents: None }
        }
    }

    /// Writes an amount of euro cents in the shopper's currency.
    pub fn show(&self, cents: f64) -> String {
        let Currency { sign, per_euro, decimals, .. } = self.currency;
        let amount = format!("{:.decimals$}", cents / 100.0 * per_euro);
        format!("{sign}{}", grouped(&amount))
    }
}

/// Puts a comma before each group of three digits of the whole part.
fn grouped(amount: &str) -> String {
    let (whole, fraction) = amount.split_at(amount.find('.').unwrap_or(amount.len()));
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (amount, shown) in [("0.50", "0.50"), ("289.00", "289.00"), ("1234567", "1,234,567")] {
            assert_eq!(grouped(amount), shown);
        }
    }
}
