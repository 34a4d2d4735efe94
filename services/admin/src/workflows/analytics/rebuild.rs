use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use super::apply::{Work, apply, source};
use crate::app::AppState;
use crate::domain::sales::{Facts, MEASURES};
use crate::read;
use crate::store::analytics as store;
use crate::store::analytics_proof as proof;

/// How many orders are looked at together.
const BATCH: i64 = 2_000;
/// How many orders that differ are looked at again; there are few unless something is broken.
const AGAIN: usize = 10_000;
/// How many sums that differ are put right together.
const SUMS: usize = 5_000;

/// What a comparison with the source found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Orders of the source that were looked at.
    pub orders: usize,
    /// Orders that were counted otherwise than the source has them.
    pub wrong_orders: usize,
    /// Products that were counted in another category than they are in.
    pub wrong_products: usize,
    /// Sums that were not the sums of the orders.
    pub wrong_sums: usize,
}

impl Verdict {
    /// Whether all is as the source has it.
    #[must_use]
    pub const fn is_equal(&self) -> bool {
        self.wrong_orders + self.wrong_products + self.wrong_sums == 0
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            orders,
            wrong_orders,
            wrong_products,
            wrong_sums,
        } = self;
        match self.is_equal() {
            true => write!(f, "{orders} orders: the numbers are those of the source"),
            false => write!(
                f,
                "{orders} orders: {wrong_orders} orders, {wrong_products} products and {wrong_sums} sums differ from the source"
            ),
        }
    }
}

/// Compares what is counted with the source, in two steps that together leave no gap: what is kept of each order with the order itself, and the
/// sums with those of what is kept, which the database adds up by itself. With `mend`, what differs is put right. Memory is bounded by a batch of orders.
///
/// The panel may go on counting meanwhile. News that is on its way is no difference: what differs is looked at again after `patience`.
///
/// # Errors
/// A database does not answer.
pub async fn rebuild(
    app: &AppState,
    mend: bool,
    patience: Duration,
    mut tell: impl FnMut(&str),
) -> anyhow::Result<Verdict> {
    let mut verdict = Verdict::default();
    let zone = &app.time_zone;
    if store::state(&mut *app.pool.acquire().await?)
        .await?
        .time_zone
        != *zone
    {
        anyhow::ensure!(
            mend,
            "the numbers are of days in another time zone than {zone}"
        );
        store::start_filling(&mut *app.pool.acquire().await?, zone).await?;
    }
    let mut differing = Vec::new();
    let mut after = Uuid::nil();
    loop {
        let ids = read::sales::ids_after(&mut *app.order_db.acquire().await?, after, BATCH).await?;
        let until = if ids.is_empty() {
            Uuid::max()
        } else {
            ids[ids.len() - 1]
        };
        let found = differences(app, (after, until), &ids, mend, &mut tell).await?;
        verdict.orders += ids.len();
        if mend {
            verdict.wrong_orders += found.len();
        } else {
            differing.extend(found);
        }
        anyhow::ensure!(
            differing.len() <= AGAIN,
            "more than {AGAIN} orders differ: rebuild the numbers, or wait until all orders are read in"
        );
        if ids.is_empty() {
            break;
        }
        after = until;
    }
    if !differing.is_empty() {
        tokio::time::sleep(patience).await;
        for ids in differing.chunks(BATCH as usize) {
            let new = source(app, ids, zone).await?;
            let old = store::facts(&mut *app.pool.acquire().await?, ids).await?;
            verdict.wrong_orders += compare(&new, &old.into_iter().collect(), &mut tell).len();
        }
    }
    verdict.wrong_products = products(app, mend, &mut tell).await?;
    if mend {
        let mut conn = app.pool.acquire().await?;
        store::filled(&mut conn, zone, None).await?;
    }
    verdict.wrong_sums = sums(app, mend, &mut tell).await?;
    Ok(verdict)
}

/// Which orders after one and up to another are counted wrong; with `mend` told, and put right.
async fn differences(
    app: &AppState,
    (after, until): (Uuid, Uuid),
    ids: &[Uuid],
    mend: bool,
    tell: &mut impl FnMut(&str),
) -> anyhow::Result<Vec<Uuid>> {
    loop {
        let mut conn = app.pool.acquire().await?;
        let epoch = store::state(&mut conn).await?.epoch;
        let mut new = source(app, ids, &app.time_zone).await?;
        let old = store::facts_between(&mut conn, after, until, 2 * BATCH).await?;
        drop(conn);
        let old: BTreeMap<Uuid, Facts> = old.into_iter().collect();
        for id in old.keys() {
            let _ = new.entry(*id).or_default();
        }
        if !mend {
            return Ok(compare(&new, &old, &mut |_: &str| {}));
        }
        let mut lines = Vec::new();
        let differing = compare(&new, &old, &mut |line: &str| lines.push(line.to_owned()));
        new.retain(|id, _| differing.contains(id));
        let work = Work {
            orders: new,
            ..Work::default()
        };
        if differing.is_empty() || apply(app, epoch, work).await? {
            lines.iter().for_each(|line| tell(line));
            return Ok(differing);
        }
    }
}

