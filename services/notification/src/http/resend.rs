use auth_token::Service;
use auth_token::permissions::ManageOrders;
use axum::extract::State;
use axum::http::StatusCode;
use http_kit::{Error, IdempotencyKey, Json, Path};
use primitives::EventId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::State as App;
use crate::store::mails::{self, Again};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Resend {
    /// The customer's link to the order, as order makes it: it is not kept here.
    url: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Resent {
    /// The new mail.
    id: EventId,
}

/// Sends a mail about an order once more, to whom it went: a mail of its own, for receivers throw away what they know. The key is needed: asked for
/// twice, it is one mail.
pub(crate) async fn handler(
    State(app): State<App>,
    service: Service,
    Path(id): Path<EventId>,
    key: IdempotencyKey,
    Json(body): Json<Resend>,
) -> http_kit::Result<(StatusCode, Json<Resent>)> {
    let staff = service.acting::<ManageOrders>()?;
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let kept = mails::about_an_order(&mut tx, id).await?;
    let kept = kept.ok_or_else(|| Error::not_found("mail"))?;
    if kept.status == "pending" {
        return Err(Error::conflict(
            "mail_pending",
            "This mail has not been sent yet: it is still being tried.",
        ));
    }
    let mut mail = super::content(&kept)?;
    if let Some(url) = mail.order_url_mut() {
        *url = body.url;
    }
    let again = Again {
        id: EventId::new(now, &app.random),
        of: id,
        content: serde_json::to_value(&mail).map_err(Error::internal)?,
        key: &format!("{}:{id}:{}", staff.user_id(), key.as_str()),
        traceparent: runtime::trace::traceparent(),
    };
    let (new, is_new) = mails::insert_again(&mut tx, &again, now).await?;
    if is_new {
        let after = json!({ "mail_id": new, "template": kept.template });
        let act = staff.did("mail.resend", format!("mail:{id}"), json!({}), after);
        app.publisher.publish(&mut tx, &act).await?;
    }
    tx.commit().await?;
    Ok((StatusCode::ACCEPTED, Json(Resent { id: new })))
}
