//! What is done with an account: its role, whether it is open, its sessions, and the links that its owner needs.

use auth_token::Role;
use axum::extract::State;
use axum::response::Redirect;
use primitives::{SessionId, UserId};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{back, path};
use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{Nothing, Path, StaffForm};
use crate::pages::act::{Change, change};
use crate::session::Session;

/// One call to auth about somebody.
pub(super) struct Call<'a> {
    pub(super) action: &'a str,
    pub(super) method: Method,
    /// Behind `/internal/api/users/<id>`.
    pub(super) to: String,
    /// The version that the form was made from.
    pub(super) version: Option<i32>,
    pub(super) body: Value,
}

pub(super) async fn call(
    app: &AppState,
    session: &Session,
    id: UserId,
    call: Call<'_>,
) -> Result<()> {
    let to = format!("/internal/api/users/{id}{}", call.to);
    let request = app
        .auth
        .call(call.method, &to, Some(&session.on_behalf_of()))?
        .version(call.version);
    let asked = Change {
        action: call.action,
        target: format!("user:{id}"),
        details: json!({ "request": call.body }),
        call: if call.body.is_null() {
            request
        } else {
            request.json(&call.body)
        },
        page: &path(id),
    };
    change::<Value>(app, session, asked).await.map(drop)
}

#[derive(Deserialize)]
pub(super) struct NewRole {
    version: i32,
    role: Role,
    #[serde(default)]
    reason: String,
}

pub(super) async fn role(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, form): StaffForm<NewRole>,
) -> Result<Redirect> {
    let mut body = json!({ "role": form.role });
    if let Some(reason) = given(&form.reason) {
        body["reason"] = json!(reason);
    }
    let asked = Call {
        action: "user.change_role",
        method: Method::PATCH,
        to: String::new(),
        version: Some(form.version),
        body,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "role"))
}

#[derive(Deserialize)]
pub(super) struct Shut {
    version: i32,
    #[serde(default)]
    reason: String,
}

pub(super) async fn disable(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, form): StaffForm<Shut>,
) -> Result<Redirect> {
    let reason = given(&form.reason).ok_or_else(|| {
        PageError::invalid("Say why: others read it when they ask.").back_to(&path(id))
    })?;
    let asked = Call {
        action: "user.disable",
        method: Method::PATCH,
        to: String::new(),
        version: Some(form.version),
        body: json!({ "disabled": true, "reason": reason }),
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "disabled"))
}

pub(super) async fn enable(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, form): StaffForm<Shut>,
) -> Result<Redirect> {
    let mut body = json!({ "disabled": false });
    if let Some(reason) = given(&form.reason) {
        body["reason"] = json!(reason);
    }
    let asked = Call {
        action: "user.enable",
        method: Method::PATCH,
        to: String::new(),
        version: Some(form.version),
        body,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "enabled"))
}

#[derive(Deserialize)]
pub(super) struct Link {
    /// As auth calls it.
    link: String,
}

pub(super) async fn link(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, form): StaffForm<Link>,
) -> Result<Redirect> {
    let asked = Call {
        action: "user.send_link",
        method: Method::POST,
        to: "/links".to_owned(),
        version: None,
        body: json!({ "link": form.link }),
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "link_sent"))
}

pub(super) async fn reset_mfa(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    let asked = Call {
        action: "user.reset_second_factor",
        method: Method::DELETE,
        to: "/mfa".to_owned(),
        version: None,
        body: Value::Null,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "mfa_reset"))
}

pub(super) async fn end_sessions(
    State(app): State<AppState>,
    Path(id): Path<UserId>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    let asked = Call {
        action: "user.end_sessions",
        method: Method::DELETE,
        to: "/sessions".to_owned(),
        version: None,
        body: Value::Null,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "sessions_ended"))
}

pub(super) async fn end_session(
    State(app): State<AppState>,
    Path((id, one)): Path<(UserId, SessionId)>,
    StaffForm(session, Nothing {}): StaffForm<Nothing>,
) -> Result<Redirect> {
    let asked = Call {
        action: "user.end_session",
        method: Method::DELETE,
        to: format!("/sessions/{one}"),
        version: None,
        body: Value::Null,
    };
    call(&app, &session, id, asked).await?;
    Ok(back(id, "session_ended"))
}

fn given(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|text| !text.is_empty())
}
