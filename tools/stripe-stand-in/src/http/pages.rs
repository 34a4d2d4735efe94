//! The pages that a buyer's browser sees: Checkout, and the bank's question of 3-D Secure. Plain HTML without scripts.

use std::fmt::Write as _;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::cards::{CARDS, Fate};
use crate::error::ApiError;
use crate::webhooks::Sender;

type Shared = State<(App, Sender)>;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>{title}</title><style>body{{font:16px/1.5 system-ui;max-width:32rem;margin:3rem auto;padding:0 1rem}}\
         button{{display:block;width:100%;margin:.4rem 0;padding:.6rem;font:inherit}}td{{padding-right:2rem}}</style>\
         <h1>{title}</h1><p>This is the stand-in for Stripe: no money moves.</p>{body}</html>"
    ))
}

fn amount(minor: i64, currency: &str) -> String {
    format!(
        "{}.{:02} {}",
        minor / 100,
        minor % 100,
        escape(&currency.to_uppercase())
    )
}

/// The hosted page: what is bought, and a button for each test card.
pub(super) async fn checkout(
    State((app, _)): Shared,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    app.read(|world| world.session(&id))?;
    Ok(app.read(|world| show(world.sessions.get(&id), None)))
}

fn show(session: Option<&crate::model::session::Session>, trouble: Option<&str>) -> Response {
    let Some(session) = session else {
        return ApiError::missing("checkout.session", "session", "").into_response();
    };
    let mut body = String::from("<table>");
    for (name, count, price) in &session.lines {
        let _ = write!(
            body,
            "<tr><td>{count} × {}<td>{}",
            escape(name),
            amount(count * price, &session.currency)
        );
    }
    let _ = write!(
        body,
        "<tr><th>Total<th>{}</table>",
        amount(session.amount_total, &session.currency)
    );
    if let Some(trouble) = trouble {
        let _ = write!(
            body,
            "<p role=\"alert\"><strong>{}</strong>",
            escape(trouble)
        );
    }
    if session.status == "open" {
        body.push_str("<form method=\"post\">");
        for card in CARDS {
            let fate = match card.fate {
                Fate::Succeeds => "pays",
                Fate::Declined(..) => "is declined",
                Fate::NeedsAuthentication => "asks for 3-D Secure",
            };
            let _ = write!(
                body,
                "<button name=\"card\" value=\"{}\">{} •••• {} {fate}</button>",
                card.name, card.brand, card.last4
            );
        }
        body.push_str("</form>");
        if let Some(cancel) = &session.cancel_url {
            let _ = write!(
                body,
                "<p><a href=\"{}\">Back to the shop</a>",
                escape(cancel)
            );
        }
    } else {
        let _ = write!(body, "<p>This page is {}.", escape(&session.status));
    }
    page("Checkout", &body).into_response()
}

#[derive(Deserialize)]
pub(super) struct Pay {
    card: String,
}

/// Pays, and sends the buyer on: to the shop, or to the bank.
pub(super) async fn pay_checkout(
    State((app, _)): Shared,
    Path(id): Path<String>,
    Form(request): Form<Pay>,
) -> Response {
    let paid = app.change(|world| world.pay_session(&id, &request.card));
    match paid {
        Ok(intent) if intent["status"] == "requires_action" => onwards(&intent),
        Ok(_) => {
            let url = app.read(|world| {
                let session = world.sessions.get(&id)?;
                Some(
                    session
                        .success_url
                        .replace("{CHECKOUT_SESSION_ID}", &session.id),
                )
            });
            Redirect::to(url.as_deref().unwrap_or("/")).into_response()
        }
        Err(error) => {
            let message = error.fields()["message"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            app.read(|world| show(world.sessions.get(&id), Some(&message)))
        }
    }
}

fn onwards(intent: &Value) -> Response {
    let url = intent["next_action"]["redirect_to_url"]["url"]
        .as_str()
        .unwrap_or("/");
    Redirect::to(url).into_response()
}

/// The bank's question.
pub(super) async fn three_d_secure(
    State((app, _)): Shared,
    Path(id): Path<String>,
) -> Result<Html<String>, ApiError> {
    let intent = app.read(|world| world.intent(&id))?;
    if intent["status"] != "requires_action" {
        return Ok(page("Your bank", "<p>There is nothing to confirm."));
    }
    let sum = amount(
        intent["amount"].as_i64().unwrap_or_default(),
        intent["currency"].as_str().unwrap_or_default(),
    );
    let body = format!(
        "<p>Do you want to pay {sum}?<form method=\"post\"><button name=\"success\" value=\"true\">Yes, it is me</button>\
         <button name=\"success\" value=\"false\">No</button></form>"
    );
    Ok(page("Your bank", &body))
}

#[derive(Deserialize)]
pub(super) struct Answer {
    success: bool,
}

/// The buyer's answer to the bank.
pub(super) async fn authenticate(
    State((app, _)): Shared,
    Path(id): Path<String>,
    Form(request): Form<Answer>,
) -> Result<Response, ApiError> {
    let intent = app.change(|world| world.authenticate_intent(&id, request.success))?;
    let back = app.read(|world| {
        let of_session = world
            .sessions
            .newest_first()
            .find(|session| session.payment_intent.as_deref() == Some(&id));
        match of_session {
            Some(session) if session.status == "open" => Some(session.url.clone()),
            Some(session) => Some(
                session
                    .success_url
                    .replace("{CHECKOUT_SESSION_ID}", &session.id),
            ),
            None => world.intents.get(&id)?.return_url.clone(),
        }
    });
    Ok(match back {
        Some(url) => Redirect::to(&url).into_response(),
        None => page(
            "Your bank",
            &format!(
                "<p>The payment is {}.",
                escape(intent["status"].as_str().unwrap_or_default())
            ),
        )
        .into_response(),
    })
}
