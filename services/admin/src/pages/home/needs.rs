//! What waits for somebody: only what they may see to, and only what there is.

use std::time::Duration;

use auth_token::permissions::{
    ApproveProducts, ManageCatalogue, ManageEvents, ManageOrders, ManageSettings, ModerateReviews,
    ReadUsers, UseInbox,
};
use primitives::Timestamp;

use crate::app::AppState;
use crate::domain::span::span;
use crate::error::Result;
use crate::format::thousands;
use crate::pages::shell::link;
use crate::read;
use crate::read::sagas::STUCK_AFTER;
use crate::read::stock::SOON;
use crate::read::waiting::{self, Work};
use crate::session::Session;
use crate::store::home::{self, MOST};

/// What failed longer ago is known by now.
const RECENT: Duration = Duration::from_secs(7 * 24 * 3600);

/// Work items that say the same to people.
struct Class {
    /// In the words of order's comparison with the payment provider; without any, all that no other class has.
    kinds: &'static [&'static str],
    icon: &'static str,
    words: (&'static str, &'static str),
}

const CLASSES: [Class; 3] = [
    Class {
        kinds: &["charge_unknown", "charged_twice"],
        icon: "receipt",
        words: ("payment without an order", "payments without an order"),
    },
    Class {
        kinds: &["charge_missing", "payment_missing"],
        icon: "receipt",
        words: ("order without a payment", "orders without a payment"),
    },
    Class {
        kinds: &[],
        icon: "shield",
        words: ("other open work item", "other open work items"),
    },
];

/// Something that waits, and where it is seen to.
#[derive(Debug)]
pub(super) struct Need {
    pub(super) icon: &'static str,
    /// `bad` where money or an answer is at stake, `warn` where somebody waits too long.
    pub(super) tone: &'static str,
    pub(super) count: String,
    pub(super) label: &'static str,
    pub(super) detail: String,
    pub(super) href: String,
}

/// Collects what there is.
struct Needs(Vec<Need>);

impl Needs {
    /// `words` are for one and for several.
    fn add(
        &mut self,
        (icon, tone): (&'static str, &'static str),
        count: i64,
        words: (&'static str, &'static str),
        detail: impl Into<String>,
        href: impl Into<String>,
    ) {
        if count <= 0 {
            return;
        }
        self.0.push(Need {
            icon,
            tone,
            count: if count > MOST {
                format!("{}+", thousands(&MOST.to_string()))
            } else {
                thousands(&count.to_string())
            },
            label: if count == 1 { words.0 } else { words.1 },
            detail: detail.into(),
            href: href.into(),
        });
    }
}

/// All that somebody may see to. A statement or two for each database.
pub(super) async fn of(app: &AppState, session: &Session, now: Timestamp) -> Result<Vec<Need>> {
    let recent = now - RECENT;
    let overdue = now - app.overdue_after();
    let orders = async {
        if !session.may::<ManageOrders>() {
            return Ok(None);
        }
        let mut db = read::snapshot(&app.order_db).await?;
        let stuck = now - STUCK_AFTER;
        let late = now - app.late_after();
        let orders = waiting::orders(&mut db, late, overdue, stuck, recent, MOST).await?;
        let work = waiting::work(&mut db, overdue, &CLASSES.map(|class| class.kinds), MOST).await?;
        sqlx::Result::Ok(Some((orders, work)))
    };
    let catalogue = async {
        let mut db = app.product_db.acquire().await?;
        waiting::catalogue(&mut db, MOST).await
    };
    let own = async {
        let mut db = read::snapshot(&app.pool).await?;
        let own = home::waiting(&mut db, recent).await?;
        sqlx::Result::Ok((own, waiting::mails(&mut db, recent, MOST).await?))
    };
    let (orders, catalogue, (own, mails)) = tokio::try_join!(orders, catalogue, own)?;
    let system = app.board.system();

    let mut needs = Needs(Vec::new());
    if let Some((orders, work)) = orders {
        of_orders(&mut needs, app, &orders, now);
        of_money(&mut needs, &work);
        let href = "/admin/events/sagas";
        let words = ("order is stuck half-way", "orders are stuck half-way");
        needs.add(
            ("play", "bad"),
            orders.sagas_stuck,
            words,
            "resume them",
            href,
        );
        let words = (
            "payment event is not applied",
            "payment events are not applied",
        );
        let detail = "told by the payment provider";
        let href = "/admin/events/payments";
        needs.add(("receipt", "bad"), orders.news_stuck, words, detail, href);
    }
    if session.may::<UseInbox>() {
        let words = ("conversation to answer", "conversations to answer");
        let href = "/admin/messages?status=open";
        needs.add(("mail", ""), own.conversations, words, "", href);
    }
    if session.may::<ApproveProducts>() {
        let words = ("product to approve", "products to approve");
        needs.add(
            ("tag", ""),
            catalogue.to_approve,
            words,
            "",
            "/admin/products/approvals",
        );
    }
    if session.may::<ModerateReviews>() {
        let words = ("review to moderate", "reviews to moderate");
        needs.add(
            ("star", ""),
            catalogue.reviews,
            words,
            "",
            "/admin/reviews?status=pending",
        );
    }
    if session.may::<ManageCatalogue>() {
        let words = ("variant is sold out soon", "variants are sold out soon");
        let detail = match own.first_out {
            Some(0) | None => "the first today".to_owned(),
            Some(1) => "the first tomorrow".to_owned(),
            Some(days) => format!("the first in {days} days"),
        };
        let tone = if own.first_out.unwrap_or(SOON) < 3 {
            "warn"
        } else {
            ""
        };
        needs.add(
            ("stack", tone),
            own.running_out,
            words,
            detail,
            "/admin/inventory/cover",
        );
        let words = ("product below its mark", "products below their mark");
        let href = "/admin/products?status=active&stock=low";
        needs.add(("stack", ""), catalogue.low, words, "low in stock", href);
    }
    if session.may::<ReadUsers>() {
        let words = ("mail could not be sent", "mails could not be sent");
        let detail = "in the last 7 days";
        needs.add(
            ("mail", "warn"),
            mails,
            words,
            detail,
            "/admin/mails?status=failed",
        );
    }
    if session.may::<ManageSettings>() {
        let words = ("webhook was not taken", "webhooks were not taken");
        let href = match own.endpoint {
            Some(id) => format!("/admin/webhooks/{id}?status=failed"),
            None => "/admin/webhooks".to_owned(),
        };
        let detail = "in the last 7 days";
        needs.add(("plug", "warn"), own.deliveries, words, detail, href);
        let words = (
            "webhook endpoint was switched off",
            "webhook endpoints were switched off",
        );
        let detail = "it failed for days";
        needs.add(
            ("plug", "bad"),
            own.endpoints_off,
            words,
            detail,
            "/admin/webhooks",
        );
    }
    if session.may::<ManageEvents>() && system.is_fresh(now) {
        let dead = system.depths().map_or(0, |depths| depths.dead);
        let words = ("dead letter", "dead letters");
        let detail = "messages that nobody could apply";
        needs.add(
            ("bolt", "bad"),
            dead,
            words,
            detail,
            "/admin/events/dead-letters",
        );
    }
    Ok(needs.0)
}

