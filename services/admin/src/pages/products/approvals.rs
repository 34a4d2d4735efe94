//! The queue of products that wait for staff, each with what is different since the last decision.

use std::collections::HashMap;

use askama::Template;
use auth_token::permissions::{ApproveProducts, ReadCatalogue};
use axum::extract::State;
use axum::response::{Html, Redirect};
use http_kit::Cursor;
use primitives::{ProductId, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::diff::{self, Line};
use super::draft::{api, call};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::shell::{Shell, link};
use crate::read::products::approvals::{self, Submitted};
use crate::read::{snapshot, users};
use crate::session::May;

/// Each may be long.
const PAGE: usize = 10;
const QUEUE: &str = "/admin/products/approvals";

#[derive(Template)]
#[template(path = "products/approvals.html")]
struct Page {
    shell: Shell,
    waiting: Vec<Waiting>,
    sellers: HashMap<Uuid, String>,
    can_decide: bool,
    next: Option<String>,
}

struct Waiting {
    product: Submitted,
    lines: Vec<Line>,
}

impl Page {
    fn seller(&self, waiting: &Waiting) -> &str {
        self.sellers
            .get(&waiting.product.seller_id.uuid())
            .map_or("unknown", String::as_str)
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Params {
    cursor: Option<Cursor>,
    done: Option<String>,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let broken = |_| PageError::invalid("The link to this page of the list is broken.");
    let after = params
        .cursor
        .map(|cursor| cursor.decode::<(Timestamp, ProductId)>())
        .transpose()
        .map_err(broken)?;
    let mut db = snapshot(&app.product_db).await?;
    let mut found = approvals::page(&mut db, after, PAGE as i64 + 1).await?;
    drop(db);
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let next = found.last().filter(|_| more).and_then(|last| {
        let cursor = Cursor::encode(&(last.updated_at, last.id)).ok()?;
        Some(link(QUEUE, &[("cursor", cursor.as_str())]))
    });
    let ids: Vec<Uuid> = found
        .iter()
        .map(|product| product.seller_id.uuid())
        .collect();
    let sellers = users::names(&mut *app.auth_db.acquire().await?, &ids).await?;
    let waiting = found
        .into_iter()
        .map(|product| Waiting {
            lines: diff::between(product.before.as_ref(), &product.content),
            product,
        })
        .collect();
    let page = Page {
        shell: Shell::new(&session, QUEUE, params.done.as_deref()),
        waiting,
        sellers,
        can_decide: session.may::<ApproveProducts>(),
        next,
    };
    Ok(Html(page.render()?))
}

#[derive(Deserialize)]
pub(super) struct Approve {
    /// What was looked at; nothing is approved that has changed since.
    version: Option<i32>,
}

pub(super) async fn approve(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    StaffForm(session, form): StaffForm<Approve>,
) -> Result<Redirect> {
    let decision = ("approve", id, form.version, json!({}));
    decide(&app, &session, decision).await
}

#[derive(Deserialize)]
pub(super) struct Reject {
    version: Option<i32>,
    reason: String,
}

pub(super) async fn reject(
    State(app): State<AppState>,
    Path(id): Path<ProductId>,
    StaffForm(session, form): StaffForm<Reject>,
) -> Result<Redirect> {
    let body = json!({ "reason": form.reason.trim() });
    decide(&app, &session, ("reject", id, form.version, body)).await
}

async fn decide(
    app: &AppState,
    session: &crate::session::Session,
    (word, id, version, body): (&str, ProductId, Option<i32>, Value),
) -> Result<Redirect> {
    let path = api(id, &format!("/{word}"));
    let call = call(app, session, Method::POST, &path)?
        .version(version)
        .json(&body);
    let decision = Change {
        action: &format!("product.{word}"),
        target: format!("product:{id}"),
        details: json!({ "request": body }),
        call,
        page: QUEUE,
    };
    change::<Value>(app, session, decision).await?;
    Ok(Redirect::to(&format!("{QUEUE}?done={word}")))
}
