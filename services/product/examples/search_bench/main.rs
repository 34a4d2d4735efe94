//! How long searches take in a big shop.
//!
//! ```text
//! cargo run --release --example search_bench -- generate --database postgres://product_owner:…@127.0.0.1/product_db --products 100000
//! cargo run --release --example search_bench -- measure --database … --url http://127.0.0.1:8003 --requests 1000
//! ```
//! `generate` adds the same products on every machine, which the running service then takes into its search. `measure` asks one
//! question after the other, no question twice, so that no cache answers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use clap::{Parser, Subcommand};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Adds products to a shop.
    Generate {
        /// The product database, as its owner.
        #[arg(long)]
        database: String,
        #[arg(long, default_value_t = 100_000)]
        products: i64,
    },
    /// Asks a running service.
    Measure {
        /// The product database; words are drawn from its titles.
        #[arg(long)]
        database: String,
        /// The product service's public port.
        #[arg(long)]
        url: String,
        #[arg(long, default_value_t = 1000)]
        requests: u64,
    },
}

/// So many products are made in one transaction.
const BATCH: i64 = 20_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    match Cli::parse().command {
        Command::Generate { database, products } => generate(&database, products).await,
        Command::Measure {
            database,
            url,
            requests,
        } => measure(&database, &url, requests).await,
    }
}

async fn generate(database: &str, products: i64) -> anyhow::Result<()> {
    let mut db = PgConnection::connect(database).await?;
    for from in (1..=products).step_by(usize::try_from(BATCH)?) {
        let to = (from + BATCH - 1).min(products);
        let sql = include_str!("generate.sql")
            .replace("{from}", &from.to_string())
            .replace("{to}", &to.to_string());
        let mut tx = db.begin().await?;
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
        tx.commit().await?;
        // The temporary functions are this session's.
        db.close().await?;
        db = PgConnection::connect(database).await?;
        report(&format!("{to} of {products} products"));
    }
    sqlx::raw_sql(include_str!("after.sql"))
        .execute(&mut db)
        .await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut db).await?;
    sqlx::raw_sql("INSERT INTO search_rebuilds DEFAULT VALUES")
        .execute(&mut db)
        .await?;
    report(
        "The service takes them into its search now; measure when search_rebuilds is empty, after VACUUM ANALYZE.",
    );
    Ok(())
}

/// One title, taken apart.
struct Words {
    brand: String,
    colour: String,
    noun: String,
    category: String,
}

async fn measure(database: &str, url: &str, requests: u64) -> anyhow::Result<()> {
    let mut db = PgConnection::connect(database).await?;
    let drawn: Vec<(String, String)> = sqlx::query_as(
        "SELECT p.title, c.slug FROM products p JOIN categories c ON c.id = p.category_id WHERE p.slug LIKE 'bench-%' ORDER BY hashtext(p.slug) LIMIT $1",
    )
    .bind(i64::try_from(requests)?)
    .fetch_all(&mut db)
    .await?;
    ensure!(!drawn.is_empty(), "generate products first");
    let client = reqwest::Client::new();
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    for (number, (title, category)) in drawn.iter().enumerate() {
        let mut parts = title.split_whitespace().map(str::to_lowercase);
        let (brand, _, colour, noun) = (
            parts.next().context("no brand")?,
            parts.next(),
            parts.next().context("no colour")?,
            parts.next().context("no noun")?,
        );
        let words = Words {
            brand,
            colour,
            noun,
            category: category.clone(),
        };
        let (kind, query) = question(number, &words);
        // A filter that keeps nothing out makes each question another one.
        let address = format!(
            "{url}/api/products?{query}&max_price={}",
            1_000_000_000 + number
        );
        let began = Instant::now();
        let answer = client.get(&address).send().await?.error_for_status()?;
        answer.bytes().await?;
        times.entry(kind).or_default().push(began.elapsed());
    }
    let mut all: Vec<Duration> = Vec::new();
    for (kind, mut list) in times {
        line(kind, &mut list);
        all.append(&mut list);
    }
    line("all", &mut all);
    Ok(())
}

/// The mix: of a hundred questions, so many of each kind, all with facets.
fn question(number: usize, words: &Words) -> (&'static str, String) {
    let Words {
        brand,
        colour,
        noun,
        category,
    } = words;
    match number * 37 % 100 {
        0..20 => (
            "browse a category",
            format!("category={category}&facets=true"),
        ),
        20..42 => ("one word", format!("q={noun}&facets=true")),
        42..62 => ("two words", format!("q={brand}+{noun}&facets=true")),
        62..70 => (
            "three words",
            format!("q={brand}+{colour}+{noun}&facets=true"),
        ),
        70..82 => (
            "a word and filters",
            format!("q={noun}&attr.colour={colour}&in_stock=true&facets=true"),
        ),
        82..90 => (
            "a category and filters",
            format!(
                "category={category}&attr.colour={colour}&in_stock=true&sort=price&facets=true"
            ),
        ),
        90..95 => {
            let typo: String = noun.chars().take(3).chain(noun.chars().skip(4)).collect();
            ("a typing error", format!("q={typo}&facets=true"))
        }
        _ => ("a SKU", format!("q=b-{}&facets=true", number + 1)),
    }
}

fn line(kind: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = (times.len() * percent / 100).min(times.len().saturating_sub(1));
        times.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0
    };
    report(&format!(
        "{kind:24} {:5} requests  p50 {:7.1} ms  p95 {:7.1} ms  p99 {:7.1} ms",
        times.len(),
        at(50),
        at(95),
        at(99)
    ));
}

fn report(text: &str) {
    println!("{text}");
}
