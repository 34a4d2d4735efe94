//! Doing something through the service that owns it, in the staff member's name, and noting it in the audit log: before, so
//! that nothing is done without a trace, and after, with what came of it.

use auth_token::{Call, CallError, InternalClient};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::session::Session;
use crate::store::audit::{ASKED, Actor, DONE};
use crate::workflows::audit::{self, entry};

/// What to do: the call, and how the audit log names it.
pub(super) struct Act<'a, Body> {
    /// Such as `order.cancel`.
    pub(super) action: &'a str,
    /// Such as `order:<id>`.
    pub(super) target: String,
    pub(super) service: &'a InternalClient,
    pub(super) path: String,
    /// The form's key: sent twice, it acts once.
    pub(super) key: Option<&'a str>,
    pub(super) body: Body,
    /// The page that the form stands on.
    pub(super) page: &'a str,
}

pub(super) async fn act<Body: Serialize + Sync>(
    app: &AppState,
    session: &Session,
    act: Act<'_, Body>,
) -> Result<()> {
    let behalf = session.on_behalf_of();
    let call = act.service.call(Method::POST, &act.path, Some(&behalf))?;
    let post = Change {
        action: act.action,
        target: act.target,
        details: json!({ "request": act.body }),
        call: call.key(act.key).json(&act.body),
        page: act.page,
    };
    change::<Value>(app, session, post).await.map(drop)
}

/// What to do, where it is not a plain `POST` of JSON: a call of any method and body, ready to be sent.
pub(super) struct Change<'a> {
    /// Such as `product.update`.
    pub(super) action: &'a str,
    /// Such as `product:<id>`.
    pub(super) target: String,
    /// For the audit log.
    pub(super) details: Value,
    pub(super) call: Call<'a>,
    /// The page that the form stands on.
    pub(super) page: &'a str,
}

/// Does it; answers what the service said, and the version that the row has now.
pub(super) async fn change<T: DeserializeOwned>(
    app: &AppState,
    session: &Session,
    change: Change<'_>,
) -> Result<(T, Option<i32>)> {
    let page = change.page;
    attempt(app, session, change)
        .await?
        .map_err(|error| PageError::from(error).back_to(page))
}

/// The same, for who can say more of a refusal than its words.
pub(super) async fn attempt<T: DeserializeOwned>(
    app: &AppState,
    session: &Session,
    change: Change<'_>,
) -> Result<std::result::Result<(T, Option<i32>), CallError>> {
    let Change {
        action,
        target,
        details,
        call,
        page: _,
    } = change;
    let asked = entry(app, session.actor(), action, &target, ASKED, details);
    audit::write(app, &asked).await?;
    let done = call.answer_with_version().await;
    let outcome = outcome_of(&done);
    let came = entry(app, asked.actor, action, &target, outcome, asked.details);
    audit::write_outcome(app, &came).await;
    Ok(done)
}

/// Notes a try to sign in, or to change how: what was typed is not in it, for it may be a password or a code.
pub(super) async fn note<T>(
    app: &AppState,
    actor: Actor<'_>,
    action: &str,
    done: &std::result::Result<T, CallError>,
) -> Result<()> {
    let tried = entry(app, actor, action, "admin", outcome_of(done), json!({}));
    Ok(audit::write(app, &tried).await?)
}

/// The word in the audit log.
pub(super) fn outcome_of<T>(done: &std::result::Result<T, CallError>) -> &str {
    match done {
        Ok(_) => DONE,
        Err(CallError::Problem { code, .. }) => code,
        Err(CallError::Limited { .. }) => "rate_limited",
        Err(CallError::Unavailable(_)) => "unavailable",
    }
}
