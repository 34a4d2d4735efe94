//! Proves on a live database that everything holds that must, or tells what does not.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::store::invariants::{self, Breach, INVARIANTS, Invariant, Scope};

/// How many orders are looked at together.
const BITE: i64 = 5_000;

/// How many breaches of one rule are told one by one.
const TOLD: usize = 50;

/// What was found.
#[derive(Debug, Serialize)]
pub struct Verdict {
    /// How many orders were looked at.
    pub orders: i64,
    /// How many rules were checked.
    pub rules: usize,
    /// The rules that do not hold, by their names.
    pub broken: BTreeMap<&'static str, Broken>,
}

/// A rule that does not hold.
#[derive(Debug, Serialize)]
pub struct Broken {
    /// What should hold.
    pub rule: &'static str,
    /// In how many places it does not.
    pub count: usize,
    /// The first of them, each with its id.
    pub breaches: Vec<String>,
}

impl Verdict {
    /// Whether everything holds.
    #[must_use]
    pub fn is_good(&self) -> bool {
        self.broken.is_empty()
    }

    fn add(&mut self, invariant: &Invariant, found: Vec<Breach>) {
        if found.is_empty() {
            return;
        }
        let broken = self.broken.entry(invariant.name).or_insert_with(|| Broken {
            rule: invariant.says,
            count: 0,
            breaches: Vec::new(),
        });
        broken.count += found.len();
        let room = TOLD.saturating_sub(broken.breaches.len());
        let told = found
            .into_iter()
            .take(room)
            .map(|breach| format!("{}: {}", breach.subject, breach.problem));
        broken.breaches.extend(told);
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, broken) in &self.broken {
            writeln!(f, "{name}: {}", broken.rule)?;
            for breach in &broken.breaches {
                writeln!(f, "  {breach}")?;
            }
            if broken.count > broken.breaches.len() {
                writeln!(f, "  and {} more", broken.count - broken.breaches.len())?;
            }
        }
        let (orders, rules) = (self.orders, self.rules);
        match self.broken.len() {
            0 => write!(f, "{orders} orders: all {rules} rules hold"),
            broken => write!(f, "{orders} orders: {broken} of {rules} rules do not hold"),
        }
    }
}

/// Checks every rule in one snapshot, which sees no change that is made meanwhile.
///
/// # Errors
/// The database does not answer.
pub async fn verify(pool: &PgPool) -> anyhow::Result<Verdict> {
    let mut snapshot = pool.begin_with(invariants::SNAPSHOT).await?;
    Ok(check(&mut snapshot).await?)
}

/// Checks every rule as a transaction sees the database.
///
/// # Errors
/// The database does not answer.
pub async fn check(snapshot: &mut PgConnection) -> sqlx::Result<Verdict> {
    let mut verdict = Verdict {
        orders: 0,
        rules: INVARIANTS.len(),
        broken: BTreeMap::new(),
    };
    invariants::take_time(snapshot).await?;
    let of = |scope| INVARIANTS.iter().filter(move |rule| rule.scope == scope);
    let mut after = Uuid::nil();
    while let Some((until, count)) = invariants::next_orders(snapshot, after, BITE).await? {
        for rule in of(Scope::Orders) {
            let found = invariants::breaches(snapshot, rule, (after, until)).await?;
            verdict.add(rule, found);
        }
        verdict.orders += count;
        after = until;
    }
    for rule in of(Scope::All) {
        let everything = (Uuid::nil(), Uuid::max());
        let found = invariants::breaches(snapshot, rule, everything).await?;
        verdict.add(rule, found);
    }
    Ok(verdict)
}
