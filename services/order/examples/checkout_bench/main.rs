//! How many carts become orders in a second.
//!
//! ```sh
//! cargo run --release --example checkout_bench -- --database postgres://order_service:…@127.0.0.1/order_db
//! services/order/examples/checkout_bench/pgbench.sh postgres://order_service:…@127.0.0.1/order_db
//! ```
//! The service runs in this process on a migrated database of your own; every request comes over HTTP, is signed in, and places an order of
//! three lines with an Idempotency-Key. product is a stand-in here that has everything, so what is measured is this service and its SQL.
//! `pgbench.sh` runs the statements of the one transaction that writes the order, without any service: PostgreSQL's own limit.
//! fsync decides all of these numbers: it prints how the server is set.

#![expect(clippy::print_stdout, reason = "what it found is what it is for")]

#[path = "../support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use auth_token::Role;
use clap::Parser;
use primitives::{Clock, Random, UserId};
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;

use crate::support::Service;

const CALLERS: [usize; 4] = [1, 4, 16, 64];

#[derive(Parser)]
struct Arguments {
    /// The order database, as the service.
    #[arg(long)]
    database: String,
    /// Orders that are placed for each number of callers.
    #[arg(long, default_value_t = 2000)]
    orders: usize,
    /// Connections to the database, as `DATABASE_MAX_CONNECTIONS`.
    #[arg(long, default_value_t = 20)]
    connections: u32,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::install_tls_provider();
    let arguments = Arguments::parse();
    let mut db = PgConnection::connect(&arguments.database).await?;
    let settings: String = sqlx::query_scalar(
        "SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')",
    )
    .fetch_one(&mut db)
    .await?;
    println!("{settings}, {} connections", arguments.connections);
    let service = Service::start(&arguments.database, arguments.connections).await?;
    // Connections and plans are made.
    measure(&service, &mut db, 4, 40).await?;
    for callers in CALLERS {
        let (rate, mut times) = measure(&service, &mut db, callers, arguments.orders).await?;
        times.sort_unstable();
        let at = |percent: usize| {
            let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
            times.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0
        };
        println!(
            "{callers:>4} callers {rate:>8.0} orders/s  p50 {:7.2} ms  p95 {:7.2} ms  p99 {:7.2} ms",
            at(50),
            at(95),
            at(99)
        );
    }
    let gaps: i64 =
        sqlx::query_scalar("SELECT max(number) - min(number) + 1 - count(*) FROM order_numbers")
            .fetch_one(&mut db)
            .await?;
    ensure!(gaps == 0, "{gaps} numbers are missing");
    println!("no number is missing");
    Ok(())
}

/// Orders in a second, and how long each took, when so many callers place one after the other.
async fn measure(
    service: &Service,
    db: &mut PgConnection,
    callers: usize,
    orders: usize,
) -> anyhow::Result<(f64, Vec<Duration>)> {
    let mut tokens = Vec::with_capacity(orders);
    for user in carts(db, orders).await? {
        tokens.push(service.token(user, Role::Customer)?);
    }
    let (tokens, next) = (Arc::new(tokens), Arc::new(AtomicUsize::new(0)));
    let client = reqwest::Client::new();
    let body = json!({"shipping_address": {"name": "Anna Example", "line1": "Street 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}});
    let url = format!("{}/api/orders", service.url);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (tokens, next, client) = (tokens.clone(), next.clone(), client.clone());
        let (url, body) = (url.clone(), body.clone());
        tasks.spawn(async move {
            let mut times = Vec::new();
            while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
                let began = Instant::now();
                let answer = client
                    .post(&url)
                    .bearer_auth(token)
                    .header("idempotency-key", "bench")
                    .json(&body)
                    .send()
                    .await?;
                let status = answer.status().as_u16();
                let text = answer.text().await?;
                ensure!(status == 201, "{status}: {text}");
                times.push(began.elapsed());
            }
            Ok(times)
        });
    }
    let mut times = Vec::with_capacity(orders);
    while let Some(done) = tasks.join_next().await {
        times.extend(done?.context("a checkout failed")?);
    }
    Ok((orders as f64 / began.elapsed().as_secs_f64(), times))
}

/// New customers, each with a cart of three lines.
async fn carts(db: &mut PgConnection, count: usize) -> anyhow::Result<Vec<UserId>> {
    let (clock, random) = (Clock::system(), Random::system());
    let users: Vec<UserId> = (0..count)
        .map(|_| UserId::new(clock.now(), &random))
        .collect();
    let ids: Vec<uuid::Uuid> = users.iter().map(|user| user.uuid()).collect();
    let mut tx = db.begin().await?;
    for sql in [
        "INSERT INTO carts (id, user_id) SELECT id, id FROM unnest($1::uuid[]) id",
        "INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity)
         SELECT gen_random_uuid(), cart, variant, variant, 1
           FROM unnest($1::uuid[]) cart, (SELECT ('01900000-0000-7000-8000-00000000000' || n)::uuid AS variant FROM generate_series(1, 3) n) v",
    ] {
        sqlx::query(sql).bind(&ids).execute(&mut *tx).await?;
    }
    tx.commit().await?;
    Ok(users)
}
