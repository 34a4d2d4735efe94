use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use crate::app::AppState;
use crate::domain::cohorts::{self, Cohorts, month_of};
use crate::domain::sales::{Facts, Measures, Report};
use crate::read;
use crate::store::analytics::{self as store, Changed, Pending, RollupKey, Rollups};

/// What is to be written together.
#[derive(Default)]
pub(super) struct Work {
    /// What these orders bring; nothing for those that do not count.
    pub(super) orders: BTreeMap<Uuid, Facts>,
    /// Whose category may have changed.
    pub(super) products: Vec<Uuid>,
    pub(super) settled_orders: Vec<Pending>,
    pub(super) settled_products: Vec<Pending>,
    /// All orders up to this one are read in, for this time zone; without one, all are.
    pub(super) filled: Option<(String, Option<Uuid>)>,
}

/// What these orders bring, as their owner has them now.
pub(super) async fn source(
    app: &AppState,
    ids: &[Uuid],
    time_zone: &str,
) -> anyhow::Result<BTreeMap<Uuid, Facts>> {
    let mut db = read::snapshot(&app.order_db).await?;
    let orders = read::sales::orders(&mut db, ids, time_zone).await?;
    let mut facts: BTreeMap<Uuid, Facts> = ids.iter().map(|id| (*id, Facts::default())).collect();
    facts.extend(orders.iter().map(|order| (order.id, Facts::of(order))));
    Ok(facts)
}

/// Counts, unless somebody else wrote since `epoch`: then false, and nothing is done.
pub(super) async fn apply(app: &AppState, epoch: i64, work: Work) -> anyhow::Result<bool> {
    let sold: BTreeSet<Uuid> = work.orders.values().flat_map(products).collect();
    let asked: Vec<Uuid> = sold.iter().copied().chain(work.products).collect();
    let now = match asked.is_empty() {
        true => HashMap::new(),
        false => {
            let mut db = app.product_db.acquire().await?;
            read::sales::categories(&mut db, &asked).await?
        }
    };

    let mut tx = app.pool.begin().await?;
    if !store::take(&mut tx, epoch).await? {
        return Ok(false);
    }
    let mut sums = Rollups::new();
    let ids: Vec<Uuid> = work.orders.keys().copied().collect();
    let old = store::facts(&mut tx, &ids).await?;
    let nothing = Facts::default();
    let changed: BTreeMap<Uuid, Facts> = work
        .orders
        .into_iter()
        .filter(|(id, facts)| old.get(id).unwrap_or(&nothing) != facts)
        .collect();

    // Products that moved take their sums along; then what is new goes where they are now.
    let touched: BTreeSet<Uuid> = asked
        .into_iter()
        .chain(old.values().flat_map(products))
        .collect();
    let touched: Vec<Uuid> = touched.into_iter().collect();
    let mut categories = store::categories(&mut tx, &touched).await?;
    let mut placed = Vec::new();
    let mut moved = HashMap::new();
    for product in touched {
        let here = now.get(&product).copied();
        match (categories.get(&product).copied(), here) {
            (Some(was), Some(is)) if was != is => {
                let _ = moved.insert(product, was);
                placed.push((product, is));
            }
            (None, is) if sold.contains(&product) => placed.push((product, is.flatten())),
            _ => {}
        }
    }
    if !moved.is_empty() {
        let ids: Vec<Uuid> = moved.keys().copied().collect();
        for (row, measures) in store::of_products(&mut tx, &ids).await? {
            let product = row.key.parse().unwrap_or_default();
            let is = now.get(&product).copied().flatten();
            let was = moved.get(&product).copied().flatten();
            *sums.entry(in_category(&row, was)).or_default() += -without_orders(measures);
            *sums.entry(in_category(&row, is)).or_default() += without_orders(measures);
        }
    }
    categories.extend(placed.iter().copied());
    if !placed.is_empty() {
        store::put_categories(&mut tx, &placed).await?;
    }

    for (id, facts) in &changed {
        if let Some(old) = old.get(id) {
            add(&mut sums, &categories, old, |measures| -measures);
        }
        add(&mut sums, &categories, facts, |measures| measures);
    }
    store::add(&mut tx, &sums).await?;
    if !changed.is_empty() {
        let cohorts = cohorts_of(&mut tx, &old, &changed).await?;
        store::put_facts(&mut tx, &changed).await?;
        store::add_cohorts(&mut tx, &cohorts).await?;
    }
    store::settle(&mut tx, Changed::Order, &work.settled_orders).await?;
    store::settle(&mut tx, Changed::Product, &work.settled_products).await?;
    if let Some((time_zone, until)) = work.filled {
        store::filled(&mut tx, &time_zone, until).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Adds what an order brings, or takes it away, by day and by month.
fn add(
    sums: &mut Rollups,
    categories: &HashMap<Uuid, Option<Uuid>>,
    facts: &Facts,
    sign: impl Fn(Measures) -> Measures,
) {
    for ((report, day, key), measures) in &facts.parts {
        for (monthly, period) in [(false, *day), (true, month_of(*day))] {
            let row = RollupKey {
                report: *report,
                currency: facts.currency.clone(),
                monthly,
                period,
                key: key.clone(),
            };
            if *report == Report::Product {
                let product = key.parse::<Uuid>().ok();
                let category = product.and_then(|product| categories.get(&product).copied());
                let row = in_category(&row, category.flatten());
                *sums.entry(row).or_default() += sign(without_orders(*measures));
            }
            *sums.entry(row).or_default() += sign(*measures);
        }
    }
}

fn in_category(row: &RollupKey, category: Option<Uuid>) -> RollupKey {
    RollupKey {
        report: Report::Category,
        key: category.map(|id| id.to_string()).unwrap_or_default(),
        ..row.clone()
    }
}

/// An order with two products of a category is still one order: categories do not count them.
fn without_orders(measures: Measures) -> Measures {
    Measures {
        orders: 0,
        ..measures
    }
}

fn products(facts: &Facts) -> impl Iterator<Item = Uuid> {
    let keys = facts.parts.keys();
    let products = keys.filter(|(report, ..)| *report == Report::Product);
    products.filter_map(|(_, _, key)| key.parse().ok())
}

/// How the cohorts change: of each customer, all orders as they were are taken out, and put in as they are.
async fn cohorts_of(
    conn: &mut sqlx::PgConnection,
    old: &HashMap<Uuid, Facts>,
    new: &BTreeMap<Uuid, Facts>,
) -> sqlx::Result<Cohorts> {
    let old = new.keys().filter_map(|id| old.get(id));
    let customers = old.chain(new.values()).filter_map(|facts| facts.customer);
    let customers: BTreeSet<Uuid> = customers.collect();
    let customers: Vec<Uuid> = customers.into_iter().collect();
    let mut all: BTreeMap<Uuid, (Vec<Facts>, Vec<Facts>)> = BTreeMap::new();
    for (id, facts) in store::facts_of_customers(conn, &customers).await? {
        let Some(customer) = facts.customer else {
            continue;
        };
        let (before, after) = all.entry(customer).or_default();
        if !new.contains_key(&id) {
            after.push(facts.clone());
        }
        before.push(facts);
    }
    for facts in new.values() {
        if let Some(customer) = facts.customer {
            all.entry(customer).or_default().1.push(facts.clone());
        }
    }
    let mut change = Cohorts::new();
    for (before, after) in all.values() {
        cohorts::add(&mut change, before, -1);
        cohorts::add(&mut change, after, 1);
    }
    Ok(change)
}
