//! Conversations: begun by users, answered by sellers and staff.

use auth_token::permissions::{Permission as _, UseInbox};
use auth_token::{Principal, Role};
use http_kit::{Error, OnConstraint as _, one_field};
use primitives::{
    EmailAddress, MessageId, NotificationId, OrderId, ProductId, ThreadId, Timestamp, UserId,
};
use serde_json::json;
use sqlx::PgConnection;
use std::time::Duration;

use super::audit::note;
use super::idempotency::{self, Repeat};
use crate::app::AppState;
use crate::domain::notifications::MESSAGE_RECEIVED;
use crate::domain::text::excerpt;
use crate::domain::threads::{self as rules, Kind, Side, Status};
use crate::read;
use crate::store;
use crate::store::audit::Actor;
use crate::store::messages::texts::Message;
use crate::store::messages::{Thread, texts, threads};
use crate::store::user_notifications::{self, News};

const MESSAGES_AN_HOUR: i64 = 60;
const THREADS_A_DAY: i64 = 10;

/// Whether they may look into conversations of others. Programs may not: no scope says so.
pub(crate) fn is_staff(who: &Principal) -> bool {
    UseInbox::allows(who.role) && !who.factor_missing && who.scopes.is_none()
}

/// As what somebody takes part, if it concerns them.
pub(crate) fn side_of(thread: &Thread, who: &Principal) -> Option<Side> {
    let role = if is_staff(who) {
        who.role
    } else {
        Role::Customer
    };
    rules::side_of(thread.parties(), who.user_id, role)
}

/// A new conversation.
pub(crate) struct Begin<'a> {
    pub(crate) to: Kind,
    pub(crate) subject: &'a str,
    pub(crate) body: &'a str,
    pub(crate) order_id: Option<OrderId>,
    pub(crate) product_id: Option<ProductId>,
}

pub(crate) async fn begin(
    app: &AppState,
    user: &Principal,
    begin: Begin<'_>,
    repeat: &Repeat,
) -> http_kit::Result<ThreadId> {
    let (about, seller_id) = about(app, user, &begin).await?;
    let now = app.clock.now();
    let id = ThreadId::new(now, &app.random);
    let thread = Thread {
        id,
        kind: begin.to,
        user_id: user.user_id,
        seller_id: seller_id.filter(|_| begin.to == Kind::Seller),
        order_id: begin.order_id,
        product_id: begin.product_id,
        about,
        subject: begin.subject.to_owned(),
        status: Status::Open,
        assignee_id: None,
        user_unread: 0,
        other_unread: 1,
        last_message_at: now,
        last_from: Side::User,
        last_text: excerpt(begin.body),
        created_at: now,
        version: 1,
    };
    let mut tx = app.pool.begin().await?;
    within_limits(&mut tx, user.user_id, true, now).await?;
    threads::insert(&mut tx, &thread)
        .await
        .on_constraint("threads_once", exists)?;
    let message = Message {
        id: MessageId::new(now, &app.random),
        seq: 0,
        author_id: Some(user.user_id),
        author: Side::User,
        body: begin.body.to_owned(),
        internal: false,
        created_at: now,
    };
    texts::insert(&mut tx, id, &message).await?;
    tell_the_other_side(&mut tx, app, &thread, Side::User, now).await?;
    idempotency::made(&mut tx, user.user_id, repeat, id.uuid(), now).await?;
    tx.commit().await?;
    Ok(id)
}

fn exists() -> Error {
    Error::conflict(
        "conversation_exists",
        "You are writing with this seller about this product already: go on there.",
    )
}

/// What a conversation is about, and who sells it; refuses what the user does not know of.
async fn about(
    app: &AppState,
    user: &Principal,
    begin: &Begin<'_>,
) -> http_kit::Result<(Option<String>, Option<UserId>)> {
    if let Some(order) = begin.order_id {
        let mut db = app.order_db.acquire().await?;
        let number = read::about::order_of(&mut db, order, user.user_id).await?;
        return match number {
            Some(number) => Ok((Some(number), None)),
            None => Err(one_field("order_id", "unknown", "is none of your orders")),
        };
    }
    let Some(id) = begin.product_id else {
        return Ok((None, None));
    };
    let unknown = || one_field("product_id", "unknown", "is no product that you can see");
    let product = read::about::product(&mut *app.product_db.acquire().await?, id)
        .await?
        .ok_or_else(unknown)?;
    if begin.to == Kind::Seller && product.seller_id == user.user_id {
        return Err(Error::conflict("own_product", "You sell this yourself."));
    }
    let bought = async || {
        let mut db = app.product_db.acquire().await?;
        read::about::has_bought(&mut db, user.user_id, id).await
    };
    if product.public || bought().await? {
        Ok((Some(product.title), Some(product.seller_id)))
    } else {
        Err(unknown())
    }
}

/// What somebody writes in a conversation.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    pub(crate) thread: ThreadId,
    pub(crate) author: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) side: Side,
    pub(crate) body: &'a str,
    pub(crate) internal: bool,
}

