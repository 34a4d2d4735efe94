//! Conversations, as those who take part see them.

pub(super) mod assign;
pub(super) mod change;
pub(super) mod get;
pub(super) mod history;
pub(super) mod list;
pub(super) mod read;
pub(super) mod start;
pub(super) mod unread;
pub(super) mod write;

use std::collections::HashMap;

use auth_token::Principal;
use http_kit::Error;
use primitives::{MessageId, ThreadId, Timestamp, UserId};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::AppState;
use crate::domain::threads::{Kind, Side, Status};
use crate::read::users;
use crate::store::messages::texts::Message;
use crate::store::messages::{Thread, threads};
use crate::workflows::messages::side_of;

/// What a conversation is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct About {
    /// `order` or `product`.
    #[serde(rename = "type")]
    kind: &'static str,
    id: Uuid,
    /// The order's number, or the product's title as it was.
    label: String,
}

/// The other side of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct With {
    side: Side,
    /// What they are called; null for the shop's staff, and when the account is gone.
    name: Option<String>,
}

/// What was written last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LastMessage {
    from: Side,
    /// Its beginning.
    text: String,
    at: Timestamp,
}

/// A conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreadView {
    id: ThreadId,
    kind: Kind,
    /// As what you take part.
    side: Side,
    with: With,
    about: Option<About>,
    subject: String,
    status: Status,
    /// Messages that your side has not read.
    unread: i32,
    last_message: LastMessage,
    /// Who of the staff looks after it; only staff see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee_id: Option<UserId>,
    created_at: Timestamp,
    version: i32,
}

impl ThreadView {
    pub(crate) fn new(thread: Thread, side: Side, names: &HashMap<Uuid, String>) -> Self {
        let name = |id: UserId| names.get(&id.uuid()).cloned();
        let with = match (side, thread.kind) {
            (Side::User, Kind::Support) => With {
                side: Side::Staff,
                name: None,
            },
            (Side::User, Kind::Seller) => With {
                side: Side::Seller,
                name: thread.seller_id.and_then(name),
            },
            (Side::Seller | Side::Staff, _) => With {
                side: Side::User,
                name: name(thread.user_id),
            },
        };
        let order = thread.order_id.map(|id| ("order", id.uuid()));
        let product = thread.product_id.map(|id| ("product", id.uuid()));
        Self {
            unread: thread.unread(side),
            about: order.or(product).map(|(kind, id)| About {
                kind,
                id,
                label: thread.about.clone().unwrap_or_default(),
            }),
            id: thread.id,
            kind: thread.kind,
            side,
            with,
            subject: thread.subject,
            status: thread.status,
            last_message: LastMessage {
                from: thread.last_from,
                text: thread.last_text,
                at: thread.last_message_at,
            },
            assignee_id: thread.assignee_id.filter(|_| side == Side::Staff),
            created_at: thread.created_at,
            version: thread.version,
        }
    }
}

/// Shows conversations: one more statement for the names of those who take part.
async fn shown(app: &AppState, threads: Vec<(Thread, Side)>) -> http_kit::Result<Vec<ThreadView>> {
    let mut ids: Vec<Uuid> = threads
        .iter()
        .flat_map(|(thread, _)| std::iter::once(thread.user_id).chain(thread.seller_id))
        .map(UserId::uuid)
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let names = if ids.is_empty() {
        HashMap::new()
    } else {
        users::names(&mut *app.auth_db.acquire().await?, &ids).await?
    };
    Ok(threads
        .into_iter()
        .map(|(thread, side)| ThreadView::new(thread, side, &names))
        .collect())
}

async fn shown_one(app: &AppState, thread: Thread, side: Side) -> http_kit::Result<ThreadView> {
    let mut views = shown(app, vec![(thread, side)]).await?;
    views.pop().ok_or_else(missing)
}

/// What somebody wrote.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageView {
    id: MessageId,
    from: Side,
    /// Whether you wrote it.
    own: bool,
    body: String,
    /// A note that only staff see.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    internal: bool,
    at: Timestamp,
}

impl MessageView {
    fn new(message: Message, viewer: UserId) -> Self {
        Self {
            id: message.id,
            from: message.author,
            own: message.author_id == Some(viewer),
            body: message.body,
            internal: message.internal,
            at: message.created_at,
        }
    }
}

/// A conversation that the caller takes part in, and as what; for others it does not exist.
async fn find(
    conn: &mut PgConnection,
    who: &Principal,
    id: ThreadId,
) -> http_kit::Result<(Thread, Side)> {
    let thread = threads::find(conn, id).await?.ok_or_else(missing)?;
    let side = side_of(&thread, who).ok_or_else(missing)?;
    Ok((thread, side))
}

fn missing() -> Error {
    Error::not_found("conversation")
}
