//! Sending a file on, and stopping what was begun.

use auth_token::permissions::ManageCatalogue;
use axum::extract::{Request, State};
use axum::response::Redirect;
use primitives::ImportId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::products::call;
use crate::pages::upload::{Upload, is_chosen, pass, text};
use crate::session::{May, Session};

const LIST: &str = "/admin/imports";

#[derive(Deserialize)]
struct Accepted {
    id: ImportId,
}

pub(super) async fn begin(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    request: Request,
) -> Result<Redirect> {
    let path = "/internal/api/products/import";
    let act = ("product.import", "import");
    send(&app, &session, act, (path, LIST), request).await
}

/// The bad rows again, mended.
pub(super) async fn retry(
    State(app): State<AppState>,
    session: May<ManageCatalogue>,
    Path(id): Path<ImportId>,
    request: Request,
) -> Result<Redirect> {
    let path = format!("/internal/api/products/imports/{id}/retry");
    let page = format!("{LIST}/{id}");
    let target = format!("import:{id}");
    let act = ("product.import_retry", target.as_str());
    send(&app, &session, act, (&path, &page), request).await
}

/// The fields of the form come before the file, so that it can be passed on as it comes.
async fn send(
    app: &AppState,
    session: &Session,
    (action, target): (&str, &str),
    (path, page): (&str, &str),
    request: Request,
) -> Result<Redirect> {
    let mut upload = Upload::begin(session, request).await?;
    let (mut pairs, mut key): (Vec<(String, String)>, _) = (Vec::new(), None);
    while let Some(field) = upload.next().await? {
        let name = field.name().unwrap_or_default().to_owned();
        if is_chosen(&field) {
            let file = field.file_name().unwrap_or_default().to_owned();
            let query = serde_html_form::to_string(&pairs).unwrap_or_default();
            let path = format!("{path}?{query}");
            let pass_on = async |body: reqwest::Body| {
                let post = Change {
                    action,
                    target: target.to_owned(),
                    details: json!({ "file": file, "as": pairs }),
                    call: call(app, session, Method::POST, path.trim_end_matches('?'))?
                        .key(key.as_deref())
                        .body("text/csv", body),
                    page,
                };
                change::<Accepted>(app, session, post).await
            };
            let (accepted, _) = pass(field, pass_on).await?;
            return Ok(Redirect::to(&format!("{LIST}/{}?done=import", accepted.id)));
        }
        let value = text(field).await?;
        match name.as_str() {
            "key" => key = Some(value),
            "format" | "dry_run" if !value.is_empty() => pairs.push((name, value)),
            _ => {}
        }
    }
    Err(PageError::invalid("Choose a file first.").back_to(page))
}

#[derive(Deserialize)]
pub(super) struct Cancel {}

pub(super) async fn cancel(
    State(app): State<AppState>,
    Path(id): Path<ImportId>,
    StaffForm(session, Cancel {}): StaffForm<Cancel>,
) -> Result<Redirect> {
    let (path, page) = (
        format!("/internal/api/products/imports/{id}/cancel"),
        format!("{LIST}/{id}"),
    );
    let post = Change {
        action: "product.import_cancel",
        target: format!("import:{id}"),
        details: json!({}),
        call: call(&app, &session, Method::POST, &path)?,
        page: &page,
    };
    change::<Value>(&app, &session, post).await?;
    Ok(Redirect::to(&format!("{page}?done=import_cancelled")))
}
