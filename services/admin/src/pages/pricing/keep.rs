//! Writing down what prices are made of: four kinds of rows, one way to make, change and delete them through order.

use auth_token::CallError;
use axum::http::StatusCode;
use reqwest::Method;
use serde_json::{Value, json};

use super::kind::Kind;
use super::sheet::Sheet;
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::pages::act::{Change, attempt, change};
use crate::session::Session;

/// A row that is changed, with the version that the form shows.
pub(super) struct Known<'a> {
    pub(super) id: &'a str,
    pub(super) version: i32,
}

/// Makes or changes a row. Nothing if it is refused: the sheet says why.
pub(super) async fn save(
    app: &AppState,
    session: &Session,
    kind: Kind,
    known: Option<Known<'_>>,
    body: &Value,
    sheet: &mut Sheet,
) -> Result<Option<Value>> {
    if !sheet.wrong.is_empty() {
        return Ok(None);
    }
    let behalf = session.on_behalf_of();
    let (method, path, target, verb) = match &known {
        Some(known) => {
            let path = format!("{}/{}", kind.api(), known.id);
            let target = format!("{}:{}", kind.name(), known.id);
            (Method::PUT, path, target, "update")
        }
        None => (
            Method::POST,
            kind.api().to_owned(),
            kind.name().to_owned(),
            "create",
        ),
    };
    let call = app.order.call(method, &path, Some(&behalf))?;
    let action = format!("{}.{verb}", kind.name());
    let write = Change {
        action: &action,
        target,
        details: json!({ "request": body }),
        call: call
            .key(sheet.text("key").filter(|_| known.is_none()))
            .version(known.map(|known| known.version))
            .json(body),
        page: kind.page(),
    };
    match attempt::<Value>(app, session, write).await? {
        Ok((row, _)) => Ok(Some(row)),
        Err(CallError::Problem { status, body, .. })
            if status == StatusCode::UNPROCESSABLE_ENTITY =>
        {
            sheet.refused(&body);
            Ok(None)
        }
        Err(CallError::Problem { code, body, .. }) if code.ends_with("_taken") => {
            sheet.refuse(kind.unique(), body["detail"].as_str().unwrap_or("is taken"));
            Ok(None)
        }
        Err(error) => Err(PageError::from(error).back_to(kind.page())),
    }
}

/// Deletes a row, if it is still as the page showed it.
pub(super) async fn remove(
    app: &AppState,
    session: &Session,
    kind: Kind,
    known: Known<'_>,
) -> Result<()> {
    let path = format!("{}/{}", kind.api(), known.id);
    let behalf = session.on_behalf_of();
    let call = app.order.call(Method::DELETE, &path, Some(&behalf))?;
    let action = format!("{}.delete", kind.name());
    let delete = Change {
        action: &action,
        target: format!("{}:{}", kind.name(), known.id),
        details: json!({}),
        call: call.version(Some(known.version)),
        page: kind.page(),
    };
    change::<Value>(app, session, delete).await.map(drop)
}