/// The orders that differ, each told with what is counted and what the source has.
fn compare(
    new: &BTreeMap<Uuid, Facts>,
    old: &BTreeMap<Uuid, Facts>,
    tell: &mut impl FnMut(&str),
) -> Vec<Uuid> {
    let nothing = Facts::default();
    let mut differing = Vec::new();
    for (id, new) in new {
        let old = old.get(id).unwrap_or(&nothing);
        // Of an order that does not count, nothing is kept, also not whose it is.
        if old == new || old.parts.is_empty() && new.parts.is_empty() {
            continue;
        }
        differing.push(*id);
        if old.parts.is_empty() {
            tell(&format!("order {id}: not counted"));
            continue;
        }
        if new.parts.is_empty() {
            tell(&format!(
                "order {id}: counted, and the source does not have it"
            ));
            continue;
        }
        if old.customer != new.customer {
            tell(&format!(
                "order {id}: customer counted {:?}, source {:?}",
                old.customer, new.customer
            ));
        }
        let keys: std::collections::BTreeSet<_> =
            old.parts.keys().chain(new.parts.keys()).collect();
        for part in keys {
            let (counted, source) = (old.parts.get(part), new.parts.get(part));
            if counted != source {
                let (report, day, key) = part;
                let words = |measures: Option<&crate::domain::sales::Measures>| {
                    in_words(measures.copied().unwrap_or_default().to_array())
                };
                tell(&format!(
                    "order {id}: {} {day} {key:?}: counted {}, source {}",
                    report.as_str(),
                    words(counted),
                    words(source)
                ));
            }
        }
    }
    differing
}

/// Those that are not zero.
fn in_words(numbers: [i64; 12]) -> String {
    let words: Vec<String> = std::iter::zip(MEASURES, numbers)
        .filter(|(_, number)| *number != 0)
        .map(|(name, number)| format!("{name}={number}"))
        .collect();
    if words.is_empty() {
        "nothing".to_owned()
    } else {
        words.join(" ")
    }
}

/// How many products are counted in another category than they are in.
async fn products(
    app: &AppState,
    mend: bool,
    tell: &mut impl FnMut(&str),
) -> anyhow::Result<usize> {
    let (mut wrong, mut after) = (0, Uuid::nil());
    loop {
        let mut conn = app.pool.acquire().await?;
        let epoch = store::state(&mut conn).await?.epoch;
        let counted = proof::products_after(&mut conn, after, BATCH).await?;
        drop(conn);
        let Some((last, _)) = counted.last() else {
            return Ok(wrong);
        };
        let ids: Vec<Uuid> = counted.iter().map(|(id, _)| *id).collect();
        let now = read::sales::categories(&mut *app.product_db.acquire().await?, &ids).await?;
        let moved: Vec<_> = counted
            .iter()
            .filter_map(|(id, was)| {
                now.get(id)
                    .filter(|is| *is != was)
                    .map(|is| (*id, *was, *is))
            })
            .collect();
        let work = Work {
            products: moved.iter().map(|(id, ..)| *id).collect(),
            ..Work::default()
        };
        if mend && !moved.is_empty() && !apply(app, epoch, work).await? {
            continue;
        }
        for (id, was, is) in &moved {
            tell(&format!(
                "product {id}: category counted {was:?}, source {is:?}"
            ));
        }
        wrong += moved.len();
        after = *last;
    }
}

/// How many sums are not those of what is kept of the orders.
async fn sums(app: &AppState, mend: bool, tell: &mut impl FnMut(&str)) -> anyhow::Result<usize> {
    let mut tx = app.pool.begin().await?;
    if mend {
        // Nobody else writes until this is done.
        loop {
            let epoch = store::state(&mut tx).await?.epoch;
            if store::take(&mut tx, epoch).await? {
                break;
            }
        }
    } else {
        proof::snapshot(&mut tx).await?;
    }
    proof::take_time(&mut tx).await?;
    let mut wrong = 0;
    loop {
        let found = proof::wrong_sums(&mut tx).await?;
        wrong += found.len();
        for row in &found {
            tell(&row.to_string());
        }
        for rows in found.chunks(SUMS).filter(|_| mend) {
            let change = rows.iter().filter_map(proof::WrongSum::change).collect();
            store::add(&mut tx, &change).await?;
        }
        if !mend || found.is_empty() {
            break;
        }
    }
    let found = proof::wrong_cohorts(&mut tx).await?;
    for row in &found {
        tell(&row.to_string());
    }
    if mend {
        let change = found.iter().map(proof::WrongCohort::change).collect();
        store::add_cohorts(&mut tx, &change).await?;
    }
    tx.commit().await?;
    Ok(wrong + found.len())
}
