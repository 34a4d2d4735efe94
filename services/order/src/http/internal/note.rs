use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, Json, Path};
use primitives::OrderId;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::text::Text;
use crate::store;
use crate::workflows::transition::{Actor, Entry, audit, note};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddNote {
    #[schema(value_type = String)]
    message: Text<2000>,
}

/// Note something in an order's timeline; only staff see it
#[utoipa::path(post, path = "/internal/orders/{id}/notes", params(("id" = OrderId, Path)), request_body = AddNote, responses((status = 204)))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    service: Service,
    Path(id): Path<OrderId>,
    Json(body): Json<AddNote>,
) -> http_kit::Result<StatusCode> {
    let staff = service.acting::<ManageOrders>()?;
    let mut tx = app.pool.begin().await?;
    store::orders::lock(&mut tx, id)
        .await?
        .ok_or_else(|| Error::not_found("order"))?;
    let (actor, message) = (Actor::Staff(&staff), body.message.to_string());
    let entry_id = note(
        &mut tx,
        &app,
        id,
        Entry {
            kind: "note",
            actor,
            message,
            data: json!({}),
            at: app.clock.now(),
        },
    )
    .await?;
    // What it says stands in the timeline.
    let change = (Value::Null, json!({ "entry_id": entry_id }));
    audit(&mut tx, &app, id, actor, "order.note", change).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
