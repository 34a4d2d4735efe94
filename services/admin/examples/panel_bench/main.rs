//! What the panel itself keeps of a shop with a long history, for measuring its pages.
//!
//! ```text
//! cargo run --release --example panel_bench -- generate --database postgres://admin_owner:…@127.0.0.1/admin_db \
//!   --mails postgres://notification_owner:…@127.0.0.1/admin_db --orders postgres://order_owner:…@127.0.0.1/order_db
//! ```
//! It tells of the last 50,000 orders that there are: who did what to them, what was written about them, which mails and webhooks were sent.

#![expect(clippy::print_stdout, reason = "what it did is what it is for")]

use std::time::Instant;

use clap::{Parser, Subcommand};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use uuid::Uuid;

/// So many acts of staff, so many of them in a transaction.
const ACTS: usize = 100_000;
const BATCH: usize = 500;

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fills the databases of admin and notification.
    Generate {
        /// The panel's database, as its owner.
        #[arg(long)]
        database: String,
        /// The same database, as the owner of notification's part of it.
        #[arg(long)]
        mails: String,
        /// The order database, as its owner.
        #[arg(long)]
        orders: String,
        #[arg(long, default_value_t = 50_000)]
        of: i64,
    },
}

/// Of an order: its id, its number, whose it is.
type Recent = (Uuid, String, Option<Uuid>, String);

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Command::Generate {
        database,
        mails: mails_database,
        orders,
        of,
    } = Cli::parse().command;
    let began = Instant::now();
    let mut db = PgConnection::connect(&orders).await?;
    let recent: Vec<Recent> = sqlx::query_as(
        "SELECT id, coalesce(number, 0)::text, user_id, email FROM orders ORDER BY id DESC LIMIT $1",
    )
    .bind(of)
    .fetch_all(&mut db)
    .await?;
    panel(&mut PgConnection::connect(&database).await?, &recent).await?;
    mails(&mut PgConnection::connect(&mails_database).await?, &recent).await?;
    println!(
        "what the panel keeps of {} orders in {} s",
        recent.len(),
        began.elapsed().as_secs()
    );
    Ok(())
}

/// Who did what, conversations, notifications, webhooks and the stock's worth.
async fn panel(db: &mut PgConnection, recent: &[Recent]) -> anyhow::Result<()> {
    sqlx::raw_sql("CREATE TEMP TABLE recent (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid, number text, user_id uuid, email text)")
        .execute(&mut *db)
        .await?;
    for some in recent.chunks(5_000) {
        sqlx::query("INSERT INTO recent (id, number, user_id, email) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])")
            .bind(some.iter().map(|order| order.0).collect::<Vec<_>>())
            .bind(some.iter().map(|order| order.1.clone()).collect::<Vec<_>>())
            .bind(some.iter().map(|order| order.2).collect::<Vec<_>>())
            .bind(some.iter().map(|order| order.3.clone()).collect::<Vec<_>>())
            .execute(&mut *db)
            .await?;
    }
    sqlx::raw_sql("ANALYZE recent").execute(&mut *db).await?;
    for from in (1..=ACTS).step_by(BATCH) {
        let sql = include_str!("audit.sql")
            .replace("{from}", &from.to_string())
            .replace("{to}", &(from + BATCH - 1).to_string());
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *db).await?;
    }
    let mut tx = db.begin().await?;
    sqlx::raw_sql(include_str!("panel.sql"))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(db).await?;
    Ok(())
}

/// As the owner of notification's part, who may make no temporary table.
async fn mails(db: &mut PgConnection, recent: &[Recent]) -> anyhow::Result<()> {
    sqlx::query(include_str!("mails.sql"))
        .bind(recent.iter().map(|order| &*order.1).collect::<Vec<_>>())
        .bind(recent.iter().map(|order| &*order.3).collect::<Vec<_>>())
        .execute(&mut *db)
        .await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(db).await?;
    Ok(())
}
