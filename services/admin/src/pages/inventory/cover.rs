//! What will soon be sold out if it sells as in the last 30 days, the first to be so first: what to order.

use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::ReadCatalogue;
use axum::extract::State;
use axum::response::Html;
use primitives::{ProductId, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::page::HERE;
use crate::app::AppState;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::pages::shell::Shell;
use crate::read;
use crate::read::products::list::{DAYS, days_of_cover};
use crate::read::stock::{SOON, Short};
use crate::session::May;
use crate::store;

const PAGE: usize = 50;

#[derive(Template)]
#[template(path = "inventory/cover.html")]
struct Page {
    shell: Shell,
    rows: Vec<Row>,
    next: Option<i32>,
    as_of: Option<Timestamp>,
}

/// A variant as it is now: how much it sells was counted some minutes ago.
struct Row {
    product_id: ProductId,
    title: String,
    sku: String,
    available: i64,
    held: i64,
    sold: i64,
    days: i64,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    after: i32,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let mut db = read::snapshot(&app.pool).await?;
    let mut found = store::home::running_out(&mut db, params.after, PAGE as i64 + 1).await?;
    let as_of = store::analytics::state(&mut db).await?.stock_as_of;
    drop(db);
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let ids: Vec<Uuid> = found.iter().map(|row| row.variant_id).collect();
    let now = read::stock::short(&mut *app.product_db.acquire().await?, &ids).await?;
    let mut now: HashMap<Uuid, Short> = now.into_iter().map(|row| (row.variant_id, row)).collect();
    let next = found.last().filter(|_| more).map(|last| last.place);
    let rows = found.iter().filter_map(|row| {
        let short = now.remove(&row.variant_id)?;
        Some(Row {
            product_id: short.product_id,
            title: short.title,
            sku: short.sku,
            available: short.available,
            held: short.held,
            sold: row.sold,
            days: days_of_cover(short.available, row.sold)?,
        })
    });
    let page = Page {
        shell: Shell::new(&session, HERE, None),
        rows: rows.collect(),
        next,
        as_of,
    };
    Ok(Html(page.render()?))
}
