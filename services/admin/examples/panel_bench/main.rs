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

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Command::Generate {
        database,
        mails,
        orders,
        of,
    } = Cli::parse().command;
    let began = Instant::now();
    let mut db = PgConnection::connect(&orders).await?;
    let recent: Vec<(Uuid, String, Option<Uuid>, String)> = sqlx::query_as(
        "SELECT id, coalesce(number, 0)::text, user_id, email FROM orders ORDER BY id DESC LIMIT $1",
    )
    .bind(of)
    .fetch_all(&mut db)
    .await?;
    for (database, sql, acts) in [
        (database, include_str!("panel.sql"), ACTS),
        (mails, include_str!("mails.sql"), 0),
    ] {
        let mut db = PgConnection::connect(&database).await?;
        sqlx::raw_sql("CREATE TEMP TABLE recent (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid, number text, user_id uuid, email text)")
            .execute(&mut db)
            .await?;
        for some in recent.chunks(5_000) {
            sqlx::query("INSERT INTO recent (id, number, user_id, email) SELECT * FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[])")
                .bind(some.iter().map(|order| order.0).collect::<Vec<_>>())
                .bind(some.iter().map(|order| order.1.clone()).collect::<Vec<_>>())
                .bind(some.iter().map(|order| order.2).collect::<Vec<_>>())
                .bind(some.iter().map(|order| order.3.clone()).collect::<Vec<_>>())
                .execute(&mut db)
                .await?;
        }
        sqlx::raw_sql("ANALYZE recent").execute(&mut db).await?;
        for from in (1..=acts).step_by(BATCH) {
            let sql = include_str!("audit.sql")
                .replace("{from}", &from.to_string())
                .replace("{to}", &(from + BATCH - 1).to_string());
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut db).await?;
        }
        let mut tx = db.begin().await?;
        sqlx::raw_sql(sql).execute(&mut *tx).await?;
        tx.commit().await?;
        sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut db).await?;
    }
    println!(
        "what the panel keeps of {} orders in {} s",
        recent.len(),
        began.elapsed().as_secs()
    );
    Ok(())
}
