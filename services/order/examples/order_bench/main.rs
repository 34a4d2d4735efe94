//! What lists and details of orders cost in a shop with a long history.
//!
//! ```text
//! cargo run --release --example order_bench -- generate --database postgres://order_owner:…@127.0.0.1/order_db --orders 1000000
//! cargo run --release --example order_bench -- measure --database postgres://order_service:…@127.0.0.1/order_db --requests 1000
//! ```
//! `generate` fills a migrated database. `measure` runs the service in its own process on that database and asks it over HTTP, one question after the
//! other, for customers and orders drawn at random.

#![expect(clippy::print_stdout, reason = "what it found is what it is for")]

#[path = "../support/mod.rs"]
mod support;

mod generate;
mod measure;

use clap::{Parser, Subcommand};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fills a database with orders.
    Generate {
        /// The order database, as its owner.
        #[arg(long)]
        database: String,
        #[arg(long, default_value_t = 1_000_000)]
        orders: i64,
        /// How many `search_bench` made.
        #[arg(long, default_value_t = 100_000)]
        products: i64,
        /// Connections that write at the same time.
        #[arg(long, default_value_t = 2)]
        jobs: i64,
    },
    /// Asks for lists and details.
    Measure {
        /// The order database, as the service.
        #[arg(long)]
        database: String,
        #[arg(long, default_value_t = 1000)]
        requests: usize,
    },
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    runtime::install_tls_provider();
    match Cli::parse().command {
        Command::Generate {
            database,
            orders,
            products,
            jobs,
        } => generate::run(&database, orders, products, jobs).await,
        Command::Measure { database, requests } => measure::run(&database, requests).await,
    }
}
