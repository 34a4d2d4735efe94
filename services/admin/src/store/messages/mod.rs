//! Conversations.

pub(crate) mod erase;
pub(crate) mod lists;
pub(crate) mod texts;
pub(crate) mod threads;

use primitives::{OrderId, ProductId, ThreadId, Timestamp, UserId};

use crate::domain::threads::{Kind, Parties, Side, Status};

/// A conversation.
#[derive(Debug, Clone)]
pub(crate) struct Thread {
    pub(crate) id: ThreadId,
    pub(crate) kind: Kind,
    pub(crate) user_id: UserId,
    pub(crate) seller_id: Option<UserId>,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) product_id: Option<ProductId>,
    pub(crate) about: Option<String>,
    pub(crate) subject: String,
    pub(crate) status: Status,
    pub(crate) assignee_id: Option<UserId>,
    pub(crate) user_unread: i32,
    pub(crate) other_unread: i32,
    pub(crate) last_message_at: Timestamp,
    pub(crate) last_from: Side,
    pub(crate) last_text: String,
    pub(crate) created_at: Timestamp,
    pub(crate) version: i32,
}

impl Thread {
    pub(crate) fn parties(&self) -> Parties {
        Parties {
            user: self.user_id,
            seller: self.seller_id,
        }
    }

    /// How many messages a side has not read.
    pub(crate) fn unread(&self, side: Side) -> i32 {
        match (side, self.kind) {
            (Side::User, _) => self.user_unread,
            (Side::Seller, _) | (Side::Staff, Kind::Support) => self.other_unread,
            // It is the seller's to read.
            (Side::Staff, Kind::Seller) => 0,
        }
    }
}

/// The columns of a [`Thread`], once for all queries.
macro_rules! thread_query {
    ($rest:literal $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            $crate::store::messages::Row,
            r#"SELECT id AS "id: primitives::ThreadId", kind, user_id AS "user_id: primitives::UserId", seller_id AS "seller_id: primitives::UserId",
                 order_id AS "order_id: primitives::OrderId", product_id AS "product_id: primitives::ProductId", about, subject, status,
                 assignee_id AS "assignee_id: primitives::UserId", user_unread, other_unread, last_message_at, last_from, last_text, created_at, version
                 FROM threads "# + $rest
            $(, $arg)*
        )
    };
}
use thread_query;

/// As the database has it.
struct Row {
    id: ThreadId,
    kind: String,
    user_id: UserId,
    seller_id: Option<UserId>,
    order_id: Option<OrderId>,
    product_id: Option<ProductId>,
    about: Option<String>,
    subject: String,
    status: String,
    assignee_id: Option<UserId>,
    user_unread: i32,
    other_unread: i32,
    last_message_at: Timestamp,
    last_from: String,
    last_text: String,
    created_at: Timestamp,
    version: i32,
}

impl TryFrom<Row> for Thread {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> sqlx::Result<Self> {
        let decode = |error| sqlx::Error::Decode(Box::new(error));
        Ok(Self {
            id: row.id,
            kind: row.kind.parse().map_err(decode)?,
            user_id: row.user_id,
            seller_id: row.seller_id,
            order_id: row.order_id,
            product_id: row.product_id,
            about: row.about,
            subject: row.subject,
            status: row.status.parse().map_err(decode)?,
            assignee_id: row.assignee_id,
            user_unread: row.user_unread,
            other_unread: row.other_unread,
            last_message_at: row.last_message_at,
            last_from: row.last_from.parse().map_err(decode)?,
            last_text: row.last_text,
            created_at: row.created_at,
            version: row.version,
        })
    }
}

fn threads(rows: Vec<Row>) -> sqlx::Result<Vec<Thread>> {
    rows.into_iter().map(Thread::try_from).collect()
}
