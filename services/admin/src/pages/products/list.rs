//! All products, and what there is of each.

use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::{ManageCatalogue, ReadCatalogue};
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Html;
use primitives::{CategoryId, ProductId, UserId};
use serde::Deserialize;
use uuid::Uuid;

use super::quick::{self, Offer};
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::{Query, chosen};
use crate::pages::shell::{Choice, Shell, choices, link};
use crate::pages::views::Views;
use crate::read::categories::{self, CategoryName};
use crate::read::products::list::{self, Filter, ProductRow, Stock};
use crate::read::products::to_approve;
use crate::read::{snapshot, users};
use crate::session::May;

const PAGE: usize = 50;
/// Categories to filter by: those further down are found in these.
const DEPTH: i64 = 2;
const HERE: &str = "/admin/products";

#[derive(Template)]
#[template(path = "products/list.html")]
struct Page {
    shell: Shell,
    views: Views,
    params: Params,
    categories: Vec<CategoryName>,
    names: HashMap<Uuid, String>,
    products: Vec<ProductRow>,
    to_approve: i64,
    can_edit: bool,
    undo: Option<Offer>,
    key: String,
    next: Option<String>,
    media: String,
}

impl Page {
    fn statuses(&self) -> Vec<Choice> {
        choices(
            &["draft", "pending_review", "active", "rejected", "archived"],
            &self.params.status,
        )
    }

    fn seller(&self, product: &ProductRow) -> &str {
        self.names
            .get(&product.seller_id.uuid())
            .map_or("", String::as_str)
    }

    fn is_filtered(&self) -> bool {
        let params = &self.params;
        [
            &params.q,
            &params.status,
            &params.category,
            &params.seller,
            &params.stock,
        ]
        .iter()
        .any(|value| !value.is_empty())
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    q: String,
    status: String,
    category: String,
    seller: String,
    /// `low` or `out`.
    stock: String,
    after: Option<ProductId>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    RawQuery(query): RawQuery,
    Query(params): Query<Params>,
    headers: HeaderMap,
) -> Result<Html<String>> {
    let filter = Filter {
        q: params.q.trim(),
        status: &params.status,
        category: chosen::<CategoryId>(&params.category),
        seller: chosen::<UserId>(&params.seller),
        stock: match params.stock.as_str() {
            "low" => Stock::Low,
            "out" => Stock::Out,
            _ => Stock::Any,
        },
        after: params.after,
    };
    let mut db = snapshot(&app.product_db).await?;
    let mut products = list::page(&mut db, &filter, app.clock.now(), PAGE as i64 + 1).await?;
    let categories = categories::names(&mut db, DEPTH).await?;
    let to_approve = to_approve(&mut db).await?;
    drop(db);
    let more = products.len() > PAGE;
    products.truncate(PAGE);
    let at = |after: &str| {
        let pairs = [
            ("q", params.q.trim()),
            ("status", params.status.as_str()),
            ("category", params.category.as_str()),
            ("seller", params.seller.as_str()),
            ("stock", params.stock.as_str()),
            ("after", after),
        ];
        link(HERE, &pairs)
    };
    let next = products
        .last()
        .filter(|_| more)
        .map(|last| at(&last.id.to_string()));
    let ids: Vec<Uuid> = products
        .iter()
        .map(|product| product.seller_id.uuid())
        .collect();
    let names = users::names(&mut *app.auth_db.acquire().await?, &ids).await?;
    let views = Views::of(&app, &session, HERE, query.as_deref()).await?;
    let undo = quick::offered(&headers, params.done.as_deref());
    // What can be taken back is said with the way to do so.
    let done = params.done.as_deref().filter(|_| undo.is_none());
    let page = Page {
        shell: Shell::new(&session, HERE, done),
        views,
        categories,
        names,
        products,
        to_approve,
        can_edit: session.may::<ManageCatalogue>(),
        undo,
        key: app.sessions.new_token(),
        next,
        media: app.media.clone(),
        params,
    };
    Ok(Html(page.render()?))
}
