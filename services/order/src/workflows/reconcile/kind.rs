//! The two ways in which a kind of object is compared: what the provider lists with what we have of it, and what we have with what was in the list.

use std::collections::HashSet;
use std::slice;

use sqlx::PgConnection;
use uuid::Uuid;

use super::work::Found;
use super::{Comparison, Slice, patiently};
use crate::app::AppState;
use crate::domain::reconciling::{Heal, Judgement, Trouble};
use crate::payments::{Listed, ProviderError, Stripe};
use crate::store::reconciliations::Counts;
use crate::workflows::transition::TransitionError;

/// A kind of object that both sides have.
pub(super) trait Kind {
    type Theirs: Sync;
    /// What we have of some of theirs.
    type Known: Sync;
    type Ours: Sync;

    /// Raised when the provider does not have one of ours.
    const MISSING: Trouble;

    /// A part of the provider's list.
    fn list(
        stripe: &Stripe,
        slice: Slice,
        after: Option<&str>,
    ) -> impl Future<Output = Result<Listed<Self::Theirs>, ProviderError>> + Send;

    /// One of the provider's.
    fn look_up(
        stripe: &Stripe,
        reference: &str,
    ) -> impl Future<Output = Result<Option<Self::Theirs>, ProviderError>> + Send;

    /// What we have of these.
    fn known(
        conn: &mut PgConnection,
        theirs: &[Self::Theirs],
    ) -> impl Future<Output = sqlx::Result<Self::Known>> + Send;

    /// What we have of a time, after an id.
    fn between(
        conn: &mut PgConnection,
        slice: Slice,
        after: Uuid,
    ) -> impl Future<Output = sqlx::Result<Vec<Self::Ours>>> + Send;

    fn id(ours: &Self::Ours) -> Uuid;

    /// One of ours that was not in the list, if the provider should have it; without what it says.
    fn unlisted(ours: &Self::Ours) -> Option<Found>;

    fn reference(theirs: &Self::Theirs) -> &str;

    fn judge(known: &Self::Known, theirs: &Self::Theirs) -> Judgement;

    fn found(known: &Self::Known, theirs: &Self::Theirs) -> Found;

    /// Mends a difference; true if something was changed by it.
    fn heal(
        app: &AppState,
        heal: Heal,
        known: &Self::Known,
        theirs: &Self::Theirs,
    ) -> impl Future<Output = Result<bool, HealError>> + Send;

    /// One more was compared.
    fn count(counts: &mut Counts);
}

/// Why something was not mended.
#[derive(Debug, thiserror::Error)]
pub(super) enum HealError {
    #[error(transparent)]
    Later(#[from] ProviderError),
    #[error(transparent)]
    Never(#[from] TransitionError),
}

impl From<sqlx::Error> for HealError {
    fn from(error: sqlx::Error) -> Self {
        Self::Never(error.into())
    }
}

impl Comparison<'_> {
    /// Compares all of a kind that was made within a time, both ways.
    pub(super) async fn both_ways<K: Kind>(&mut self, slice: Slice) -> anyhow::Result<()> {
        let app = self.app;
        let mut seen = HashSet::new();
        let mut after: Option<String> = None;
        loop {
            let listed = patiently(|| K::list(&app.stripe, slice, after.as_deref())).await?;
            let known = self.known::<K>(&listed.items).await?;
            let mut agreed = Vec::new();
            for theirs in &listed.items {
                agreed.extend(self.compare::<K>(&known, theirs).await?);
                seen.insert(K::reference(theirs).to_owned());
            }
            self.agreed(&agreed).await?;
            self.beat(None).await?;
            after = listed.next;
            if after.is_none() {
                break;
            }
        }
        self.unlisted::<K>(slice, &seen).await
    }

    /// What we have of that time and the provider did not list: either it is not there, or it was made there later, and is in the list of that day.
    async fn unlisted<K: Kind>(
        &mut self,
        slice: Slice,
        seen: &HashSet<String>,
    ) -> anyhow::Result<()> {
        let app = self.app;
        let mut after = Uuid::nil();
        loop {
            let mut conn = app.pool.acquire().await?;
            let batch = K::between(&mut conn, slice, after).await?;
            drop(conn);
            let Some(last) = batch.last() else {
                return Ok(());
            };
            after = K::id(last);
            for found in batch.iter().filter_map(K::unlisted) {
                let Some(reference) = found.reference.as_deref().filter(|it| !seen.contains(*it))
                else {
                    continue;
                };
                let theirs = patiently(|| K::look_up(&app.stripe, reference)).await?;
                if theirs.is_none() {
                    self.raised(K::MISSING, &found).await?;
                }
            }
            self.beat(None).await?;
        }
    }

    /// Compares one; its subject if there is nothing to say.
    async fn compare<K: Kind>(
        &mut self,
        known: &K::Known,
        theirs: &K::Theirs,
    ) -> anyhow::Result<Option<String>> {
        let judgement = K::judge(known, theirs);
        if judgement == Judgement::Stranger {
            self.fresh.strangers += 1;
            return Ok(None);
        }
        K::count(&mut self.fresh);
        let heal = match judgement {
            Judgement::Heal(heal) => heal,
            Judgement::Raise(_) => {
                self.look_again::<K>(theirs).await?;
                return Ok(None);
            }
            Judgement::Same | Judgement::Stranger => {
                return Ok(Some(K::found(known, theirs).subject));
            }
        };
        let found = K::found(known, theirs);
        let subject = &found.subject;
        match K::heal(self.app, heal, known, theirs).await {
            Ok(true) => self.healed(heal, &found).await?,
            Ok(false) => {}
            Err(HealError::Later(error)) => {
                tracing::warn!(subject, %error, "a difference could not be healed yet");
            }
            Err(HealError::Never(error)) => {
                tracing::error!(subject, %error, "a difference could not be healed");
                let trouble = match (heal, error) {
                    (Heal::RefundMadeElsewhere, TransitionError::Refused(_)) => {
                        Trouble::RefundNotAdoptable
                    }
                    _ => Trouble::NotHealed,
                };
                self.raised(trouble, &found).await?;
            }
        }
        Ok(None)
    }

    /// Looks once more before a person is asked, at ours first: what the provider says then can only be newer.
    async fn look_again<K: Kind>(&mut self, listed: &K::Theirs) -> anyhow::Result<()> {
        let app = self.app;
        let known = self.known::<K>(slice::from_ref(listed)).await?;
        let theirs = patiently(|| K::look_up(&app.stripe, K::reference(listed))).await?;
        let Some(theirs) = theirs else {
            return Ok(());
        };
        if let Judgement::Raise(trouble) = K::judge(&known, &theirs) {
            self.raised(trouble, &K::found(&known, &theirs)).await?;
        }
        Ok(())
    }

    async fn known<K: Kind>(&self, theirs: &[K::Theirs]) -> sqlx::Result<K::Known> {
        let mut conn = self.app.pool.acquire().await?;
        K::known(&mut conn, theirs).await
    }
}
