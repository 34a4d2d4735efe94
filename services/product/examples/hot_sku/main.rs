//! How many units of one variant can be held in a second, when everybody wants it.
//!
//! ```sh
//! DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres cargo run --release --example hot_sku
//! ```
//!
//! Makes a database `hot_sku` on that server, which must know Mercato's roles (`db/init`), and drops it afterwards. For 1, 8, 64 and
//! 256 callers it prints the units held in a second when those of a process are served together, and when each has a transaction of
//! its own; `pgbench.sh` beside this file does the same update of one row for comparison. fsync decides all of these numbers: it
//! prints how the server is set.

#![expect(clippy::print_stdout, reason = "what it found is what it is for")]

use std::str::FromStr as _;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use primitives::{Quantity, VariantId};
use product::Reservations;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};
use uuid::Uuid;

const CALLERS: [usize; 4] = [1, 8, 64, 256];
const DATABASE: &str = "hot_sku";

#[derive(clap::Parser)]
struct Arguments {
    /// A superuser's, or the database owner's.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    database_url: String,
    /// For how long each number is measured.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// How many are served together.
    #[arg(long, default_value_t = 64)]
    at_once: usize,
    /// Connections to the database, as `DATABASE_MAX_CONNECTIONS`.
    #[arg(long, default_value_t = 20)]
    connections: u32,
    /// Leave the database there, for pgbench.sh.
    #[arg(long)]
    keep: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Arguments = clap::Parser::parse();
    let server = PgConnectOptions::from_str(&arguments.database_url)?;
    let mut root = server.connect().await?;
    drop_database(&mut root).await?;
    sqlx::query("CREATE DATABASE hot_sku")
        .execute(&mut root)
        .await?;
    let pool = PgPoolOptions::new()
        .max_connections(arguments.connections)
        .acquire_timeout(Duration::from_secs(60))
        .connect_with(server.database(DATABASE))
        .await?;
    sqlx::query("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        .execute(&pool)
        .await?;
    product::MIGRATOR.run(&pool).await.context("migrations")?;
    let variant = stock(&pool).await?;
    let fsync: String = setting(&pool, "fsync").await?;
    let commit: String = setting(&pool, "synchronous_commit").await?;
    println!(
        "fsync {fsync}, synchronous_commit {commit}, {} connections",
        arguments.connections
    );
    println!(
        "{:>8} {:>12} {:>12} {:>8}",
        "callers", "together", "one by one", "factor"
    );
    for callers in CALLERS {
        let mut found = Vec::new();
        for at_once in [arguments.at_once, 1] {
            let process = Reservations::new(pool.clone(), at_once);
            let seconds = Duration::from_secs(arguments.seconds);
            found.push(measure(&process, variant, callers, seconds).await?);
            forget(&pool).await?;
        }
        let [together, alone] = found.as_slice() else {
            continue;
        };
        println!(
            "{callers:>8} {together:>10.0}/s {alone:>10.0}/s {:>8.1}",
            together / alone
        );
    }
    pool.close().await;
    if arguments.keep {
        println!("database {DATABASE} is kept");
    } else {
        drop_database(&mut root).await?;
    }
    root.close().await?;
    Ok(())
}

/// Units held in a second by so many callers, each of whom asks again when he is answered.
async fn measure(
    process: &Reservations,
    variant: VariantId,
    callers: usize,
    lasts: Duration,
) -> anyhow::Result<f64> {
    let unit = Quantity::try_from(1)?;
    // Connections and plans are made.
    for _ in 0..20 {
        process.reserve(process.order(), variant, unit).await?;
    }
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..callers {
        let process = process.clone();
        tasks.spawn(async move {
            let mut units = 0_u64;
            while started.elapsed() < lasts {
                anyhow::ensure!(
                    process.reserve(process.order(), variant, unit).await?,
                    "sold out"
                );
                units += 1;
            }
            Ok(units)
        });
    }
    let mut units = 0;
    while let Some(done) = tasks.join_next().await {
        units += done??;
    }
    Ok(units as f64 / started.elapsed().as_secs_f64())
}

/// One public variant, with more units than can be sold.
async fn stock(pool: &PgPool) -> anyhow::Result<VariantId> {
    let (product, variant) = (Uuid::from_u128(1), Uuid::from_u128(2));
    for sql in [
        "INSERT INTO products (id, seller_id, slug, title, description, status, currency, price_min, price_max, created_at, updated_at)
         VALUES ($1, $1, 'hot', 'Hot', '', 'active', 'EUR', 1, 1, now(), now())",
        "INSERT INTO product_variants (id, product_id, seller_id, sku, price, position, created_at, updated_at)
         VALUES ($2, $1, $1, 'HOT', 1, 1, now(), now())",
        "INSERT INTO stock_levels (variant_id, location_id, on_hand, updated_at) SELECT $2, id, 1000000000, now() FROM stock_locations",
        "INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, created_at)
         SELECT $1, $2, id, 'receive', 1000000000, 0, now() FROM stock_locations",
    ] {
        // Each takes what it needs of both.
        let sql = format!("WITH ids AS (SELECT $1::uuid, $2::uuid) {sql}");
        sqlx::query(sqlx::AssertSqlSafe(sql)).bind(product).bind(variant).execute(pool).await?;
    }
    Ok(variant.into())
}

/// Begins anew: tables that grow would make the later numbers worse.
async fn forget(pool: &PgPool) -> anyhow::Result<()> {
    sqlx::query("TRUNCATE outbox, reservation_lines, reservations")
        .execute(pool)
        .await?;
    sqlx::query("DELETE FROM stock_movements WHERE kind = 'reserve'")
        .execute(pool)
        .await?;
    sqlx::query("UPDATE stock_levels SET reserved = 0")
        .execute(pool)
        .await?;
    sqlx::query("VACUUM FULL stock_levels, stock_movements")
        .execute(pool)
        .await?;
    Ok(())
}

async fn setting(pool: &PgPool, name: &str) -> sqlx::Result<String> {
    sqlx::query_scalar("SELECT current_setting($1)")
        .bind(name)
        .fetch_one(pool)
        .await
}

async fn drop_database(root: &mut sqlx::PgConnection) -> sqlx::Result<()> {
    sqlx::query("DROP DATABASE IF EXISTS hot_sku WITH (FORCE)")
        .execute(root)
        .await?;
    Ok(())
}
