//! Categories, products and their pictures: created by sellers, approved by staff.

use std::collections::HashMap;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value, json};

use crate::catalogue::{Category, Department, Item, slug};
use crate::dice::Dice;
use crate::people::People;
use crate::pictures;
use crate::shop::{Account, Shop};

/// How many products are made at the same time.
const AT_ONCE: usize = 4;

/// A variant that can be bought.
#[derive(Clone, Debug)]
pub(crate) struct ForSale {
    pub(crate) product_id: String,
    pub(crate) variant_id: String,
    pub(crate) units: i64,
}

/// What happens to a product after it is drafted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Approved,
    Waiting,
    Rejected,
    Draft,
}

/// One product to be made.
struct Job<'a> {
    number: usize,
    category: &'a Category,
    category_id: String,
    item: &'a Item,
    seller: &'a Account,
    fate: Fate,
}

/// Fills the catalogue; what can be bought then.
pub(crate) async fn fill(
    shop: &Shop,
    people: &People,
    departments: &[Department],
    light: bool,
) -> anyhow::Result<Vec<ForSale>> {
    let ids = categories(shop, &people.admin, departments).await?;
    let mut jobs = Vec::new();
    for (department, seller) in departments.iter().zip(people.sellers.iter().cycle()) {
        for category in &department.categories {
            let id = ids
                .get(&category.name)
                .context("a category without an id")?;
            for item in category
                .items
                .iter()
                .take(if light { 1 } else { usize::MAX })
            {
                let number = jobs.len();
                jobs.push(Job {
                    number,
                    category,
                    category_id: id.clone(),
                    item,
                    seller,
                    fate: fate(number, light),
                });
            }
        }
    }
    let total = jobs.len();
    let for_sale: Vec<Vec<ForSale>> = stream::iter(jobs)
        .map(|job| async move {
            let number = job.number;
            let made = make(shop, people, &job)
                .await
                .with_context(|| format!("making {}", job.item.title))?;
            if (number + 1) % 20 == 0 {
                eprintln!("seed: product {} of {total}", number + 1);
            }
            anyhow::Ok(made)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut for_sale = for_sale.concat();
    // In an order of their own, whichever came first.
    for_sale.sort_by_key(|variant| Dice::of(&variant.variant_id).roll(usize::MAX));
    Ok(for_sale)
}

/// What can be bought in a shop that was filled before.
pub(crate) async fn on_sale(shop: &Shop) -> anyhow::Result<Vec<ForSale>> {
    let mut for_sale = Vec::new();
    let mut path = "/api/products?limit=100".to_owned();
    loop {
        let page = shop.get(&path).send().await?;
        for summary in page["data"].as_array().into_iter().flatten() {
            let id = summary["id"].as_str().context("a product without an id")?;
            let product = shop.get(format!("/api/products/{id}")).send().await?;
            let variants = product["variants"].as_array().into_iter().flatten();
            for_sale.extend(variants.filter_map(|variant| self::for_sale(id, variant)));
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            return Ok(for_sale);
        };
        path = format!("/api/products?limit=100&cursor={cursor}");
    }
}

/// Some products wait for staff, so that the approval queue is not empty.
fn fate(number: usize, light: bool) -> Fate {
    match number {
        _ if light && number != 5 => Fate::Approved,
        5 | 33 | 70 => Fate::Waiting,
        52 => Fate::Rejected,
        88 => Fate::Draft,
        _ => Fate::Approved,
    }
}

/// A few are nearly or quite sold out, so that the dashboard has something to warn of.
fn units(job: &Job<'_>) -> i64 {
    match job.number {
        12 => 0,
        30 => 3,
        61 => 2,
        _ => job.item.units,
    }
}

async fn categories(
    shop: &Shop,
    admin: &Account,
    departments: &[Department],
) -> anyhow::Result<HashMap<String, String>> {
    let mut ids = HashMap::new();
    for department in departments {
        let parent = category(shop, admin, &department.name, None).await?;
        for child in &department.categories {
            let id = category(shop, admin, &child.name, Some(&parent)).await?;
            ids.insert(child.name.clone(), id);
        }
    }
    Ok(ids)
}

async fn category(
    shop: &Shop,
    admin: &Account,
    name: &str,
    parent: Option<&str>,
) -> anyhow::Result<String> {
    let mut body = json!({ "name": name });
    if let Some(parent) = parent {
        body["parent_id"] = parent.into();
    }
    let made = shop
        .post("/api/categories")
        .by(admin)
        .json(body)
        .send()
        .await?;
    Ok(made["id"]
        .as_str()
        .context("a category without an id")?
        .to_owned())
}

async fn make(shop: &Shop, people: &People, job: &Job<'_>) -> anyhow::Result<Vec<ForSale>> {
    let product = shop
        .post("/api/products")
        .by(job.seller)
        .json(body(job))
        .send()
        .await?;
    let id = product["id"].as_str().context("a product without an id")?;
    let motif = job.category.motif;
    let title = job.item.title.clone();
    let pictures = tokio::task::spawn_blocking(move || pictures::draw(motif, &title)).await??;
    for (view, png) in pictures.iter().enumerate() {
        let alt = if view == 0 {
            job.item.title.clone()
        } else {
            format!("{}, another view", job.item.title)
        };
        shop.post(format!("/api/products/{id}/images"))
            .by(job.seller)
            .picture(png, &alt)
            .send()
            .await?;
    }
    if job.fate == Fate::Draft {
        return Ok(Vec::new());
    }
    shop.post(format!("/api/products/{id}/submit"))
        .by(job.seller)
        .send()
        .await?;
    match job.fate {
        Fate::Approved => {
            shop.post(format!("/api/products/{id}/approve"))
                .by(&people.admin)
                .send()
                .await?
        }
        Fate::Rejected => {
            let reason =
                json!({ "reason": "The pictures show another colour than the description names." });
            shop.post(format!("/api/products/{id}/reject"))
                .by(&people.admin)
                .json(reason)
                .send()
                .await?
        }
        Fate::Waiting | Fate::Draft => return Ok(Vec::new()),
    };
    if job.fate == Fate::Rejected {
        return Ok(Vec::new());
    }
    let variants = product["variants"]
        .as_array()
        .context("a product without variants")?;
    Ok(variants
        .iter()
        .filter_map(|variant| for_sale(id, variant))
        .collect())
}

fn for_sale(product_id: &str, variant: &Value) -> Option<ForSale> {
    Some(ForSale {
        product_id: product_id.to_owned(),
        variant_id: variant["id"].as_str()?.to_owned(),
        units: variant["available"].as_i64()?,
    })
}

fn body(job: &Job<'_>) -> Value {
    let item = job.item;
    let attributes: Map<String, Value> = item
        .attributes
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut body = json!({
        "title": item.title,
        "description": item.description,
        "category_id": job.category_id,
        "attributes": attributes,
    });
    let euros = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    let prefix: String = slug(&job.category.name)
        .chars()
        .take(3)
        .collect::<String>()
        .to_ascii_uppercase();
    let sku = format!("{prefix}-{:03}", job.number + 1);
    match &item.option {
        None => {
            body["price"] = euros(item.cents);
            body["sku"] = sku.into();
            body["stock"] = units(job).into();
        }
        Some((option, values)) => {
            let each = units(job) / i64::try_from(values.len()).unwrap_or(1).max(1);
            let variants: Vec<_> = values
                .iter()
                .enumerate()
                .map(|(at, (value, more))| {
                    let options = Map::from_iter([(option.clone(), Value::from(value.as_str()))]);
                    json!({
                        "sku": format!("{sku}-{}", at + 1),
                        "price": euros(item.cents + more),
                        "stock": each,
                        "options": options,
                    })
                })
                .collect();
            body["options"] = json!([option]);
            body["variants"] = variants.into();
        }
    }
    body
}
