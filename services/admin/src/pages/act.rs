//! Doing something through the service that owns it, in the staff member's name, and noting it in the audit log.

use auth_token::{CallError, InternalClient};
use http_kit::RequestId;
use primitives::AuditId;
use serde::Serialize;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::error::Result;
use crate::session::Session;
use crate::store;
use crate::store::audit::Entry;

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
}

pub(super) async fn act<Body: Serialize + Sync>(app: &AppState, session: &Session, act: Act<'_, Body>) -> Result<()> {
    let done = act.service.post::<_, Value>(&act.path, Some(&session.on_behalf_of()), act.key, &act.body).await;
    let outcome = match &done {
        Ok(_) => "done",
        Err(CallError::Problem { code, .. }) => code,
        Err(CallError::Unavailable(_)) => "unavailable",
    };
    let now = app.clock.now();
    let request_id = RequestId::current();
    let entry = Entry {
        id: AuditId::new(now, &app.random),
        at: now,
        actor_id: Some(session.user_id),
        actor_email: &session.email,
        action: act.action,
        target: &act.target,
        outcome,
        details: json!({ "request": act.body }),
        request_id: request_id.as_ref().map_or("", RequestId::as_str),
    };
    store::audit::insert(&mut *app.pool.acquire().await?, &entry).await?;
    done?;
    Ok(())
}