fn of_orders(needs: &mut Needs, app: &AppState, orders: &waiting::Orders, now: Timestamp) {
    let list = |query: &str| format!("/admin/orders?{query}");
    let words = ("late order", "late orders");
    let detail = format!("not shipped for {}", span(app.late_after()));
    needs.add(
        ("warn", "bad"),
        orders.late,
        words,
        detail,
        list("late=true"),
    );
    let words = ("order to ship", "orders to ship");
    let href = list("status=confirmed&fulfillment_status=unfulfilled");
    needs.add(("truck", ""), orders.to_ship, words, "", href);
    let words = ("order shipped in part", "orders shipped in part");
    let href = list("status=confirmed&fulfillment_status=partially_shipped");
    needs.add(("truck", ""), orders.to_finish, words, "", href);
    let words = ("return to decide", "returns to decide");
    needs.add(
        ("return", ""),
        orders.returns_asked,
        words,
        "",
        list("returns=requested"),
    );
    let words = ("return to refund", "returns to refund");
    needs.add(
        ("return", ""),
        orders.returns_came,
        words,
        "what was sent back is here",
        list("returns=received"),
    );
    let words = ("dispute to answer", "disputes to answer");
    let detail = match orders.answer_until {
        Some(until) if until > now => format!("the first within {}", span(until.since(now))),
        Some(_) => "one is past its day".to_owned(),
        None => String::new(),
    };
    needs.add(
        ("shield", "bad"),
        orders.disputes,
        words,
        detail,
        list("to_answer=true"),
    );
    let words = ("unpaid order", "unpaid orders");
    let overdue = app.overdue_after();
    let detail = format!("for more than {}", span(overdue));
    let hours = overdue.as_secs() / 3600;
    let href = list(&format!(
        "status=pending&payment_status=unpaid&unpaid_hours={hours}"
    ));
    needs.add(("receipt", "warn"), orders.unpaid, words, detail, href);
    let words = ("declined payment", "declined payments");
    let href = list("status=pending&payment_status=failed");
    needs.add(
        ("receipt", ""),
        orders.declined,
        words,
        "customers may try again",
        href,
    );
}

/// What a person has to look into, because neither side can be right alone.
fn of_money(needs: &mut Needs, work: &[Work]) {
    for (class, work) in CLASSES.iter().zip(work) {
        let detail = match work.overdue {
            0 => String::new(),
            overdue => format!("{} overdue", thousands(&overdue.to_string())),
        };
        let (name, kinds) = match class.kinds {
            [] => ("except", CLASSES.map(|class| class.kinds).concat()),
            kinds => ("kind", kinds.to_vec()),
        };
        let pairs: Vec<_> = kinds.into_iter().map(|kind| (name, kind)).collect();
        let href = link("/admin/events/work-items", &pairs);
        needs.add((class.icon, "bad"), work.open, class.words, detail, href);
    }
}
