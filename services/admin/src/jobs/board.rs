//! Looks at the system around the panel, and makes the rankings of the first page: what may take long is on no page's time.

use std::time::Duration;

use primitives::Currency;
use runtime::CancellationToken;
use sqlx::PgPool;
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::AppState;
use crate::board::{Named, Outbox, Ranks, System};
use crate::domain::sales::{Report, offer_name};
use crate::read::{self, snapshot};
use crate::store::analytics_pages::{self, Ranked, Ranking};
use crate::store::{self, home};

/// How often the system is looked at …
const INTERVAL: Duration = Duration::from_secs(5);
/// … and how often rankings are made, unless nothing changed.
const RANKS_EVERY: Duration = Duration::from_secs(60);
/// A database that takes longer says nothing.
const PATIENCE: Duration = Duration::from_secs(2);
/// Of how many days rankings are.
pub(crate) const SPANS: [u16; 2] = [7, 30];
/// Rows of each.
const ROWS: i64 = 5;
/// Shops sell in few.
const CURRENCIES: usize = 3;

/// Looks around until the service stops.
pub(crate) async fn run(app: AppState, shutdown: CancellationToken) {
    let mut timer = tokio::time::interval(INTERVAL);
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut ranked: Option<(Instant, (i64, time::Date))> = None;
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = timer.tick() => {}
        }
        let looking = async {
            look(&app, false).await;
            if ranked.is_some_and(|(at, _)| at.elapsed() < RANKS_EVERY) {
                return;
            }
            let known = ranked.map(|(_, edition)| edition);
            match rank_unless(&app, known).await {
                Ok(edition) => ranked = Some((Instant::now(), edition)),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "what sells cannot be ranked");
                }
            }
        };
        // What is under way is only read: it may be dropped.
        tokio::select! {
            () = shutdown.cancelled() => return,
            () = looking => {}
        }
    }
}

/// Looks at the system and, if asked to, at what sells.
pub(crate) async fn look(app: &AppState, ranks: bool) {
    let (services, broker, outboxes, reconciliation) = tokio::join!(
        app.probe.all(),
        app.broker.standing(),
        outboxes(app),
        patiently(async {
            read::system::reconciliation(&mut *app.order_db.acquire().await?).await
        }),
    );
    app.board.put_system(System {
        at: Some(app.clock.now()),
        services,
        outboxes,
        broker: broker.ok(),
        reconciliation: reconciliation.flatten(),
    });
    if ranks && let Err(error) = rank_unless(app, None).await {
        tracing::warn!(error = format!("{error:#}"), "what sells cannot be ranked");
    }
}

/// Nothing if a database does not answer soon: what is shown of it says so.
async fn patiently<T>(read: impl Future<Output = sqlx::Result<T>>) -> Option<T> {
    match tokio::time::timeout(PATIENCE, read).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a database does not answer");
            None
        }
        Err(_) => None,
    }
}

async fn outboxes(app: &AppState) -> Vec<Outbox> {
    let of = |service, pool: &PgPool| {
        let pool = pool.clone();
        async move {
            let read = async { read::events::lag(&mut *pool.acquire().await?).await };
            let lag = patiently(read).await?;
            Some(Outbox {
                service,
                since: lag.oldest,
                waiting: lag.rows,
            })
        }
    };
    let (auth, product, order, admin) = tokio::join!(
        of("auth", &app.auth_db),
        of("product", &app.product_db),
        of("order", &app.order_db),
        of("admin", &app.pool)
    );
    [auth, product, order, admin]
        .into_iter()
        .flatten()
        .collect()
}

/// Makes the rankings, unless they are those of this day and of these numbers; what they are of.
async fn rank_unless(
    app: &AppState,
    known: Option<(i64, time::Date)>,
) -> anyhow::Result<(i64, time::Date)> {
    let mut conn = app.pool.acquire().await?;
    let epoch = store::analytics::state(&mut conn).await?.epoch;
    let now = home::now(&mut conn, app.clock.now(), &app.time_zone).await?;
    drop(conn);
    let edition = (epoch, now.today);
    if known == Some(edition) {
        return Ok(edition);
    }
    let mut all = Vec::new();
    for currency in now.currencies.iter().take(CURRENCIES) {
        for days in SPANS {
            all.push(rank(app, *currency, now.today, days).await?);
        }
    }
    app.board.put_ranks(all);
    Ok(edition)
}

/// The rankings of so many days that end today, with those before.
async fn rank(
    app: &AppState,
    currency: Currency,
    today: time::Date,
    days: u16,
) -> anyhow::Result<Ranks> {
    let span = time::Duration::days(days.into());
    // Two stretches of as many days, the last of which is that.
    let pieces = |last: time::Date| {
        let first = last - span + time::Duration::DAY;
        vec![
            ("day", first, last, true),
            ("day", first - span, first - time::Duration::DAY, false),
        ]
    };
    let asked = |report, sort, last| Ranking {
        report,
        currency,
        pieces: pieces(last),
        sort,
        after: None,
        limit: ROWS,
    };
    let mut db = snapshot(&app.pool).await?;
    let top = analytics_pages::ranked(&mut db, &asked(Report::Product, "", today)).await?;
    // Beside whole days, a day that is not over is always less.
    let yesterday = today - time::Duration::DAY;
    let falling = asked(Report::Product, "falling", yesterday);
    let mut falling = analytics_pages::ranked(&mut db, &falling).await?;
    let offers = analytics_pages::ranked(&mut db, &asked(Report::Offer, "", today)).await?;
    drop(db);
    // The last of them may have sold as much as before, or more.
    falling.rows.retain(|row| row.rank > 0);

    let products = top.rows.iter().chain(&falling.rows);
    let ids: Vec<Uuid> = products.filter_map(|row| row.key.parse().ok()).collect();
    let titles = read::sales::titles(&mut *app.product_db.acquire().await?, &ids).await?;
    let titled = |rows: Vec<Ranked>| {
        let named = rows.into_iter().map(|row| Named {
            name: row
                .key
                .parse()
                .ok()
                .and_then(|id: Uuid| titles.get(&id).cloned())
                .unwrap_or_else(|| "A product that is gone".to_owned()),
            row,
        });
        named.collect()
    };
    Ok(Ranks {
        currency,
        days,
        top: titled(top.rows),
        falling: titled(falling.rows),
        offers: offers
            .rows
            .into_iter()
            .map(|row| Named {
                name: offer_name(&row.key),
                row,
            })
            .collect(),
    })
}
