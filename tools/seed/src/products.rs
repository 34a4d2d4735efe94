//! Categories, products and their pictures: created by sellers, approved by staff.

use std::collections::HashMap;

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Map, Value, json};

use crate::catalogue::{Category, Definition, Department, Item, slug};
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
    department: &'a Department,
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
                    department,
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
        let parent = category(shop, admin, &department.name, None, &department.defines).await?;
        for child in &department.categories {
            let id = category(shop, admin, &child.name, Some(&parent), &child.defines).await?;
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
    defines: &[Definition],
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
    let id = made["id"].as_str().context("a category without an id")?;
    if !defines.is_empty() {
        let attributes: Vec<_> = defines.iter().map(Definition::json).collect();
        shop.put(format!("/api/categories/{id}/attributes"))
            .by(admin)
            .header("if-match", format!("\"{}\"", made["version"]))
            .json(json!({ "attributes": attributes }))
            .send()
            .await?;
    }
    Ok(id.to_owned())
}

async fn make(shop: &Shop, people: &People, job: &Job<'_>) -> anyhow::Result<Vec<ForSale>> {
    let product = shop
        .post("/api/products")
        .by(job.seller)
        .json(body(job, false)?)
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
            let approved = shop
                .post(format!("/api/products/{id}/approve"))
                .by(&people.admin)
                .send()
                .await?;
            if is_reduced(job.number) {
                shop.put(format!("/api/products/{id}"))
                    .by(job.seller)
                    .header("if-match", format!("\"{}\"", approved["version"]))
                    .json(body(job, true)?)
                    .send()
                    .await?;
            }
            approved
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

/// Some products are reduced once they are public, so that the price before is known.
fn is_reduced(number: usize) -> bool {
    number % 7 == 2
}

/// What a product is made with; or, of a reduced one, what it is changed to.
fn body(job: &Job<'_>, reduce: bool) -> anyhow::Result<Value> {
    let item = job.item;
    let defines = || job.department.defines.iter().chain(&job.category.defines);
    let mut attributes = Map::new();
    for (name, text) in &item.attributes {
        let value = match defines().find(|definition| definition.key == *name) {
            Some(definition) => definition.value(text)?,
            None => text.as_str().into(),
        };
        attributes.insert(name.clone(), value);
    }
    let mut body = json!({
        "title": item.title,
        "description": item.description,
        "category_id": job.category_id,
        "attributes": attributes,
        "seo": { "title": format!("{} · {}", item.title, job.category.name) },
    });
    let euros = |cents: i64| json!({ "amount": cents, "currency": "EUR" });
    let dice = Dice::of(&item.title);
    let weight = 40 + 10 * dice.roll(180);
    // A quarter more, rounded to tens of cents, until it is reduced.
    let before = |cents: i64| (cents * 5 / 4 + 9) / 10 * 10;
    let offer = |sku: String, cents: i64, units: i64| {
        let mut offer = json!({ "sku": sku, "price": euros(cents), "weight_grams": weight });
        match (is_reduced(job.number), reduce) {
            (true, true) => offer["compare_at_price"] = euros(before(cents)),
            (true, false) => offer["price"] = euros(before(cents)),
            (false, _) => {}
        }
        if !reduce {
            offer["stock"] = units.into();
        }
        offer
    };
    let prefix: String = slug(&job.category.name)
        .chars()
        .take(3)
        .collect::<String>()
        .to_ascii_uppercase();
    let sku = format!("{prefix}-{:03}", job.number + 1);
    if item.options.is_empty() {
        let simple = offer(sku, item.cents, units(job));
        if let (Some(body), Value::Object(simple)) = (body.as_object_mut(), simple) {
            body.extend(simple);
        }
        return Ok(body);
    }
    let matrix = combinations(&item.options);
    let each = units(job) / i64::try_from(matrix.len()).unwrap_or(1).max(1);
    let variants: Vec<_> = matrix
        .into_iter()
        .enumerate()
        .map(|(at, (options, more))| {
            let mut variant = offer(format!("{sku}-{}", at + 1), item.cents + more, each);
            variant["options"] = options.into();
            variant
        })
        .collect();
    body["options"] = item.options.iter().map(|(name, _)| name.as_str()).collect();
    body["variants"] = variants.into();
    Ok(body)
}

/// Every choice of one value for each option, with what it costs more.
fn combinations(options: &[(String, Vec<(String, i64)>)]) -> Vec<(Map<String, Value>, i64)> {
    let mut all = vec![(Map::new(), 0)];
    for (name, values) in options {
        let with = |(chosen, cost): &(Map<String, Value>, i64)| {
            let with = |(value, more): &(String, i64)| {
                let mut chosen = chosen.clone();
                chosen.insert(name.clone(), value.as_str().into());
                (chosen, cost + more)
            };
            values.iter().map(with).collect::<Vec<_>>()
        };
        all = all.iter().flat_map(with).collect();
    }
    all
}
