//! What the payment provider said, for staff who look after an order.

use auth_token::Service;
use auth_token::permissions::{ManageOrders, ReadOrders};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Json, Path};
use primitives::{OrderId, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::store;
use crate::workflows;

/// A message of the payment provider.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebhookView {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The order that it is about, if that is known.
    pub(crate) order_id: Option<OrderId>,
    pub(crate) received_at: Timestamp,
    pub(crate) processed_at: Option<Timestamp>,
    pub(crate) outcome: Option<String>,
    pub(crate) attempts: i32,
    /// Why the last try came to nothing.
    pub(crate) error: Option<String>,
    /// As it came, without what lets a browser pay.
    pub(crate) payload: Value,
}

/// A message of the payment provider with its payload
#[utoipa::path(get, path = "/internal/webhooks/{id}", params(("id" = String, Path)), responses((status = 200, body = WebhookView)))]
pub(crate) async fn get(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<String>,
) -> http_kit::Result<Json<WebhookView>> {
    service.acting::<ReadOrders>()?;
    let mut conn = app.pool.acquire().await?;
    let stored = store::webhooks::find(&mut conn, &id).await?;
    let stored = stored.ok_or_else(|| Error::not_found("webhook"))?;
    Ok(Json(WebhookView {
        id,
        order_id: stored.order_id,
        kind: stored.kind,
        received_at: stored.received_at,
        processed_at: stored.processed_at,
        outcome: stored.outcome,
        attempts: stored.attempts,
        error: stored.error,
        payload: without_secrets(stored.payload),
    }))
}

/// Apply a message again, by the job that applies all of them; what it has done already stays done once
#[utoipa::path(post, path = "/internal/webhooks/{id}/replay", params(("id" = String, Path)), responses((status = 202)))]
pub(crate) async fn replay(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<String>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageOrders>()?;
    workflows::webhook::replay(&app, &id, &staff).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Everywhere in it: what begins a payment in a browser is nobody's but the payer's.
fn without_secrets(payload: Value) -> Value {
    match payload {
        Value::Object(members) => {
            let shown = members.into_iter().map(|(name, value)| match &*name {
                "client_secret" if !value.is_null() => (name, "hidden".into()),
                _ => (name, without_secrets(value)),
            });
            Value::Object(shown.collect())
        }
        Value::Array(items) => items.into_iter().map(without_secrets).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::without_secrets;

    #[test]
    fn secrets_are_hidden_wherever_they_stand() {
        let payload = json!({"data": {"object": {"id": "pi_1", "client_secret": "x", "charges": [{"client_secret": "y"}]}}, "client_secret": null});
        let shown = json!({"data": {"object": {"id": "pi_1", "client_secret": "hidden", "charges": [{"client_secret": "hidden"}]}}, "client_secret": null});
        assert_eq!(without_secrets(payload), shown);
    }
}
