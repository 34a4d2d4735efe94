//! Fills a database with orders, in batches that any number of connections write.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::task::JoinSet;

/// So many orders are made in one transaction.
const BATCH: i64 = 10_000;

pub(crate) async fn run(
    database: &str,
    orders: i64,
    products: i64,
    jobs: i64,
) -> anyhow::Result<()> {
    let began = Instant::now();
    let mut db = PgConnection::connect(database).await?;
    sqlx::query("SELECT orders_make_partitions(now() - interval '2 years', 27)")
        .execute(&mut db)
        .await?;
    let base: i64 =
        sqlx::query_scalar("UPDATE order_counter SET last = last + $1 RETURNING last - $1")
            .bind(orders)
            .fetch_one(&mut db)
            .await
            .context("the numbers are the owner's")?;
    sqlx::raw_sql(include_str!("before.sql"))
        .execute(&mut db)
        .await?;
    let next = Arc::new(AtomicI64::new(1));
    let mut workers = JoinSet::new();
    for _ in 0..jobs {
        let (database, next) = (database.to_owned(), next.clone());
        workers.spawn(async move {
            let mut db = PgConnection::connect(&database).await?;
            loop {
                let from = next.fetch_add(BATCH, Ordering::Relaxed);
                if from > orders {
                    return anyhow::Ok(());
                }
                let to = (from + BATCH - 1).min(orders);
                batch(&mut db, (from, to), orders, products, base).await?;
                if to % 100_000 == 0 {
                    println!(
                        "{to} of {orders} orders after {} s",
                        began.elapsed().as_secs()
                    );
                }
            }
        });
    }
    while let Some(done) = workers.join_next().await {
        done??;
    }
    sqlx::raw_sql(include_str!("after.sql"))
        .execute(&mut db)
        .await?;
    sqlx::raw_sql("VACUUM (ANALYZE)").execute(&mut db).await?;
    println!("{orders} orders in {} s", began.elapsed().as_secs());
    let sizes: Vec<(String, String)> = sqlx::query_as(
        "SELECT coalesce(inhparent, oid)::regclass::text, pg_size_pretty(sum(pg_total_relation_size(oid)))
           FROM pg_class LEFT JOIN pg_inherits ON inhrelid = oid
          WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace GROUP BY 1 ORDER BY sum(pg_total_relation_size(oid)) DESC LIMIT 8",
    )
    .fetch_all(&mut db)
    .await?;
    for (table, size) in sizes {
        println!("{table:24} {size:>10}");
    }
    Ok(())
}

async fn batch(
    db: &mut PgConnection,
    (from, to): (i64, i64),
    orders: i64,
    products: i64,
    base: i64,
) -> anyhow::Result<()> {
    let sql = include_str!("generate.sql")
        .replace("{from}", &from.to_string())
        .replace("{to}", &to.to_string())
        .replace("{orders}", &orders.to_string())
        .replace("{products}", &products.to_string())
        .replace("{base}", &base.to_string());
    let mut tx = db.begin().await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
