use axum::extract::State;
use axum::response::Redirect;
use primitives::ReviewId;
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::Result;
use crate::input::{Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::pages::products::call;
use crate::session::Session;

#[derive(Deserialize)]
pub(super) struct Form {
    #[serde(default)]
    text: String,
    /// The query of the list that it was done in.
    #[serde(default)]
    back: String,
}

pub(super) async fn publish(
    State(app): State<AppState>,
    Path(id): Path<ReviewId>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Redirect> {
    let body = match form.text.trim() {
        "" => json!({}),
        reason => json!({ "reason": reason }),
    };
    let act = (id, "publish", Method::POST, body);
    moderate(&app, &session, act, &form.back).await
}

pub(super) async fn hide(
    State(app): State<AppState>,
    Path(id): Path<ReviewId>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Redirect> {
    let body = json!({ "reason": form.text.trim() });
    moderate(&app, &session, (id, "hide", Method::POST, body), &form.back).await
}

/// Without a text, the answer is taken away.
pub(super) async fn reply(
    State(app): State<AppState>,
    Path(id): Path<ReviewId>,
    StaffForm(session, form): StaffForm<Form>,
) -> Result<Redirect> {
    let text = form.text.trim();
    let act = if text.is_empty() {
        (id, "reply", Method::DELETE, Value::Null)
    } else {
        (id, "reply", Method::PUT, json!({ "body": text }))
    };
    moderate(&app, &session, act, &form.back).await
}

async fn moderate(
    app: &AppState,
    session: &Session,
    (id, word, method, body): (ReviewId, &str, Method, Value),
    back: &str,
) -> Result<Redirect> {
    let path = format!("/internal/api/reviews/{id}/{word}");
    let kept = back
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("done="));
    let query: Vec<&str> = kept.collect();
    let page = format!("/admin/reviews?{}", query.join("&"));
    // In the service's words, an answer that is taken away is another act than one that is given.
    let verb = match method {
        Method::DELETE => "delete_reply",
        _ => word,
    };
    let mut request = call(app, session, method, &path)?;
    if !body.is_null() {
        request = request.json(&body);
    }
    let act = Change {
        action: &format!("review.{verb}"),
        target: format!("review:{id}"),
        details: json!({ "request": body }),
        call: request,
        page: &page,
    };
    change::<Value>(app, session, act).await?;
    let and = if page.ends_with('?') { "" } else { "&" };
    Ok(Redirect::to(&format!("{page}{and}done=review_{word}")))
}
