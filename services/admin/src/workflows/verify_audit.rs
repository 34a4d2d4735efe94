//! Proves on a live database that the audit log is what was written to it, or tells where it is not.

use sqlx::PgPool;
use uuid::Uuid;

use crate::domain::audit_chain::{Anchor, Break, Walk};
use crate::{read, store};

/// How many rows are in memory at a time.
const BITE: i64 = 500;

/// What was found.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) rows: u64,
    pub(crate) broken: u64,
    /// The last row, if all is well: to be written down elsewhere.
    pub(crate) head: Option<Anchor>,
}

/// Reads the log as it is at one moment, while others go on writing, and tells each break as soon as it is found.
pub(crate) async fn verify(
    pool: &PgPool,
    anchors: Vec<Anchor>,
    mut tell: impl FnMut(&Break) -> anyhow::Result<()>,
) -> anyhow::Result<Verdict> {
    let mut tx = read::snapshot(pool).await?;
    let mut walk = Walk::new(store::audit::head(&mut tx).await?, anchors);
    let mut broken = 0;
    let mut told = |found: &[Break]| {
        broken += found.len() as u64;
        found.iter().try_for_each(&mut tell)
    };
    for id in store::audit::unnumbered(&mut tx, BITE).await? {
        told(&[Break::Unnumbered { id }])?;
    }
    let mut after = (i64::MIN, Uuid::nil());
    loop {
        let rows = store::audit::chain(&mut tx, after, BITE).await?;
        let Some(last) = rows.last() else { break };
        after = (last.seq, last.id);
        for row in &rows {
            told(&walk.next(row))?;
        }
    }
    told(&walk.end())?;
    tx.commit().await?;
    Ok(Verdict {
        rows: walk.rows,
        broken,
        head: walk.last(),
    })
}
