//! The home page: banner, sale, products.

use axum::response::Response;
use serde_json::Value as Json;

use super::{Visit, frame};
use crate::catalogue::{self, Product};
use crate::flags;
use crate::html::{Text, when};
use crate::money::Price;

/// `GET /`.
pub async fn page(visit: Visit) -> Response {
    let decisions = &visit.decisions;
    let most = decisions.number(&flags::PRODUCTS_PER_PAGE).clamp(1.0, 100.0) as usize;
    let mut products = catalogue::ranked(decisions.text(&flags::SEARCH_RANKING), &visit.search);
    products.truncate(most);
    let searching = !visit.search.trim().is_empty();
    let spotlight = decisions.text(&flags::HERO_LAYOUT) == "spotlight" && !searching;
    let cards: String = products
        .iter()
        .enumerate()
        .map(|(place, product)| card(&visit, product, spotlight && place == 0))
        .collect();
    let found = when(searching, || {
        let count = products.len();
        format!("<h2>{count} found for “{}”</h2>", Text(&visit.search))
    });
    let main = format!(
        r#"{banner}{offers}{found}
<section class="products" data-flag="search-ranking products-per-page">{cards}</section>"#,
        banner = when(!searching, || banner(&visit)),
        offers = offers(&visit),
    );
    frame::page(&visit, "Things for the long way round", &main)
}

fn banner(visit: &Visit) -> String {
    let banner = visit.decisions.json(&flags::HOME_BANNER);
    let part = |name| banner.get(name).and_then(Json::as_str).unwrap_or_default();
    format!(
        r#"<section class="banner" data-tone="{tone}" data-flag="home-banner"><h1>{title}</h1><p>{text}</p>{ridge}</section>"#,
        tone = Text(part("tone")),
        title = Text(part("title")),
        text = Text(part("text")),
        ridge = r#"<svg viewBox="0 0 1200 220" preserveAspectRatio="none" aria-hidden="true"><path class="far" d="M0 150 130 82l96 50L360 38l130 92 90-48 130 76 140-100 120 84 100-46 130 70v54H0z"/><path class="mid" d="M0 184l150-54 130 40 150-66 150 68 140-44 160 50 140-62 180 60v44H0z"/><path class="near" d="M0 206c180-40 330-24 500-12s380-34 700-2v28H0z"/></svg>"#,
    )
}

/// The line of promises below the banner.
fn offers(visit: &Visit) -> String {
    let pricing = &visit.pricing;
    let sale = when(pricing.sale_percent > 0.0, || {
        format!(
            r#"<p class="sale" data-flag="season-sale"><b>−{percent}%</b> {label}</p>"#,
            percent = pricing.sale_percent,
            label = Text(&pricing.sale_label)
        )
    });
    format!(
        r#"<section class="offers">{sale}<p data-flag="free-shipping-threshold">{shipping}</p><p data-flag="delivery-promise">{promise}</p>{points}</section>"#,
        shipping = free_shipping(visit),
        promise = Text(visit.decisions.text(&flags::DELIVERY_PROMISE)),
        points = when(visit.decisions.number(&flags::LOYALTY_RATE) > 0.0, || {
            let rate = visit.decisions.number(&flags::LOYALTY_RATE);
            let points = if rate == 1.0 { "point" } else { "points" };
            format!(r#"<p data-flag="loyalty-rate">{rate} {points} for every euro</p>"#)
        }),
    )
}

fn free_shipping(visit: &Visit) -> String {
    let threshold = visit.decisions.number(&flags::FREE_SHIPPING_THRESHOLD);
    match threshold {
        none if none <= 0.0 => "Shipping is free for you".to_owned(),
        far if far >= 10_000.0 => {
            let fee = visit.decisions.number(&flags::SHIPPING_FEE);
            format!("Shipping {}", visit.pricing.show(fee * 100.0))
        }
        euros => format!("Free shipping from {}", visit.pricing.show(euros * 100.0)),
    }
}

/// A product in the grid; a large one when it is the spotlight.
fn card(visit: &Visit, product: &Product, large: bool) -> String {
    let class = if large { "card large" } else { "card" };
    let mark = if large { r#" data-flag="hero-layout""# } else { "" };
    format!(
        r#"<article class="{class}"{mark}><a href="/product/{id}"><img src="/picture/{id}.svg" alt="" width="400" height="320"><div><h3>{name}</h3><p>{line}</p>{price}{stock}</div></a>{heart}</article>"#,
        id = product.id,
        name = Text(product.name),
        line = Text(product.line),
        price = price(visit, &visit.pricing.price(product)),
        stock = stock(visit, product),
        heart = heart(visit),
    )
}

/// A price tag, with the price before the sale.
pub fn price(visit: &Visit, price: &Price) -> String {
    let pricing = &visit.pricing;
    let before = price.before_cents.map_or_else(String::new, |cents| {
        format!(r#" <s data-flag="season-sale">{}</s>"#, pricing.show(cents))
    });
    let net = when(pricing.net, || r#" <small data-flag="net-prices">net</small>"#.to_owned());
    format!(
        r#"<p class="price"><b data-flag="price-test">{}</b>{before}{net}</p>"#,
        pricing.show(price.cents)
    )
}

/// A line when few are left.
pub fn stock(visit: &Visit, product: &Product) -> String {
    when(product.stock < 5 && visit.decisions.bool(&flags::STOCK_LEVELS), || {
        format!(r#"<p class="few" data-flag="stock-levels">only {} left</p>"#, product.stock)
    })
}

/// The heart of the wish list.
pub fn heart(visit: &Visit) -> String {
    when(visit.decisions.bool(&flags::WISHLIST), || {
        r#"<button class="heart" type="button" data-flag="wishlist" aria-pressed="false" aria-label="Wish for it"><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 20.5C5 15.6 2.5 12.3 2.5 8.8a5 5 0 0 1 9.5-2.2 5 5 0 0 1 9.5 2.2c0 3.5-2.5 6.8-9.5 11.7z"/></svg></button>"#.to_owned()
    })
}
