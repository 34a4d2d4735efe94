//! A stock-take: a CSV file of what was counted, passed on, and what became of its rows.

use askama::Template;
use auth_token::permissions::ManageCatalogue;
use axum::extract::{Request, State};
use axum::response::Html;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::page::HERE;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::pages::act::{Change, change};
use crate::pages::products::call;
use crate::pages::shell::Shell;
use crate::pages::upload::{Upload, is_chosen, pass, text};
use crate::session::May;

#[derive(Template)]
#[template(path = "inventory/count.html")]
struct Page {
    shell: Shell,
    report: Report,
}

/// As product says it.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Report {
    dry_run: bool,
    rows: u64,
    changed: u64,
    unchanged: u64,
    refused: u64,
    units: i64,
    errors: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    row: u64,
    sku: String,
    message: String,
}

pub(super) async fn send(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    request: Request,
) -> Result<Html<String>> {
    let mut upload = Upload::begin(&session, request).await?;
    let (mut pairs, mut key): (Vec<(String, String)>, _) = (Vec::new(), None);
    while let Some(field) = upload.next().await? {
        let name = field.name().unwrap_or_default().to_owned();
        if is_chosen(&field) {
            let query = serde_html_form::to_string(&pairs).unwrap_or_default();
            let path = format!("/internal/api/inventory/stock-takes?{query}");
            let pass_on = async |body: reqwest::Body| {
                let post = Change {
                    action: "stock.count",
                    target: "stock_take".to_owned(),
                    details: json!({ "as": pairs }),
                    call: call(&app, &session, Method::POST, &path)?
                        .key(key.as_deref())
                        .body("text/csv", body),
                    page: HERE,
                };
                change::<Report>(&app, &session, post).await
            };
            let (report, _) = pass(field, pass_on).await?;
            let page = Page {
                shell: Shell::new(&session, HERE, None),
                report,
            };
            return Ok(Html(page.render()?));
        }
        let value = text(field).await?;
        match name.as_str() {
            "key" => key = Some(value),
            "dry_run" | "reason" if !value.is_empty() => pairs.push((name, value)),
            _ => {}
        }
    }
    Err(PageError::invalid("Choose a file first.").back_to(HERE))
}
