//! When a service wants a fresh proof of who this is, the panel asks for it and then does what the form wanted: the page that
//! asks carries the form's fields, and sends them again with the proof to where they were going.

use askama::Template;
use auth_token::CallError;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse as _, Response};
use contracts::internal::users::{StaffFactors, StaffProof};

use crate::app::AppState;
use crate::error::{PageError, Result, Stale};
use crate::format::filters;
use crate::pages::act::note;
use crate::pages::shell::Shell;
use crate::session::Session;

/// The fields of the proof; no form of ours has fields of these names.
const PASSWORD: &str = "proof_password";
const CODE: &str = "proof_code";

/// More than any form of ours.
const LONGEST: usize = 64 * 1024;

#[derive(Template)]
#[template(path = "access/step_up.html")]
struct Page<'a> {
    shell: Shell,
    error: Option<&'static str>,
    action: &'a str,
    fields: &'a [(String, String)],
    with_code: bool,
}

/// Surrounds every form.
pub(in crate::pages) async fn layer(
    State(app): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST || is_upload(&request) {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LONGEST).await else {
        return PageError::invalid("The form is too long.").into_response();
    };
    around(&app, parts, body, next)
        .await
        .unwrap_or_else(|response| response)
}

/// Files are not kept to be sent again; no upload of ours asks for a fresh proof.
fn is_upload(request: &Request) -> bool {
    let kind = request.headers().get(CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"multipart/"))
}

async fn around(
    app: &AppState,
    mut parts: Parts,
    body: Bytes,
    next: Next,
) -> std::result::Result<Response, Response> {
    let mut fields: Vec<(String, String)> = serde_html_form::from_bytes(&body).unwrap_or_default();
    let (password, code) = (take(&mut fields, PASSWORD), take(&mut fields, CODE));
    let body = if password.is_some() || code.is_some() {
        let session = Session::from_request_parts(&mut parts, app).await?;
        let csrf = fields.iter().find(|(name, _)| name == "csrf");
        session
            .check_csrf(csrf.map_or("", |(_, token)| token))
            .map_err(|error| error.into_response())?;
        if let Some(error) = prove(app, &session, password, code)
            .await
            .map_err(|error| error.into_response())?
        {
            return ask(app, &session, &parts, &fields, Some(error))
                .await
                .map_err(|error| error.into_response());
        }
        serde_html_form::to_string(&fields)
            .unwrap_or_default()
            .into()
    } else {
        body
    };
    let request = Request::from_parts(parts.clone(), Body::from(body));
    let response = next.run(request).await;
    if response.extensions().get::<Stale>().is_none() {
        return Ok(response);
    }
    let session = Session::from_request_parts(&mut parts, app).await?;
    ask(app, &session, &parts, &fields, None)
        .await
        .map_err(|error| error.into_response())
}

/// Takes a field out of a form.
fn take(fields: &mut Vec<(String, String)>, name: &str) -> Option<String> {
    let index = fields.iter().position(|(field, _)| field == name)?;
    Some(fields.remove(index).1)
}

/// Makes the session fresh; what is wrong with the proof, if something is.
async fn prove(
    app: &AppState,
    session: &Session,
    password: Option<String>,
    code: Option<String>,
) -> Result<Option<&'static str>> {
    let proof = StaffProof {
        session_id: session.id,
        password,
        code,
    };
    let path = "/internal/staff/reauthenticate";
    let obo = session.on_behalf_of();
    let done = app.auth.post::<_, ()>(path, Some(&obo), None, &proof).await;
    note(app, session.actor(), "reauthenticate", &done).await?;
    match done {
        Ok(()) => Ok(None),
        Err(CallError::Problem { code, .. }) if code == "invalid_credentials" => {
            Ok(Some("That is wrong, or was used before."))
        }
        Err(CallError::Problem { code, .. }) if code == "code_required" => {
            Ok(Some("You have a second factor now: use it."))
        }
        Err(error) => Err(error.into()),
    }
}

/// The page that asks for the proof.
async fn ask(
    app: &AppState,
    session: &Session,
    parts: &Parts,
    fields: &[(String, String)],
    error: Option<&'static str>,
) -> Result<Response> {
    let path = "/internal/staff/factors";
    let factors: StaffFactors = app.auth.get(path, Some(&session.on_behalf_of())).await?;
    let page = Page {
        shell: Shell::new(session, "", None),
        error,
        action: parts.uri.path_and_query().map_or("", |to| to.as_str()),
        fields,
        with_code: factors.totp || factors.passkeys,
    };
    Ok((StatusCode::UNAUTHORIZED, Html(page.render()?)).into_response())
}
