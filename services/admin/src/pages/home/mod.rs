//! The first page: what needs somebody, how the day goes, what sells, and how the system is. It brings itself up to date ([`live`]), and works without.

mod live;
mod needs;
mod today;
mod trend;

use std::borrow::Borrow;
use std::sync::Arc;

use askama::Template;
use auth_token::permissions::{ManageEvents, ReadOrders, UseInbox};
use axum::Router;
use axum::extract::State;
use axum::response::Html;
use axum::routing::get;
use primitives::{Currency, Timestamp};
use serde::Deserialize;

use self::needs::Need;
use self::today::Tile;
use self::trend::{Span, Trend};
use super::chart::Unit;
use super::shell::{Shell, link};
use crate::app::AppState;
use crate::board::{Named, Ranks, System};
use crate::clients::broker::Depths;
use crate::domain::span::span;
use crate::error::Result;
use crate::format::filters;
use crate::input::Query;
use crate::read::events::COUNTED;
use crate::read::orders::{OrderFilter, OrderRow};
use crate::read::{self, snapshot};
use crate::session::Session;
use crate::store;
use crate::store::home::Now;
use crate::store::notifications::Notification;

pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/admin", get(page))
        .route("/admin/live", get(live::stream))
}

#[derive(Template)]
#[template(path = "home/page.html")]
struct Page {
    shell: Shell,
    needs: Vec<Need>,
    /// Nothing for those who see no orders.
    sales: Option<Sales>,
    orders: Vec<OrderRow>,
    /// Nothing for those without an inbox.
    news: Option<Vec<Notification>>,
    /// Nothing for those who may not look at events.
    system: Option<Strip>,
}

/// What was sold.
struct Sales {
    /// The weekday and the time that today is compared with: `last Saturday by 14:00`.
    then: String,
    tiles: Vec<Tile>,
    trend: Trend,
    ranks: Option<Ranks>,
    currency: Currency,
    /// Address, code, and whether it is what is shown.
    currencies: Vec<(String, Currency, bool)>,
    as_of: Option<Timestamp>,
    filling: bool,
}

impl Sales {
    /// An amount in full.
    fn money(&self, amount: impl Borrow<i64>) -> String {
        Unit::Money(self.currency).full(*amount.borrow())
    }

    /// Coupons have a list of their orders, promotions have none.
    fn offer_link(named: &Named) -> Option<String> {
        let code = named.row.key.strip_prefix("coupon:")?;
        Some(link("/admin/orders", &[("coupon", code)]))
    }
}

/// How the system is.
struct Strip {
    system: Arc<System>,
    fresh: bool,
    now: Timestamp,
}

impl Strip {
    /// Nothing if nobody knows.
    fn depths(&self) -> Option<Depths> {
        self.system.depths().filter(|_| self.fresh)
    }

    /// Events that wait longer than is usual.
    fn late(&self) -> Vec<String> {
        let late = self.system.outboxes.iter().filter_map(|outbox| {
            let waits = self.now.since(outbox.since?);
            (waits.as_secs() >= 10).then(|| {
                let (service, waiting) = (outbox.service, outbox.waiting);
                let more = if waiting < COUNTED { "" } else { "+" };
                format!("{service}: {waiting}{more} for {}", span(waits))
            })
        });
        late.collect()
    }
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Params {
    /// `day`, `week` or `month`.
    show: String,
    /// `no` to see these days alone.
    compare: String,
    currency: String,
}

async fn page(
    State(app): State<AppState>,
    session: Session,
    Query(params): Query<Params>,
) -> Result<Html<String>> {
    let now = app.clock.now();
    let reads_orders = session.may::<ReadOrders>();
    let sales = async {
        match reads_orders {
            true => sales(&app, &params, now).await.map(Some),
            false => Ok(None),
        }
    };
    let orders = async {
        if !reads_orders {
            return Ok(Vec::new());
        }
        let mut db = app.order_db.acquire().await?;
        Ok(read::orders::list(&mut db, &OrderFilter::default(), None, 6).await?)
    };
    let news = async {
        if !session.may::<UseInbox>() {
            return Ok(None);
        }
        let mut db = app.pool.acquire().await?;
        Ok(Some(store::notifications::latest(&mut db, 6).await?))
    };
    let needs = needs::of(&app, &session, now);
    let (needs, sales, orders, news) = tokio::try_join!(needs, sales, orders, news)?;
    let system = app.board.system();
    let page = Page {
        shell: Shell::new(&session, "/admin", None),
        needs,
        sales,
        orders,
        news,
        system: session.may::<ManageEvents>().then(|| Strip {
            fresh: system.is_fresh(now),
            system,
            now,
        }),
    };
    Ok(Html(page.render()?))
}

/// Today and the days before it, from the sums; what is not in them from the databases that have it.
async fn sales(app: &AppState, params: &Params, now: Timestamp) -> Result<Sales> {
    let span = Span::named(&params.show);
    let compare = params.compare != "no";
    let mut db = snapshot(&app.pool).await?;
    let clock = store::home::now(&mut db, now, &app.time_zone).await?;
    let currency = chosen(&clock, &params.currency, app.currency());
    let last_week = clock.today - time::Duration::WEEK;
    let quarters = store::home::quarters(&mut db, currency, &[clock.today, last_week]).await?;
    let days = match span.days() {
        Some(days) => {
            let first = clock.today - time::Duration::days(2 * i64::from(days) - 1);
            store::analytics_pages::days(&mut db, currency, first, clock.today).await?
        }
        None => Vec::new(),
    };
    drop(db);
    let before = (clock.start_before, clock.until_before);
    let checkouts = async {
        let mut db = app.order_db.acquire().await?;
        read::today::checkouts(&mut db, clock.start, before).await
    };
    let customers = async {
        let mut db = app.auth_db.acquire().await?;
        read::today::customers(&mut db, clock.start, before).await
    };
    let (checkouts, customers) = tokio::try_join!(checkouts, customers)?;

    let address = |show: &str, compare: bool, currency: &str| {
        let compare = if compare { "" } else { "no" };
        let pairs = [("show", show), ("compare", compare), ("currency", currency)];
        link("/admin", &pairs)
    };
    let in_currency = |show: &str, compare: bool| address(show, compare, &params.currency);
    let currencies = clock
        .currencies
        .iter()
        .filter(|_| clock.currencies.len() > 1);
    Ok(Sales {
        then: today::then(&clock),
        tiles: today::tiles(&clock, currency, &quarters, checkouts, customers),
        trend: Trend::draw(
            &clock,
            span,
            compare,
            currency,
            &quarters,
            &days,
            in_currency,
        ),
        ranks: app.board.ranks(currency, span.days().unwrap_or(7)),
        currencies: currencies
            .map(|code| {
                (
                    address(span.word(), compare, code.code()),
                    *code,
                    *code == currency,
                )
            })
            .collect(),
        currency,
        as_of: clock.as_of,
        filling: clock.filling,
    })
}

/// The one asked for, or the one with most orders, or the shop's.
fn chosen(clock: &Now, asked: &str, shops: Currency) -> Currency {
    let all = &clock.currencies;
    let found = all.iter().find(|currency| currency.code() == asked);
    found.or(all.first()).copied().unwrap_or(shops)
}
