//! The page of one product.

use axum::extract::Path;
use axum::response::Response;

use super::{Visit, frame, home, not_found};
use crate::catalogue::{self, Product};
use crate::flags;
use crate::html::{Text, when};

/// `GET /product/{id}`.
pub async fn page(Path(id): Path<String>, visit: Visit) -> Response {
    let Some(product) = catalogue::product(&id) else { return not_found(visit).await };
    let price = visit.pricing.price(product);
    let decisions = &visit.decisions;
    let main = format!(
        r#"<article class="product">
<figure><img src="/picture/{id}.svg" alt="{name}" width="400" height="320">{heart}</figure>
<div><h1>{name}</h1><p class="line">{line}</p>{stars}{tag}{stock}{staff}
<p>{about}</p>
<form method="post" action="/cart/add" class="buy"><input type="hidden" name="product" value="{id}"><input type="number" name="quantity" value="1" min="1" max="{most}" aria-label="Quantity" data-flag="max-cart-items"><button data-flag="buy-button">{buy}</button></form>
<ul class="promises"><li data-flag="delivery-promise">{promise}</li>{points}</ul>{alert}</div>
</article>{review}{companions}"#,
        id = product.id,
        name = Text(product.name),
        line = Text(product.line),
        about = Text(product.about),
        heart = home::heart(&visit),
        stars = stars(&visit, product),
        tag = home::price(&visit, &price),
        stock = home::stock(&visit, product),
        staff = staff(&visit, product, price.cents),
        most = decisions.number(&flags::MAX_CART_ITEMS).max(1.0),
        buy = Text(decisions.text(&flags::BUY_BUTTON)),
        promise = Text(decisions.text(&flags::DELIVERY_PROMISE)),
        points = points(&visit, price.cents),
        alert = alert(&visit),
        review = review(&visit, product),
        companions = companions(&visit, product),
    );
    frame::page(&visit, product.name, &main)
}

fn stars(visit: &Visit, product: &Product) -> String {
    when(visit.decisions.text(&flags::REVIEWS) != "hidden", || {
        let full = product.stars_tenths.div_euclid(10) as usize;
        format!(
            r#"<p class="stars" data-flag="reviews"><span aria-hidden="true">{}{}</span> {:.1} from {} reviews</p>"#,
            "★".repeat(full),
            "☆".repeat(5_usize.saturating_sub(full)),
            f64::from(product.stars_tenths) / 10.0,
            product.reviews,
        )
    })
}

fn review(visit: &Visit, product: &Product) -> String {
    when(visit.decisions.text(&flags::REVIEWS) == "full", || {
        format!(
            r#"<blockquote data-flag="reviews"><p>{}</p><footer>One of {} who wrote</footer></blockquote>"#,
            Text(product.review),
            product.reviews
        )
    })
}

fn staff(visit: &Visit, product: &Product, cents: f64) -> String {
    when(visit.decisions.bool(&flags::STAFF_TOOLS), || {
        let cost = f64::from(product.cost_cents);
        format!(
            r#"<p class="staff" data-flag="staff-tools">Staff: cost {}, margin {:.0}%, {} in stock, {} sold last month</p>"#,
            visit.pricing.show(cost),
            (1.0 - cost / cents.max(1.0)) * 100.0,
            product.stock,
            product.sold
        )
    })
}

fn points(visit: &Visit, cents: f64) -> String {
    let points = (visit.decisions.number(&flags::LOYALTY_RATE) * cents / 100.0).floor();
    when(points > 0.0, || {
        format!(r#"<li data-flag="loyalty-rate">{points} points for your account</li>"#)
    })
}

fn alert(visit: &Visit) -> String {
    when(visit.decisions.bool(&flags::PRICE_ALERTS), || {
        r#"<button type="button" class="quiet" data-flag="price-alerts">Tell me when it gets cheaper</button>"#.to_owned()
    })
}

fn companions(visit: &Visit, product: &Product) -> String {
    when(visit.decisions.bool(&flags::RECOMMENDATIONS_ENABLED), || {
        let cards: String = catalogue::companions(product)
            .map(|other| {
                format!(
                    r#"<article class="card"><a href="/product/{id}"><img src="/picture/{id}.svg" alt="" width="400" height="320"><div><h3>{name}</h3>{price}</div></a></article>"#,
                    id = other.id,
                    name = Text(other.name),
                    price = home::price(visit, &visit.pricing.price(other)),
                )
            })
            .collect();
        format!(
            r#"<section class="more" data-flag="recommendations-enabled"><h2>Goes well with</h2><div class="products">{cards}</div></section>"#
        )
    })
}
