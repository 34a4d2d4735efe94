//! Doing something through the service that owns it, in the staff member's name, and noting it in the audit log: before, so
//! that nothing is done without a trace, and after, with what came of it.

use auth_token::{Call, CallError, InternalClient};
use http_kit::RequestId;
use primitives::{AuditId, UserId};
use reqwest::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::session::Session;
use crate::store;
use crate::store::audit::{ASKED, DONE, Entry};

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
    let now = app.clock.now();
    let request_id = RequestId::current();
    let asked = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: Some(session.user_id),
        actor_email: session.email.as_str(),
        action: change.action,
        target: &change.target,
        outcome: ASKED,
        details: change.details,
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut *app.pool.acquire().await?, &asked).await?;

    let done = change.call.answer_with_version().await;
    let now = app.clock.now();
    let outcome = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        outcome: outcome_of(&done),
        ..asked
    };
    let noted = async { store::audit::insert(&mut *app.pool.acquire().await?, &outcome).await };
    if let Err(error) = noted.await {
        // It was done or refused all the same, and that it was asked for is in the log.
        tracing::error!(%error, action = outcome.action, target = outcome.target, outcome = outcome.outcome, "an outcome is not in the audit log");
    }
    Ok(done)
}

/// Notes a try to sign in, or to change how: what was typed is not in it, for it may be a password or a code.
pub(super) async fn note<T>(
    app: &AppState,
    actor: (Option<UserId>, &str),
    action: &str,
    done: &std::result::Result<T, CallError>,
) -> Result<()> {
    let now = app.clock.now();
    let request_id = RequestId::current();
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: actor.0,
        actor_email: actor.1,
        action,
        target: "admin",
        outcome: outcome_of(done),
        details: json!({}),
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut *app.pool.acquire().await?, &entry).await?;
    Ok(())
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
