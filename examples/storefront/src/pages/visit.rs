//! What every page needs to know of a request.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;

use crate::cart::Cart;
use crate::decisions::Decisions;
use crate::live::Pulse;
use crate::money::Pricing;
use crate::shop::Shop;
use crate::shopper::{Shopper, cookie, persona};

/// One request for a page.
pub struct Visit {
    /// Who looks.
    pub shopper: Shopper,
    /// What the flags decided for them.
    pub decisions: Decisions,
    /// What things cost them.
    pub pricing: Pricing,
    /// What they want.
    pub cart: Cart,
    /// The address's path, to come back to.
    pub path: String,
    /// What they search for; empty when nothing.
    pub search: String,
    /// What the shop stands on.
    pub pulse: Pulse,
    /// The environment whose flags these are.
    pub environment: String,
    /// Did the address name a persona, who is then to be remembered.
    pub switched: bool,
}

impl FromRequestParts<Shop> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Infallible> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
        let asked = |name: &str| {
            query.iter().find_map(|(other, value)| (other == name).then_some(value.as_str()))
        };
        let named = asked("persona").filter(|id| persona(id).is_some());
        let shopper = Shopper::of(named, &parts.headers);
        // The contexts of personas are tested to be valid.
        let context = shopper.context().unwrap_or_default();
        let decisions = Decisions::take(&shop.client, &context);
        let pricing = Pricing::of(&decisions, &shopper.country());
        let cart = cookie(&parts.headers, "cart").map(Cart::read).unwrap_or_default();
        Ok(Self {
            shopper,
            decisions,
            pricing,
            cart,
            path: parts.uri.path().to_owned(),
            search: asked("q").unwrap_or_default().to_owned(),
            pulse: Pulse::of(&shop.client),
            environment: shop.environment.clone(),
            switched: named.is_some(),
        })
    }
}