/// Adds it, and tells the other side.
pub(crate) async fn write(
    app: &AppState,
    writing: &Writing<'_>,
    repeat: &Repeat,
) -> http_kit::Result<MessageId> {
    let now = app.clock.now();
    let mut tx = app.pool.begin().await?;
    let thread = threads::lock(&mut tx, writing.thread)
        .await?
        .ok_or_else(|| Error::not_found("conversation"))?;
    if writing.side != Side::Staff {
        within_limits(&mut tx, writing.author, false, now).await?;
    }
    let message = Message {
        id: MessageId::new(now, &app.random),
        seq: 0,
        author_id: Some(writing.author),
        author: writing.side,
        body: writing.body.to_owned(),
        internal: writing.internal,
        created_at: now,
    };
    texts::insert(&mut tx, thread.id, &message).await?;
    if !writing.internal {
        let status = rules::after_message(writing.side);
        threads::grew(&mut tx, &thread, writing.side, writing.body, status, now)
            .await
            .on_constraint("threads_once", exists)?;
        let grown = Thread {
            last_text: excerpt(writing.body),
            ..thread
        };
        tell_the_other_side(&mut tx, app, &grown, writing.side, now).await?;
    }
    idempotency::made(&mut tx, writing.author, repeat, message.id.uuid(), now).await?;
    if writing.side == Side::Staff {
        let action = if writing.internal {
            "message.note"
        } else {
            "message.answer"
        };
        let details = json!({ "message": message.id });
        let author = actor((writing.author, &writing.email));
        note(
            &mut tx,
            app,
            author,
            action,
            &target(writing.thread),
            details,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(message.id)
}

fn actor((id, email): (UserId, &EmailAddress)) -> Actor<'_> {
    Actor {
        id: Some(id),
        email: email.as_str(),
    }
}

/// Closes a conversation, or opens it again.
pub(crate) async fn turn(
    app: &AppState,
    who: (UserId, &EmailAddress),
    side: Side,
    id: ThreadId,
    to: Status,
    version: Option<i32>,
) -> http_kit::Result<Thread> {
    if !rules::may_turn(side, to) {
        return Err(Error::forbidden(
            "forbidden",
            "A conversation is opened by writing in it.",
        ));
    }
    let mut tx = app.pool.begin().await?;
    let thread = locked(&mut tx, id, version).await?;
    if thread.status == to {
        return Ok(thread);
    }
    threads::turn(&mut tx, id, to, app.clock.now())
        .await
        .on_constraint("threads_once", exists)?;
    if side == Side::Staff {
        let details = json!({ "before": thread.status, "after": to });
        note(
            &mut tx,
            app,
            actor(who),
            "message.set_status",
            &target(id),
            details,
        )
        .await?;
    }
    tx.commit().await?;
    Ok(Thread {
        status: to,
        version: thread.version + 1,
        ..thread
    })
}

/// Gives a conversation to somebody of the staff, or to nobody. Whether they are of the staff is the caller's to know.
pub(crate) async fn assign(
    app: &AppState,
    who: (UserId, &EmailAddress),
    id: ThreadId,
    assignee: Option<UserId>,
    version: Option<i32>,
) -> http_kit::Result<Thread> {
    let mut tx = app.pool.begin().await?;
    let thread = locked(&mut tx, id, version).await?;
    if thread.assignee_id == assignee {
        return Ok(thread);
    }
    threads::assign(&mut tx, id, assignee, app.clock.now()).await?;
    let details = json!({ "before": thread.assignee_id, "after": assignee });
    note(
        &mut tx,
        app,
        actor(who),
        "message.assign",
        &target(id),
        details,
    )
    .await?;
    tx.commit().await?;
    Ok(Thread {
        assignee_id: assignee,
        version: thread.version + 1,
        ..thread
    })
}

fn target(id: ThreadId) -> String {
    format!("thread:{id}")
}

async fn locked(
    tx: &mut PgConnection,
    id: ThreadId,
    version: Option<i32>,
) -> http_kit::Result<Thread> {
    let thread = threads::lock(tx, id)
        .await?
        .ok_or_else(|| Error::not_found("conversation"))?;
    if version.is_some_and(|version| version != thread.version) {
        return Err(Error::stale_version());
    }
    Ok(thread)
}

/// Refuses who writes too much. Two at the same moment may both get in; that is no harm.
async fn within_limits(
    tx: &mut PgConnection,
    author: UserId,
    begins: bool,
    now: Timestamp,
) -> http_kit::Result<()> {
    let (messages, threads) = texts::written_by(tx, author, now).await?;
    if messages >= MESSAGES_AN_HOUR {
        Err(Error::rate_limited(Duration::from_secs(3600)))
    } else if begins && threads >= THREADS_A_DAY {
        Err(Error::rate_limited(Duration::from_secs(24 * 3600)))
    } else {
        Ok(())
    }
}

/// Users and sellers are told of each message; staff of each conversation that waits for them anew.
async fn tell_the_other_side(
    tx: &mut PgConnection,
    app: &AppState,
    thread: &Thread,
    from: Side,
    now: Timestamp,
) -> sqlx::Result<()> {
    let id = NotificationId::new(now, &app.random);
    let subject = target(thread.id);
    let (user, sender) = match (from, thread.kind) {
        (Side::User, Kind::Support) => {
            let is_new = thread.created_at == now;
            if is_new || thread.status != Status::Open {
                let message = format!("A customer writes: {}", thread.subject);
                store::notifications::insert(tx, id, now, MESSAGE_RECEIVED, &subject, &message)
                    .await?;
            }
            return Ok(());
        }
        (Side::User, Kind::Seller) => (thread.seller_id, "A customer"),
        (Side::Seller, _) => (Some(thread.user_id), "The seller"),
        (Side::Staff, _) => (Some(thread.user_id), "Our support"),
    };
    let Some(user) = user else {
        return Ok(());
    };
    let message = format!("{sender} wrote to you: {}", thread.subject);
    let news = News {
        id,
        at: now,
        kind: MESSAGE_RECEIVED,
        subject: &subject,
        message: &message,
    };
    user_notifications::tell(tx, user, &news).await
}
