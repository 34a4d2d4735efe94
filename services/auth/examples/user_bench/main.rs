//! A shop's many customers, for measuring what lists of them cost.
//!
//! ```text
//! cargo run --release --example user_bench -- generate --database postgres://auth_owner:…@127.0.0.1/auth_db --users 200000
//! ```
//! They are the customers of `order_bench`'s orders, with the same ids and addresses. Nobody can sign in as one of them.

#![expect(clippy::print_stdout, reason = "what it did is what it is for")]

use std::time::Instant;

use clap::{Parser, Subcommand};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fills a database with customers; those that are there already stay as they are.
    Generate {
        /// The auth database, as its owner.
        #[arg(long)]
        database: String,
        #[arg(long, default_value_t = 200_000)]
        users: i64,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let Command::Generate { database, users } = Cli::parse().command;
    let began = Instant::now();
    let mut db = PgConnection::connect(&database).await?;
    let sql = include_str!("generate.sql").replace("{users}", &users.to_string());
    let mut tx = db.begin().await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    tx.commit().await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut db).await?;
    println!("{users} customers in {} s", began.elapsed().as_secs());
    Ok(())
}
