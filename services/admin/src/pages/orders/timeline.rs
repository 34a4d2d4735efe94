//! What happened to an order, as one list: what order, the staff, the saga, the mails and the payment provider know.

use askama::Template;
use auth_token::permissions::{ReadAudit, ReadOrders};
use axum::extract::State;
use axum::response::Html;
use http_kit::Cursor;
use primitives::{OrderId, Timestamp};
use serde::Deserialize;
use uuid::Uuid;

use super::path;
use crate::app::AppState;
use crate::domain::timeline::{Place, merge, to_fetch};
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::{Path, Query};
use crate::pages::shell::Shell;
use crate::read::order::Order;
use crate::read::timeline::{self, Event, Mail, Span, StaffAct, Step, Webhook};
use crate::read::{self, payment_events, sagas, snapshot};
use crate::session::{May, Session};

/// Entries of a page.
const PAGE: usize = 50;

/// One thing that happened.
pub(super) struct Entry {
    pub(super) at: Timestamp,
    pub(super) title: String,
    /// Who did it, or for whom.
    pub(super) who: String,
    /// The staff member, whose name comes from auth.
    staff: Option<Uuid>,
    /// As programs call it.
    pub(super) code: String,
    /// A word, and how it looks.
    pub(super) state: Option<(String, &'static str)>,
    /// What else there is to say.
    pub(super) detail: String,
    pub(super) tone: &'static str,
    pub(super) link: Option<(String, &'static str)>,
    pub(super) trace_id: Option<String>,
    /// Of what staff did in the panel.
    pub(super) request_id: Option<String>,
}

impl Entry {
    fn new(at: Timestamp, title: String, who: String, code: String) -> Self {
        Self {
            at,
            title,
            who,
            staff: None,
            code,
            state: None,
            detail: String::new(),
            tone: "",
            link: None,
            trace_id: None,
            request_id: None,
        }
    }

    fn event(event: Event) -> Self {
        let staff = event.actor.strip_prefix("staff:");
        let tone = match event.kind.rsplit('.').next().unwrap_or_default() {
            "failed" | "cancelled" | "rejected" | "disputed" => "bad",
            "paid" | "processed" | "delivered" | "completed" | "confirmed" => "good",
            "note" | "tagged" | "untagged" => "quiet",
            _ => "",
        };
        Self {
            staff: staff.and_then(|id| id.parse().ok()),
            tone,
            trace_id: event.trace_id,
            ..Self::new(event.at, event.message, event.actor, event.kind)
        }
    }

    fn act(act: StaffAct, may_audit: bool) -> Self {
        let done = matches!(&*act.outcome, "done" | "changed");
        let verb = act.action.replace(['.', '_'], " ");
        let (title, state, tone) = if done {
            (
                format!("Staff: {verb}"),
                ("done".to_owned(), "good"),
                "quiet",
            )
        } else {
            let why = format!("refused: {}", act.outcome.replace('_', " "));
            (format!("Staff tried: {verb}"), (why, "bad"), "bad")
        };
        let through = act.through.map(|through| format!("by {through}"));
        let link = format!("/admin/audit/{}", act.seq);
        Self {
            staff: act.actor_id,
            state: Some(state),
            detail: through.unwrap_or_default(),
            tone,
            link: may_audit.then_some((link, "Audit log")),
            request_id: Some(act.request_id).filter(|id| !id.is_empty()),
            ..Self::new(act.at, title, act.actor_email, act.action)
        }
    }

    fn step(step: Step) -> Self {
        let looks = match &*step.status {
            "done" => "good",
            "failed" => "bad",
            _ => "warn",
        };
        let detail = tried(step.attempts, step.error);
        Self {
            state: Some((step.status.clone(), looks)),
            detail,
            tone: if looks == "bad" { "bad" } else { "quiet" },
            trace_id: step.trace_id,
            ..Self::new(
                step.at,
                sagas::said(&step.step).to_owned(),
                "system".to_owned(),
                step.step,
            )
        }
    }

    fn mail(mail: Mail, id: OrderId) -> Self {
        let looks = match &*mail.status {
            "sent" => "good",
            "failed" => "bad",
            _ => "warn",
        };
        let again = if mail.again { ", sent again" } else { "" };
        let tries = if mail.status == "pending" {
            tried(mail.attempts, None)
        } else {
            String::new()
        };
        Self {
            trace_id: mail.trace_id(),
            state: Some((mail.status, looks)),
            detail: tries,
            tone: if looks == "bad" { "bad" } else { "" },
            link: Some((format!("{}/mails/{}", path(id), mail.id), "Open the mail")),
            ..Self::new(
                mail.at,
                format!("Mail: {}{again}", mail.subject),
                format!("to {}", mail.recipient),
                format!("mail.{}", mail.template),
            )
        }
    }

    fn webhook(webhook: Webhook) -> Self {
        let (word, looks) = payment_events::state(webhook.done, webhook.outcome.as_deref());
        let link = format!("/admin/events/payments/{}", webhook.id);
        Self {
            state: Some((word.to_owned(), looks)),
            detail: match webhook.error {
                None if webhook.done => String::new(),
                error => tried(webhook.attempts, error),
            },
            tone: if looks == "bad" { "bad" } else { "quiet" },
            link: Some((link, "Open the message")),
            trace_id: webhook.trace_id,
            ..Self::new(
                webhook.at,
                "Message of the payment provider".to_owned(),
                "stripe".to_owned(),
                webhook.kind,
            )
        }
    }
}

/// How often something was tried, and why that came to nothing.
fn tried(attempts: i32, error: Option<String>) -> String {
    let tries = match attempts {
        0 => None,
        1 => Some("1 try".to_owned()),
        tries => Some(format!("{tries} tries")),
    };
    let parts: Vec<String> = [tries, error].into_iter().flatten().collect();
    parts.join(" · ")
}

/// Which of them.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq, Default)]
#[serde(rename_all = "lowercase")]
pub(super) enum Only {
    #[default]
    All,
    Events,
    Staff,
    Steps,
    Mails,
    Webhooks,
}

impl Only {
    const EACH: [(Self, &'static str, &'static str); 6] = [
        (Self::All, "all", "Everything"),
        (Self::Events, "events", "What happened"),
        (Self::Staff, "staff", "Staff"),
        (Self::Steps, "steps", "Steps elsewhere"),
        (Self::Mails, "mails", "Mails"),
        (Self::Webhooks, "webhooks", "Provider"),
    ];

    fn has(self, kind: Self) -> bool {
        self == Self::All || self == kind
    }

    fn word(self) -> &'static str {
        let found = Self::EACH.iter().find(|(only, ..)| *only == self);
        found.map_or("all", |(_, word, _)| word)
    }
}

/// A page of the list, and where the next one begins: three snapshots, and at most six statements whatever its length.
pub(super) async fn read(
    app: &AppState,
    session: &Session,
    order: &Order,
    only: Only,
    place: Option<Place>,
    size: usize,
) -> Result<(Vec<Entry>, Option<Place>)> {
    let id = order.id;
    let span = Span {
        until: place.map(|place| place.at),
        limit: i64::try_from(to_fetch(place, size)).unwrap_or(i64::MAX),
    };
    let mut lists = Vec::with_capacity(5);
    let mut db = snapshot(&app.order_db).await?;
    if only.has(Only::Events) {
        let events = timeline::events(&mut db, id, span).await?;
        lists.push(events.into_iter().map(Entry::event).collect());
    }
    if only.has(Only::Steps) {
        let steps = timeline::steps(&mut db, id, span).await?;
        lists.push(steps.into_iter().map(Entry::step).collect());
    }
    if only.has(Only::Webhooks) {
        let webhooks = timeline::webhooks(&mut db, id, span).await?.into_iter();
        lists.push(webhooks.map(Entry::webhook).collect());
    }
    drop(db);
    let mut db = snapshot(&app.pool).await?;
    if only.has(Only::Mails) {
        let mails = timeline::mails(&mut db, &order.number, span).await?;
        let entry = |mail| Entry::mail(mail, id);
        lists.push(mails.into_iter().map(entry).collect());
    }
    if only.has(Only::Staff) {
        let acts = timeline::acts(&mut db, id, span).await?.into_iter();
        let may_audit = session.may::<ReadAudit>();
        lists.push(acts.map(|act| Entry::act(act, may_audit)).collect());
    }
    drop(db);
    let (mut entries, next) = merge(lists, |entry: &Entry| entry.at, place, size);
    name_staff(app, &mut entries).await?;
    Ok((entries, next))
}

/// Says who of the staff did it, instead of an id.
async fn name_staff(app: &AppState, entries: &mut [Entry]) -> Result<()> {
    let ids: Vec<Uuid> = entries.iter().filter_map(|entry| entry.staff).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let names = read::users::names(&mut *app.auth_db.acquire().await?, &ids).await?;
    for entry in entries {
        if let Some(name) = entry.staff.and_then(|id| names.get(&id)) {
            entry.who.clone_from(name);
        }
    }
    Ok(())
}

#[derive(Template)]
#[template(path = "orders/timeline.html")]
struct Page {
    shell: Shell,
    order: Order,
    only: Only,
    timeline: Vec<Entry>,
    first: bool,
    next: Option<String>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Params {
    only: Only,
    cursor: Option<Cursor>,
    done: Option<String>,
}

/// All of it.
pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadOrders>,
    Path(id): Path<OrderId>,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let here = format!("{}/timeline", path(id));
    let place = params.cursor.as_ref().map(Cursor::decode::<Place>);
    let place = place.transpose().map_err(|_| {
        PageError::invalid("The link to this page of the timeline is broken.").back_to(&here)
    })?;
    let order = super::find(&app, id).await?;
    let only = params.only;
    let (timeline, next) = read(&app, &session, &order, only, place, PAGE).await?;
    let next = match next {
        Some(place) => {
            let cursor = Cursor::encode(&place)?;
            Some(format!(
                "{here}?only={}&cursor={}",
                only.word(),
                cursor.as_str()
            ))
        }
        None => None,
    };
    let page = Page {
        shell: Shell::new(&session, "/admin/orders", params.done.as_deref()),
        order,
        only,
        timeline,
        first: place.is_none(),
        next,
    };
    Ok(Html(page.render()?))
}
