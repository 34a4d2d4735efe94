use auth_token::{Principal, User};
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{FieldErrors, IdempotentJson, Json, Problem};
use primitives::{OrderId, ProductId, Text, ThreadId};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ThreadView, find, shown_one};
use crate::app::AppState;
use crate::domain::threads::Kind;
use crate::workflows::idempotency::{self, Repeat};
use crate::workflows::messages::{self, Begin};

/// A new conversation. With support it may be about an order or a product; with a seller it is about a product.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StartConversation {
    /// Whom to write to.
    to: Kind,
    #[schema(value_type = String)]
    subject: Text<150>,
    #[schema(value_type = String)]
    body: Text<4000>,
    /// One of your orders.
    order_id: Option<OrderId>,
    /// A product that is public, or that you bought.
    product_id: Option<ProductId>,
}

/// Write to support, or to the seller of a product
///
/// Sellers can be written to about what they sell, and only answer; there is no other way to write to somebody. Ten conversations a day, sixty
/// messages an hour.
#[utoipa::path(post, path = "/api/messages", operation_id = "startConversation", tag = "messages", request_body = StartConversation,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a repetition of the request harmless")),
    responses((status = 201, body = ThreadView),
        (status = 409, body = Problem, description = "`conversation_exists`: there is one about this product, with its `conversation_id`; `own_product`"),
        (status = 422, body = Problem, description = "validation_failed, idempotency_key_reused"), (status = "default", body = Problem)),
    security(("bearer" = [])))]
pub(crate) async fn handler(
    State(app): State<AppState>,
    User(user): User,
    request: IdempotentJson<StartConversation>,
) -> http_kit::Result<(StatusCode, Json<ThreadView>)> {
    let repeat = Repeat {
        key: request.key.map(|key| key.as_str().to_owned()),
        hash: request.hash,
    };
    let id = match idempotency::replay(&app, user.user_id, &repeat).await? {
        Some(id) => id.into(),
        None => begin(&app, &user, request.body, &repeat).await?,
    };
    let (thread, side) = find(&mut *app.pool.acquire().await?, &user, id).await?;
    let view = shown_one(&app, thread, side).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

async fn begin(
    app: &AppState,
    user: &Principal,
    body: StartConversation,
    repeat: &Repeat,
) -> http_kit::Result<ThreadId> {
    let mut errors = FieldErrors::new();
    match (body.to, body.order_id, body.product_id) {
        (Kind::Seller, _, None) => errors.push("product_id", "required", "is required"),
        (Kind::Seller, Some(_), Some(_)) | (Kind::Support, Some(_), Some(_)) => errors.push(
            "order_id",
            "exclusive",
            "must not be given together with product_id",
        ),
        _ => {}
    }
    errors.into_result()?;
    let begin = Begin {
        to: body.to,
        subject: body.subject.as_str(),
        body: body.body.as_str(),
        order_id: body.order_id,
        product_id: body.product_id,
    };
    messages::begin(app, user, begin, repeat).await
}
