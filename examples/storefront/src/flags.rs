//! The flags that the shop asks for, each with the value it lives on when there is no answer.
//!
//! The rules behind them stand in `flags.yaml` and change while the shop runs; this list only
//! names them. A default must be safe: it is served before the first module has arrived.

/// A flag of the shop.
#[derive(Debug)]
pub struct Flag<T: 'static> {
    /// Its key, as in `flags.yaml`.
    pub key: &'static str,
    /// Served when the flag cannot be evaluated.
    pub default: T,
}

/// A flag of any kind.
#[derive(Clone, Copy, Debug)]
pub enum AnyFlag {
    /// A switch.
    Bool(&'static Flag<bool>),
    /// A word from a list.
    Text(&'static Flag<&'static str>),
    /// An amount.
    Number(&'static Flag<f64>),
    /// Something with parts; the default is JSON text.
    Json(&'static Flag<&'static str>),
}

impl AnyFlag {
    /// The flag's key.
    pub fn key(self) -> &'static str {
        match self {
            Self::Bool(flag) => flag.key,
            Self::Text(flag) | Self::Json(flag) => flag.key,
            Self::Number(flag) => flag.key,
        }
    }
}

macro_rules! flags {
    ($($name:ident: $kind:ident($type:ty) = $key:literal or $default:expr;)*) => {
        $(#[doc = concat!("`", $key, "`")]
        pub static $name: Flag<$type> = Flag { key: $key, default: $default };)*

        /// Every flag of the shop, in the order of the table that explains them.
        pub static ALL: &[AnyFlag] = &[$(AnyFlag::$kind(&$name)),*];
    };
}

flags! {
    PAYMENTS_ENABLED: Bool(bool) = "payments-enabled" or true;
    SEARCH_ENABLED: Bool(bool) = "search-enabled" or true;
    RECOMMENDATIONS_ENABLED: Bool(bool) = "recommendations-enabled" or false;
    MAINTENANCE_NOTICE: Bool(bool) = "maintenance-notice" or false;
    EXPERIMENT_HOLDOUT: Bool(bool) = "experiment-holdout" or false;
    SEARCH_RANKING: Text(&'static str) = "search-ranking" or "classic";
    PRICE_TEST: Number(f64) = "price-test" or 1.0;
    BUY_BUTTON: Text(&'static str) = "buy-button" or "Add to cart";
    HERO_LAYOUT: Text(&'static str) = "hero-layout" or "grid";
    CHECKOUT_V2: Bool(bool) = "checkout-v2" or false;
    EXPRESS_CHECKOUT: Bool(bool) = "express-checkout" or false;
    PAYMENT_METHODS: Json(&'static str) = "payment-methods" or r#"["Card"]"#;
    ORDER_NOTE: Bool(bool) = "order-note" or false;
    GIFT_WRAPPING: Bool(bool) = "gift-wrapping" or false;
    MAX_CART_ITEMS: Number(f64) = "max-cart-items" or 10.0;
    FREE_SHIPPING_THRESHOLD: Number(f64) = "free-shipping-threshold" or 59.0;
    SHIPPING_FEE: Number(f64) = "shipping-fee" or 7.5;
    DELIVERY_PROMISE: Text(&'static str) = "delivery-promise" or "In about a week";
    LOYALTY_RATE: Number(f64) = "loyalty-rate" or 0.0;
    NET_PRICES: Bool(bool) = "net-prices" or false;
    SEASON_SALE: Json(&'static str) = "season-sale" or r#"{"percent": 0, "label": ""}"#;
    HOME_BANNER: Json(&'static str) = "home-banner" or
        r#"{"tone": "calm", "title": "Fernweh", "text": "Things for the long way round."}"#;
    ACCENT: Text(&'static str) = "accent" or "pine";
    PRODUCTS_PER_PAGE: Number(f64) = "products-per-page" or 8.0;
    STOCK_LEVELS: Bool(bool) = "stock-levels" or false;
    REVIEWS: Text(&'static str) = "reviews" or "hidden";
    PRICE_ALERTS: Bool(bool) = "price-alerts" or false;
    WISHLIST: Bool(bool) = "wishlist" or false;
    SUPPORT_CONTACT: Json(&'static str) = "support-contact" or
        r#"{"line": "help@fernweh.example", "hours": ""}"#;
    TEAM_CARTS: Bool(bool) = "team-carts" or false;
    PAY_BY_INVOICE: Bool(bool) = "pay-by-invoice" or false;
    STAFF_TOOLS: Bool(bool) = "staff-tools" or false;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// Key → kind of the flags in `flags.yaml`, which is written so that lines suffice to find them.
    fn documented() -> BTreeMap<&'static str, &'static str> {
        let document = include_str!("../flags.yaml");
        let (_, flags) = document.split_once("\nflags:\n").unwrap();
        let keys = flags.lines().filter_map(|line| {
            let key = line.strip_prefix("  ")?.strip_suffix(':')?;
            (!key.starts_with([' ', '#'])).then_some(key)
        });
        let kinds = flags.lines().filter_map(|line| line.strip_prefix("    kind: "));
        keys.zip(kinds).collect()
    }

    #[test]
    fn the_shop_asks_for_exactly_the_flags_of_its_document() {
        let asked: BTreeMap<_, _> = ALL
            .iter()
            .map(|flag| match flag {
                AnyFlag::Bool(flag) => (flag.key, "boolean"),
                AnyFlag::Text(flag) => (flag.key, "string"),
                AnyFlag::Number(flag) => (flag.key, "number"),
                AnyFlag::Json(flag) => (flag.key, "json"),
            })
            .collect();
        assert_eq!(asked, documented());
    }

    #[test]
    fn json_defaults_are_json() {
        for flag in ALL {
            if let AnyFlag::Json(flag) = flag {
                serde_json::from_str::<serde_json::Value>(flag.default).unwrap();
            }
        }
    }
}
