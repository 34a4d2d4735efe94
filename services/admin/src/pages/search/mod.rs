//! One box for everything.

use askama::Template;
use auth_token::permissions::{ReadCatalogue, ReadOrders, ReadUsers};
use axum::Router;
use axum::extract::State;
use axum::response::{Html, Redirect};
use axum::routing::get;
use serde::Deserialize;

use super::shell::{Shell, link};
use crate::app::AppState;
use crate::domain::query::Query as Wanted;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::read::orders::OrderRow;
use crate::read::search::{self, CouponHit, Hits, PersonHit, ProductHit};
use crate::read::snapshot;
use crate::session::Session;

const SEARCH: &str = "/admin/search";

pub(super) fn routes() -> Router<AppState> {
    Router::new().route(SEARCH, get(page))
}

#[derive(Template)]
#[template(path = "search/page.html")]
struct Page {
    shell: Shell,
    q: String,
    media: String,
    orders: Hits<OrderRow>,
    products: Hits<ProductHit>,
    people: Hits<PersonHit>,
    coupons: Hits<CouponHit>,
}

impl Page {
    fn is_empty(&self) -> bool {
        let (orders, products) = (&self.orders, &self.products);
        orders.is_empty()
            && products.is_empty()
            && self.people.is_empty()
            && self.coupons.is_empty()
    }

    /// The list of a kind, narrowed to the same text.
    fn all_orders(&self) -> String {
        link("/admin/orders", &[("q", &self.q)])
    }

    fn all_products(&self) -> String {
        link("/admin/products", &[("q", &self.q)])
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Params {
    q: String,
}

/// Where somebody goes who meant one thing, or all that they may have meant.
async fn page(
    State(app): State<AppState>,
    session: Session,
    Query(params): Query<Params>,
) -> Result<std::result::Result<Redirect, Html<String>>> {
    let wanted = Wanted::read(&params.q);
    // What somebody may not read is not looked for.
    let orders = async {
        if !session.may::<ReadOrders>() || wanted.text.is_empty() {
            return Ok((Hits::default(), Hits::default()));
        }
        let mut db = snapshot(&app.order_db).await?;
        let coupons = search::coupons(&mut db, &wanted).await?;
        sqlx::Result::Ok((search::orders(&mut db, &wanted).await?, coupons))
    };
    let products = async {
        if !session.may::<ReadCatalogue>() || wanted.text.is_empty() {
            return Ok(Hits::default());
        }
        search::products(&mut *snapshot(&app.product_db).await?, &wanted).await
    };
    let people = async {
        if !session.may::<ReadUsers>() || wanted.text.is_empty() {
            return Ok(Hits::default());
        }
        search::people(&mut *snapshot(&app.auth_db).await?, &wanted).await
    };
    let ((orders, coupons), products, people) = tokio::try_join!(orders, products, people)?;
    let page = Page {
        shell: Shell::new(&session, SEARCH, None),
        q: wanted.text,
        media: app.media.clone(),
        orders,
        products,
        people,
        coupons,
    };
    Ok(match page.only() {
        Some(path) => Ok(Redirect::to(&path)),
        None => Err(Html(page.render()?)),
    })
}

impl Page {
    /// The page of the one thing that is meant exactly, if there is just one.
    fn only(&self) -> Option<String> {
        let exact = [
            self.orders.exact,
            self.products.exact,
            self.people.exact,
            self.coupons.exact,
        ];
        if exact.iter().sum::<usize>() != 1 {
            return None;
        }
        // Those that are meant exactly come first.
        let order = self.orders.rows.first().filter(|_| exact[0] == 1);
        let product = self.products.rows.first().filter(|_| exact[1] == 1);
        let person = self.people.rows.first().filter(|_| exact[2] == 1);
        let coupon = self.coupons.rows.first().filter(|_| exact[3] == 1);
        order
            .map(|order| format!("/admin/orders/{}", order.id))
            .or_else(|| product.map(|product| format!("/admin/products/{}", product.id)))
            .or_else(|| person.map(|person| format!("/admin/customers/{}", person.id)))
            .or_else(|| coupon.map(|coupon| format!("/admin/coupons/{}", coupon.id)))
    }
}
