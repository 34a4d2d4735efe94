//! Asks a service for what customers and staff look at.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use auth_token::Role;
use http_kit::Cursor;
use primitives::{OrderId, UserId};
use sqlx::{Connection as _, PgConnection};
use uuid::Uuid;

use crate::support::Service;

/// How long the answers to one kind of question took, and how many statements.
#[derive(Default)]
struct Found {
    times: Vec<Duration>,
    statements: BTreeMap<u64, usize>,
}

pub(crate) async fn run(database: &str, requests: usize) -> anyhow::Result<()> {
    let mut db = PgConnection::connect(database).await?;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM orders")
        .fetch_one(&mut db)
        .await?;
    let drawn: Vec<(Uuid, Uuid)> = sqlx::query_as(
        "SELECT id, user_id FROM orders WHERE user_id IS NOT NULL ORDER BY hashtext(id::text) LIMIT $1",
    )
    .bind(i64::try_from(requests)?)
    .fetch_all(&mut db)
    .await?;
    ensure!(!drawn.is_empty(), "generate orders first");
    println!("{count} orders, {requests} requests of each kind, one after the other");
    let service = Service::start(database, 10).await?;
    let client = reqwest::Client::new();
    let staff = service.token(Uuid::from_u128(1).into(), Role::Admin)?;
    let mut found: BTreeMap<&str, Found> = BTreeMap::new();
    for (order, user) in drawn {
        let (order, user) = (OrderId::from(order), UserId::from(user));
        let customer = service.token(user, Role::Customer)?;
        let from_here = Cursor::encode(&order)
            .map(|cursor| cursor.as_str().to_owned())
            .map_err(|error| anyhow::anyhow!("{error:?}"))?;
        for (kind, token, path) in [
            ("list, own", &customer, "/api/orders".to_owned()),
            (
                "list, own, later page",
                &customer,
                format!("/api/orders?cursor={from_here}"),
            ),
            (
                "list, own, by status",
                &customer,
                "/api/orders?status=completed&payment_status=paid".to_owned(),
            ),
            ("list, staff", &staff, "/api/orders".to_owned()),
            (
                "list, staff, any page",
                &staff,
                format!("/api/orders?cursor={from_here}"),
            ),
            (
                "list, staff, to do",
                &staff,
                "/api/orders?status=confirmed".to_owned(),
            ),
            (
                "list, staff, rare",
                &staff,
                format!("/api/orders?status=confirmed&payment_status=paid&cursor={from_here}"),
            ),
            ("detail, own", &customer, format!("/api/orders/{order}")),
            ("detail, staff", &staff, format!("/api/orders/{order}")),
            (
                "timeline, own",
                &customer,
                format!("/api/orders/{order}/events"),
            ),
        ] {
            let began = Instant::now();
            let answer = client
                .get(format!("{}{path}", service.url))
                .bearer_auth(token)
                .send()
                .await?;
            let answer = answer.error_for_status().with_context(|| path)?;
            let statements = testkit::http::statement_count(answer.headers()).unwrap_or_default();
            answer.bytes().await?;
            let kind = found.entry(kind).or_default();
            kind.times.push(began.elapsed());
            *kind.statements.entry(statements).or_default() += 1;
        }
    }
    for (kind, mut found) in found {
        found.times.sort_unstable();
        let at = |percent: usize| {
            let last = found.times.len().saturating_sub(1);
            let place = (found.times.len() * percent / 100).min(last);
            found
                .times
                .get(place)
                .copied()
                .unwrap_or_default()
                .as_secs_f64()
                * 1000.0
        };
        let statements = found.statements.keys().max().copied().unwrap_or_default();
        println!(
            "{kind:24} p50 {:7.2} ms  p95 {:7.2} ms  p99 {:7.2} ms  {statements} statements",
            at(50),
            at(95),
            at(99)
        );
    }
    Ok(())
}
