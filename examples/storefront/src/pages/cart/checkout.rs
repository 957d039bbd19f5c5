//! Two checkouts: three steps as ever, or one page; `checkout-v2` decides.

use serde_json::Value as Json;

use super::Visit;
use crate::flags;
use crate::html::{Text, when};

/// May this shopper order now.
pub fn open(visit: &Visit) -> bool {
    let most = visit.decisions.number(&flags::MAX_CART_ITEMS);
    let pieces = f64::from(visit.cart.pieces());
    visit.decisions.bool(&flags::PAYMENTS_ENABLED) && pieces > 0.0 && pieces <= most
}

/// The checkout beside the cart.
pub fn form(visit: &Visit) -> String {
    if !visit.decisions.bool(&flags::PAYMENTS_ENABLED) {
        return r#"<p class="warning" data-flag="payments-enabled">We cannot take payments right now. Your cart is kept; please come back in an hour.</p>"#.to_owned();
    }
    if visit.decisions.bool(&flags::CHECKOUT_V2) { one_page(visit) } else { three_steps(visit) }
}

fn one_page(visit: &Visit) -> String {
    let decisions = &visit.decisions;
    let express = when(decisions.bool(&flags::EXPRESS_CHECKOUT), || {
        format!(
            r#"<button class="express" data-flag="express-checkout"{}>Buy in one step</button>"#,
            blocked(visit)
        )
    });
    let wrap = when(decisions.bool(&flags::GIFT_WRAPPING), || {
        r#"<label class="option" data-flag="gift-wrapping"><input type="checkbox" name="wrap"> Wrap it as a gift</label>"#.to_owned()
    });
    let note = when(decisions.bool(&flags::ORDER_NOTE), || {
        r#"<label data-flag="order-note">Note to the warehouse<textarea name="note" rows="2"></textarea></label>"#.to_owned()
    });
    format!(
        r#"<form method="post" action="/cart/order" class="pay" data-flag="checkout-v2">{express}<h2>Checkout</h2><label>Name<input name="name" value="{name}" autocomplete="name"></label><label>Address<input name="address" placeholder="Street, town, {country}" autocomplete="street-address"></label>{methods}{wrap}{note}<button{blocked}>Order and pay</button></form>"#,
        name = Text(visit.shopper.persona.name),
        country = Text(&visit.shopper.country()),
        methods = methods(visit),
        blocked = blocked(visit),
    )
}

fn three_steps(visit: &Visit) -> String {
    format!(
        r#"<form method="post" action="/cart/order" class="pay" data-flag="checkout-v2"><ol class="steps"><li class="now">Cart</li><li>Address</li><li>Payment</li></ol>{methods}<button{blocked}>On to the address</button></form>"#,
        methods = methods(visit),
        blocked = blocked(visit),
    )
}

fn methods(visit: &Visit) -> String {
    let methods = visit.decisions.json(&flags::PAYMENT_METHODS);
    let names = methods.as_array().into_iter().flatten().filter_map(Json::as_str);
    let options: String = names
        .enumerate()
        .map(|(place, name)| {
            let checked = if place == 0 { " checked" } else { "" };
            format!(
                r#"<label class="option"><input type="radio" name="method" value="{place}"{checked}> {}</label>"#,
                Text(name)
            )
        })
        .collect();
    let invoice = when(visit.decisions.bool(&flags::PAY_BY_INVOICE), || {
        r#"<p data-flag="pay-by-invoice">Your company pays by invoice.</p>"#.to_owned()
    });
    format!(
        r#"<fieldset data-flag="payment-methods"><legend>Pay with</legend>{options}{invoice}</fieldset>"#
    )
}

fn blocked(visit: &Visit) -> &'static str {
    if open(visit) { "" } else { " disabled" }
}
