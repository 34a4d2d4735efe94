//! What stands at the broker, and what has not reached it yet.

use askama::Template;
use auth_token::permissions::ManageEvents;
use axum::extract::State;
use axum::response::Html;
use primitives::Timestamp;
use sqlx::PgPool;

use super::map::{self, Row, pace};
use super::{OVERVIEW, Tab, tabs};
use crate::app::AppState;
use crate::clients::broker::{Depths, Standing};
use crate::domain::span::span;
use crate::error::Result;
use crate::format::filters;
use crate::pages::shell::Shell;
use crate::read::{self, events::COUNTED, events::Lag};
use crate::session::May;

/// What waits longer to be published is late: it usually takes milliseconds.
const LATE_SECONDS: u64 = 60;

#[derive(Template)]
#[template(path = "events/overview.html")]
struct Page<'a> {
    shell: Shell,
    tabs: Vec<Tab>,
    /// When the broker was looked at.
    at: Option<Timestamp>,
    broker: Option<Broker<'a>>,
    outboxes: Vec<Outbox>,
}

/// As far as the broker answered.
struct Broker<'a> {
    standing: &'a Standing,
    depths: Depths,
    into: String,
    done: String,
    /// What is wrong with a machine of it.
    alarms: Vec<String>,
    rows: Vec<Row>,
    others: Vec<Other>,
    exchanges: Vec<Exchange>,
}

struct Exchange {
    name: String,
    kind: String,
    into: String,
    out: String,
}

struct Other {
    name: String,
    messages: i64,
    consumers: i64,
}

/// Events of a service that wait to be published.
struct Outbox {
    service: &'static str,
    /// Nothing if its database does not answer.
    lag: Option<Lag>,
    age: String,
    late: bool,
}

impl Outbox {
    /// More are not counted.
    fn many(&self) -> bool {
        self.lag.as_ref().is_some_and(|lag| lag.rows >= COUNTED)
    }
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ManageEvents>,
) -> Result<Html<String>> {
    let now = app.clock.now();
    let outbox = async |service, pool| outbox(service, pool, now).await;
    let (auth, product, order, admin) = tokio::join!(
        outbox("auth", &app.auth_db),
        outbox("product", &app.product_db),
        outbox("order", &app.order_db),
        outbox("admin", &app.pool),
    );
    let system = app.board.system();
    let standing = system.broker.as_ref().filter(|_| system.is_fresh(now));
    let page = Page {
        shell: Shell::new(&session, OVERVIEW, None),
        tabs: tabs(&session, OVERVIEW),
        at: system.at,
        broker: standing.map(Broker::from),
        outboxes: vec![auth, product, order, admin],
    };
    Ok(Html(page.render()?))
}

/// A database that is away is no reason not to show the rest.
async fn outbox(service: &'static str, pool: &PgPool, now: Timestamp) -> Outbox {
    let lag = async { read::events::lag(&mut *pool.acquire().await?).await };
    let lag: Option<Lag> = match lag.await {
        Ok(lag) => Some(lag),
        Err(error) => {
            tracing::warn!(%error, service, "an outbox cannot be read");
            None
        }
    };
    let oldest = lag.as_ref().and_then(|lag| lag.oldest);
    Outbox {
        service,
        age: oldest.map(|at| span(now.since(at))).unwrap_or_default(),
        late: oldest.is_some_and(|at| now.since(at).as_secs() > LATE_SECONDS),
        lag,
    }
}

impl<'a> From<&'a Standing> for Broker<'a> {
    fn from(standing: &'a Standing) -> Self {
        let (rows, others) = map::arrange(standing);
        let into: f64 = rows.iter().map(|row| row.rates.arriving()).sum();
        let done: f64 = rows.iter().map(|row| row.rates.done()).sum();
        let others = others.into_iter().map(|queue| Other {
            name: queue.name.clone(),
            messages: queue.messages,
            consumers: queue.consumers,
        });
        let alarm = |is: bool, name: &str, what: &str| is.then(|| format!("{name} {what}"));
        let alarms = standing.nodes.iter().flat_map(|node| {
            [
                alarm(!node.running, &node.name, "is not running."),
                alarm(
                    node.mem_alarm,
                    &node.name,
                    "is short of memory: nothing is published until it has some.",
                ),
                alarm(
                    node.disk_free_alarm,
                    &node.name,
                    "is short of disk: nothing is published until it has some.",
                ),
            ]
        });
        let exchanges = standing.exchanges.iter().filter(|exchange| {
            let own = exchange.name.starts_with("amq.");
            !own || exchange.rates.arriving() > 0.0
        });
        let exchanges = exchanges.map(|exchange| Exchange {
            name: exchange.name.clone(),
            kind: exchange.kind.clone(),
            into: pace(exchange.rates.arriving()),
            out: pace(exchange.rates.leaving()),
        });
        Self {
            depths: standing.depths(),
            into: pace(into),
            done: pace(done),
            alarms: alarms.flatten().collect(),
            others: others.collect(),
            exchanges: exchanges.collect(),
            rows,
            standing,
        }
    }
}
