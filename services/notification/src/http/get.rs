use auth_token::Service;
use auth_token::permissions::ReadOrders;
use axum::extract::State;
use http_kit::{Error, Json, Path};
use primitives::{EventId, Timestamp};
use serde::Serialize;

use super::State as App;
use crate::mail;
use crate::store::mails;

/// A mail about an order.
#[derive(Debug, Serialize)]
pub(crate) struct MailView {
    id: EventId,
    order_number: String,
    recipient: String,
    template: String,
    subject: String,
    /// `pending`, `sent` or `failed`.
    status: String,
    created_at: Timestamp,
    sent_at: Option<Timestamp>,
    /// As it was sent, but for the link that lets its reader in.
    text: String,
}

/// What a mail about an order says.
pub(crate) async fn handler(
    State(app): State<App>,
    service: Service,
    Path(id): Path<EventId>,
) -> http_kit::Result<Json<MailView>> {
    service.acting::<ReadOrders>()?;
    let mut conn = app.pool.acquire().await?;
    let kept = mails::about_an_order(&mut conn, id).await?;
    drop(conn);
    let kept = kept.ok_or_else(|| Error::not_found("mail"))?;
    let mut mail = super::content(&kept)?;
    if let Some(url) = mail.order_url_mut() {
        url.truncate(url.find('?').unwrap_or(url.len()));
    }
    let text = mail::text(&mail, &app.brand.shop_name()).map_err(Error::internal)?;
    Ok(Json(MailView {
        id,
        order_number: kept.order_number,
        recipient: kept.recipient,
        template: kept.template,
        subject: kept.subject,
        status: kept.status,
        created_at: kept.created_at,
        sent_at: kept.sent_at,
        text,
    }))
}
