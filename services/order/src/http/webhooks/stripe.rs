use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use http_kit::{Error, Problem, Result};

use crate::app::AppState;
use crate::payments::WebhookRejection;
use crate::workflows;

/// Take a message of Stripe
#[utoipa::path(post, path = "/api/webhooks/stripe", operation_id = "receiveStripeWebhook", tag = "payments",
    description = "The signature is checked over the raw bytes before anything else; the message is stored once by its id, and applied afterwards.",
    params(("Stripe-Signature" = String, Header)),
    request_body(content = serde_json::Value, content_type = "application/json"),
    responses((status = 204, description = "stored"), (status = 400, body = Problem, description = "invalid_signature"), (status = "default", body = Problem)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode> {
    let signature = headers
        .get("stripe-signature")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let message = app
        .stripe
        .verify_webhook(&body, signature, app.clock.now())
        .map_err(|rejection| match rejection {
            WebhookRejection::BadSignature => Error::bad_request(
                "invalid_signature",
                "The Stripe-Signature header does not match the body.",
            ),
            WebhookRejection::Expired => Error::bad_request(
                "invalid_signature",
                "The signature is older than five minutes.",
            ),
            WebhookRejection::Malformed => {
                Error::bad_request("malformed_json", "The body is not an event.")
            }
        })?;
    workflows::webhook::receive(&app, &message).await?;
    Ok(StatusCode::NO_CONTENT)
}
