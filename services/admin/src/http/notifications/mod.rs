//! What somebody is told.

pub(super) mod list;
pub(super) mod mark;
pub(super) mod preferences;
pub(super) mod read_all;
pub(super) mod stream;

use primitives::{NotificationId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::user_notifications::UserNotification;

/// What a notification is about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Subject {
    /// `order`, `product`, `review` or `conversation`.
    #[serde(rename = "type")]
    kind: String,
    id: Uuid,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notification {
    id: NotificationId,
    /// Such as `order.shipped`.
    #[serde(rename = "type")]
    kind: String,
    /// A sentence for people.
    message: String,
    about: Option<Subject>,
    at: Timestamp,
    read_at: Option<Timestamp>,
}

impl From<UserNotification> for Notification {
    fn from(told: UserNotification) -> Self {
        let about = told.subject.split_once(':').and_then(|(kind, id)| {
            let kind = if kind == "thread" {
                "conversation"
            } else {
                kind
            };
            Some(Subject {
                kind: kind.to_owned(),
                id: id.parse().ok()?,
            })
        });
        Self {
            id: told.id,
            kind: told.kind,
            message: told.message,
            about,
            at: told.at,
            read_at: told.read_at,
        }
    }
}
