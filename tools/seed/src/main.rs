//! Fills a fresh, running shop with a demo catalogue, people and orders, through its public API only.
//!
//! Whatever the API would refuse a client it refuses here, so a seeded shop is one that could have come about.
//! The shop's own rules decide what it looks like in the end: nothing is written past them.

mod catalogue;
mod coupons;
mod dice;
mod orders;
mod people;
mod pictures;
mod products;
mod reviews;
mod shop;
mod status;

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser;
use serde_json::json;

use crate::dice::Dice;
use crate::people::People;
use crate::shop::Shop;
use crate::status::Status;

/// Fills a fresh, running shop with demo data through its HTTP API.
///
/// Does nothing to a shop that has products and orders; goes on where an interrupted seeding stopped. Progress goes to
/// standard error.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The shop's base URL.
    #[arg(long, env = "SEED_BASE_URL", default_value = "http://127.0.0.1:8080")]
    base_url: String,
    /// Status file of the running stack (`xtask status --json`). Its `signins` tell the administrator's account, and which
    /// accounts to make as the first of their role.
    #[arg(long, env = "MERCATO_STATUS")]
    status: PathBuf,
    /// A dozen products and a handful of orders only.
    #[arg(long, env = "SEED_LIGHT")]
    light: bool,
    /// Print `{"seeded": true, "signins": [{"role", "email", "password"}, …]}` as the last line of standard output.
    #[arg(long)]
    json: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let status = status::read(&arguments.status)?;
    let shop = Shop::new(&arguments.base_url)?;
    let seeded = seed(&shop, &status, arguments.light).await?;
    if arguments.json {
        let signins = people::signins(&status, arguments.light);
        println!("{}", json!({ "seeded": seeded, "signins": signins }));
    }
    Ok(())
}

async fn seed(shop: &Shop, status: &Status, light: bool) -> anyhow::Result<bool> {
    let began = Instant::now();
    let dice = Dice::new(0x5EED);
    let departments = catalogue::parse(catalogue::DEMO)?;
    let fresh = shop
        .is_empty()
        .await
        .context("looking whether the shop has products")?;

    let people = People::gather(shop, status, light)
        .await
        .context("signing people up")?;
    progress(began, &format!("{} people", people.count()));
    // A seeding that was interrupted goes on where it was; a shop that is in use is left alone.
    let products = if fresh {
        products::fill(shop, &people, &departments, light)
            .await
            .context("filling the catalogue")?
    } else if orders::is_empty(shop, &people).await? {
        products::on_sale(shop).await?
    } else {
        eprintln!("seed: the shop has products and orders, nothing to do");
        return Ok(false);
    };
    progress(began, &format!("{} variants on sale", products.len()));
    coupons::issue(shop, &people.admin)
        .await
        .context("issuing coupons")?;
    let purchases = orders::place(shop, &people, &products, &dice, light)
        .await
        .context("placing orders")?;
    progress(began, "orders in every state");
    let reviews = reviews::write(shop, &purchases, &dice)
        .await
        .context("writing reviews")?;
    progress(began, &format!("{reviews} reviews"));
    Ok(true)
}

fn progress(began: Instant, what: &str) {
    eprintln!("seed: {what} ({:.1} s)", began.elapsed().as_secs_f32());
}
