//! The cart and its two checkouts.

use axum::Form;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::{Visit, frame};
use crate::catalogue::Product;
use crate::flags;
use crate::html::{Text, when};

mod checkout;

/// What the forms of product page and cart send.
#[derive(Deserialize)]
pub struct Wish {
    product: String,
    quantity: Option<u32>,
}

/// What the cart comes to, in euro cents.
struct Sum {
    goods: f64,
    shipping: f64,
    free_from: f64,
}

/// `GET /cart`.
pub async fn page(visit: Visit) -> Response {
    let main = if visit.cart.lines.is_empty() {
        r#"<section class="plain"><h1>Your cart is empty</h1><p>So is the road. <a href="/">Look around</a></p></section>"#.to_owned()
    } else {
        let sum = sum(&visit);
        let rows: String = visit
            .cart
            .lines
            .iter()
            .map(|(product, quantity)| line(&visit, product, *quantity))
            .collect();
        format!(
            r#"<h1>Your cart</h1>{team}<div class="checkout"><section class="lines">{rows}{limit}</section><aside>{totals}{checkout}</aside></div>"#,
            team = team(&visit),
            limit = limit(&visit),
            totals = totals(&visit, &sum),
            checkout = checkout::form(&visit),
        )
    };
    frame::page(&visit, "Cart", &main)
}

/// `POST /cart/add`.
pub async fn add(visit: Visit, Form(wish): Form<Wish>) -> Response {
    let mut cart = visit.cart;
    cart.add(&wish.product, wish.quantity.unwrap_or(1));
    back_to_cart(&cart.write())
}

/// `POST /cart/remove`.
pub async fn remove(visit: Visit, Form(wish): Form<Wish>) -> Response {
    let mut cart = visit.cart;
    cart.remove(&wish.product);
    back_to_cart(&cart.write())
}

/// `POST /cart/order`: the switches are asked again, for a page may be old.
pub async fn order(visit: Visit) -> Response {
    if !checkout::open(&visit) {
        return Redirect::to("/cart").into_response();
    }
    let mut response = Redirect::to("/thanks").into_response();
    frame::remember(&mut response, "cart", "");
    response
}

/// `GET /thanks`.
pub async fn thanks(visit: Visit) -> Response {
    let main = format!(
        r#"<section class="plain"><h1>Thank you, {}</h1><p data-flag="delivery-promise">{}, if this were a shop.</p><p><a href="/">Back to the things</a></p></section>"#,
        Text(visit.shopper.persona.name),
        Text(visit.decisions.text(&flags::DELIVERY_PROMISE)),
    );
    frame::page(&visit, "Thank you", &main)
}

fn back_to_cart(cookie: &str) -> Response {
    let mut response = Redirect::to("/cart").into_response();
    frame::remember(&mut response, "cart", cookie);
    response
}

fn sum(visit: &Visit) -> Sum {
    let price = |(product, quantity): &(&Product, u32)| {
        visit.pricing.price(product).cents * f64::from(*quantity)
    };
    let goods = visit.cart.lines.iter().map(price).sum();
    let free_from = visit.decisions.number(&flags::FREE_SHIPPING_THRESHOLD) * 100.0;
    let fee = visit.decisions.number(&flags::SHIPPING_FEE) * 100.0;
    Sum { goods, shipping: if goods >= free_from { 0.0 } else { fee }, free_from }
}

fn line(visit: &Visit, product: &Product, quantity: u32) -> String {
    let each = visit.pricing.price(product).cents;
    format!(
        r#"<article><img src="/picture/{id}.svg" alt="" width="400" height="320"><div><h3><a href="/product/{id}">{name}</a></h3><p>{quantity} × <span data-flag="price-test">{each}</span></p></div><b>{total}</b><form method="post" action="/cart/remove"><input type="hidden" name="product" value="{id}"><button class="quiet" aria-label="Take {name} out">×</button></form></article>"#,
        id = product.id,
        name = Text(product.name),
        each = visit.pricing.show(each),
        total = visit.pricing.show(each * f64::from(quantity)),
    )
}

fn limit(visit: &Visit) -> String {
    let most = visit.decisions.number(&flags::MAX_CART_ITEMS);
    when(f64::from(visit.cart.pieces()) > most, || {
        format!(
            r#"<p class="warning" data-flag="max-cart-items">We pack {most} pieces in one order for you. Take some out to go on.</p>"#
        )
    })
}

fn team(visit: &Visit) -> String {
    when(visit.decisions.bool(&flags::TEAM_CARTS), || {
        r#"<p class="team" data-flag="team-carts">Your whole company sees this cart and can add to it.</p>"#.to_owned()
    })
}

fn totals(visit: &Visit, sum: &Sum) -> String {
    let show = |cents| visit.pricing.show(cents);
    let shipping = if sum.shipping > 0.0 { show(sum.shipping) } else { "free".to_owned() };
    let missing = sum.free_from - sum.goods;
    let nudge = when(missing > 0.0 && sum.free_from < 1_000_000.0, || {
        format!(
            r#"<div class="nudge" data-flag="free-shipping-threshold"><progress max="{}" value="{}"></progress><p>{} more, and it ships free</p></div>"#,
            sum.free_from,
            sum.goods,
            show(missing)
        )
    });
    let points = (visit.decisions.number(&flags::LOYALTY_RATE) * sum.goods / 100.0).floor();
    let points = when(points > 0.0, || {
        format!(r#"<div data-flag="loyalty-rate"><dt>Points</dt><dd>+{points}</dd></div>"#)
    });
    let note = if visit.pricing.net { " without tax" } else { "" };
    format!(
        r#"<dl class="totals"><div><dt>Goods</dt><dd>{goods}</dd></div><div data-flag="shipping-fee"><dt>Shipping</dt><dd>{shipping}</dd></div>{points}<div class="total"><dt>Total{note}</dt><dd>{total}</dd></div></dl>{nudge}"#,
        goods = show(sum.goods),
        total = show(sum.goods + sum.shipping),
    )
}
