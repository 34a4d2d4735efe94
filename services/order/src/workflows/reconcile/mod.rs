//! Compares payments, refunds and disputes with the provider, mends what is safe through [`finalise`](super::finalise), and raises a work item for what is not.
//!
//! Time is cut into days by when the provider made its objects. Each day is compared both ways: what the provider lists with what we have of it, and what
//! we have of that day and was not in the list is asked for, whether the provider has it at all. Nothing remote is called in a transaction, every step
//! may be repeated, and the position is stored after each day: what crashes is taken up there.

mod disputes;
mod kind;
mod ledger;
mod payments;
mod refunds;
mod work;

use std::collections::HashSet;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable as _};
use primitives::{ReconciliationId, Timestamp};
use sqlx::PgConnection;

use self::payments::Payments;
use self::refunds::Refunds;
use crate::app::AppState;
use crate::domain::reconciling::Trouble;
use crate::payments::ProviderError;
use crate::store;
use crate::store::reconciliations::{Begin, Counts, Run};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A process that was not heard of for so long has crashed; one request to the provider takes less, with all its repetitions.
const SILENCE: Duration = Duration::from_secs(10 * 60);

/// How many of our rows are read at once.
const BATCH: i64 = 500;

/// How much is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// What was made within `RECONCILE_WINDOW_HOURS`.
    Window,
    /// All there is.
    Full,
}

impl Span {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Window => "window",
            Self::Full => "full",
        }
    }
}

/// What came of a comparison.
#[derive(Debug, Clone, Copy)]
pub struct Summary {
    /// Under which `GET /internal/reconciliations/{id}/differences` shows what was found.
    pub id: ReconciliationId,
    /// How many.
    pub counts: Counts,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts {
            payments,
            refunds,
            disputes,
            strangers,
            healed,
            raised,
        } = self.counts;
        write!(
            f,
            "{payments} payments, {refunds} refunds and {disputes} disputes compared, {strangers} not ours; {healed} differences healed, {raised} raised ({})",
            self.id
        )
    }
}

/// Compares; none is answered while another process is at it.
///
/// # Errors
/// The provider or the database is away for longer than is waited. What was done until then stays done.
pub async fn run(app: &AppState, span: Span) -> anyhow::Result<Option<Summary>> {
    let mut conn = app.pool.acquire().await?;
    let begin = beginning(&mut conn, app, span).await?;
    let Some(run) = store::reconciliations::begin(&mut conn, &begin).await? else {
        return Ok(None);
    };
    drop(conn);
    let mut comparison = Comparison {
        app,
        id: run.id,
        fresh: Counts::default(),
        all: Counts::default(),
        troubled: HashSet::new(),
    };
    let outcome = comparison.days(&run).await;
    let mut conn = app.pool.acquire().await?;
    let error = outcome.as_ref().err().map(|error| format!("{error:#}"));
    store::reconciliations::finish(&mut conn, run.id, error.as_deref(), app.clock.now()).await?;
    outcome?;
    Ok(Some(Summary {
        id: run.id,
        counts: comparison.all,
    }))
}

/// What a comparison that begins now looks at.
async fn beginning(
    conn: &mut PgConnection,
    app: &AppState,
    span: Span,
) -> sqlx::Result<Begin<'static>> {
    let now = app.clock.now();
    let from = match span {
        Span::Window => now - app.reconcile_window,
        Span::Full => store::reconciliations::first_payment(conn)
            .await?
            .map_or(now - DAY, |first| first - DAY),
    };
    Ok(Begin {
        id: ReconciliationId::new(now, &app.random),
        kind: span.as_str(),
        from,
        // The provider counts in seconds: what it made in this one belongs to this comparison.
        now: now + Duration::from_secs(1),
        silent_since: now - SILENCE,
    })
}

/// Wishes for a comparison, which the job takes up as if its maker had crashed; nothing if one of this kind is running or wished for already.
pub(crate) async fn wish(
    conn: &mut PgConnection,
    app: &AppState,
    span: Span,
) -> sqlx::Result<Option<ReconciliationId>> {
    let begin = beginning(conn, app, span).await?;
    store::reconciliations::wish(conn, &begin).await
}

/// Whether one is wished for, or was left unfinished by who crashed.
pub(crate) async fn is_waiting(app: &AppState, span: Span) -> sqlx::Result<bool> {
    let mut conn = app.pool.acquire().await?;
    let silent_since = app.clock.now() - SILENCE;
    store::reconciliations::is_waiting(&mut conn, span.as_str(), silent_since).await
}

/// One comparison while it is made.
struct Comparison<'a> {
    app: &'a AppState,
    id: ReconciliationId,
    /// What is not yet stored.
    fresh: Counts,
    all: Counts,
    /// What was raised, by subject.
    troubled: HashSet<(String, Trouble)>,
}

/// From a moment to before another.
type Slice = (Timestamp, Timestamp);

impl Comparison<'_> {
    async fn days(&mut self, run: &Run) -> anyhow::Result<()> {
        let mut position = run.position;
        while position < run.until {
            // A rest of a few seconds is no day of its own.
            let end = if run.until.since(position) < DAY + HOUR {
                run.until
            } else {
                position + DAY
            };
            let slice = (position, end);
            self.both_ways::<Payments>(slice).await?;
            self.both_ways::<Refunds>(slice).await?;
            self.disputes(slice).await?;
            self.ledger(slice).await?;
            self.beat(Some(end)).await?;
            position = end;
        }
        self.open_disputes().await
    }

    /// Stores the counts, and that somebody is at work.
    async fn beat(&mut self, position: Option<Timestamp>) -> anyhow::Result<()> {
        let fresh = std::mem::take(&mut self.fresh);
        let mut conn = self.app.pool.acquire().await?;
        store::reconciliations::advance(&mut conn, self.id, position, fresh, self.app.clock.now())
            .await?;
        self.all.payments += fresh.payments;
        self.all.refunds += fresh.refunds;
        self.all.disputes += fresh.disputes;
        self.all.strangers += fresh.strangers;
        self.all.healed += fresh.healed;
        self.all.raised += fresh.raised;
        Ok(())
    }
}

/// Asks again, ever more slowly, while the provider does not answer, answers 500 or says that it is too much; for about a minute.
async fn patiently<T, F>(ask: impl FnMut() -> F) -> Result<T, ProviderError>
where
    F: Future<Output = Result<T, ProviderError>>,
{
    let backoff = ExponentialBuilder::default()
        .with_min_delay(Duration::from_millis(100))
        .with_max_delay(Duration::from_secs(15))
        .with_max_times(10)
        .with_jitter();
    ask.retry(backoff)
        .when(|error| matches!(error, ProviderError::Unavailable(_)))
        .await
}
