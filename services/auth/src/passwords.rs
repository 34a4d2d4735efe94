mod memory;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use http_kit::{Error, Result};
use primitives::Random;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use memory::{Lease, Memory};

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many may wait for each turn: about a second of work. Whoever comes when all places are taken is told so at once.
const WAITING: usize = 32;

/// Hashes passwords with Argon2id and OWASP's parameters (19 MiB, two passes, one lane): on the blocking pool, and never
/// more at once than there are cores, so that sign-ins cannot starve everything else of CPU and memory.
#[derive(Clone)]
pub(crate) struct Passwords {
    params: Params,
    turns: Arc<Semaphore>,
    places: Arc<Semaphore>,
    runs: Arc<AtomicU64>,
    memory: Arc<Memory>,
    /// The hash of a password that nobody has: what unknown users are compared with, so that they take as long as known ones.
    nobody: Arc<str>,
}

/// The right to hash now.
struct Turn {
    _place: OwnedSemaphorePermit,
    _turn: OwnedSemaphorePermit,
    runs: Arc<AtomicU64>,
    memory: Lease,
}

impl Passwords {
    pub(crate) fn new(random: &Random) -> anyhow::Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Self::with(owasp()?, cores, WAITING, random)
    }

    fn with(params: Params, turns: usize, waiting: usize, random: &Random) -> anyhow::Result<Self> {
        let salt: [u8; 16] = random.bytes();
        let memory = Arc::new(Memory::default());
        let nobody = hash(&params, &salt, "nobody has this password", &memory.lease())?.into();
        Ok(Self {
            params,
            turns: Arc::new(Semaphore::new(turns)),
            places: Arc::new(Semaphore::new(turns * (1 + waiting))),
            runs: Arc::default(),
            memory,
            nobody,
        })
    }

    /// The hash to keep of a new password.
    pub(crate) async fn hash(&self, password: SecretString, salt: &[u8]) -> Result<String> {
        let (params, salt, turn) = (self.params.clone(), salt.to_vec(), self.turn().await?);
        let hashing = tokio::task::spawn_blocking(move || {
            turn.count();
            hash(&params, &salt, password.expose_secret(), &turn.memory)
        });
        Ok(hashing.await.map_err(Error::internal)??)
    }

    /// Whether the password is that of `stored`. Takes as long if there is nothing stored.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<&str>,
    ) -> Result<bool> {
        let stored = stored.map(str::to_owned).into_iter().collect();
        Ok(self.find(password, stored).await?.is_some())
    }

    /// The first of `stored` that the password fits. Those with the same salt and parameters cost one run together, and
    /// nothing stored costs as much.
    pub(crate) async fn find(
        &self,
        password: SecretString,
        stored: Vec<String>,
    ) -> Result<Option<usize>> {
        let nobody = stored.is_empty().then(|| self.nobody.to_string());
        let turn = self.turn().await?;
        let verifying = tokio::task::spawn_blocking(move || match nobody {
            Some(nobody) => find(&[nobody], password.expose_secret(), &turn).map(|_| None),
            None => find(&stored, password.expose_secret(), &turn),
        });
        Ok(verifying.await.map_err(Error::internal)??)
    }

    /// Runs what costs the CPU about as much as a hash, within the same bounds.
    pub(crate) async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let turn = self.turn().await?;
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        working.await.map_err(Error::internal)
    }

    /// Whether a hash was made with the parameters of today.
    pub(crate) fn is_current(&self, stored: &str) -> bool {
        PasswordHash::new(stored).is_ok_and(|stored| {
            stored.algorithm == ARGON2ID_IDENT
                && Params::try_from(&stored).is_ok_and(|params| same(&params, &self.params))
        })
    }

    /// How often Argon2 ran so far.
    pub(crate) fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    async fn turn(&self) -> Result<Turn> {
        let place = self.places.clone().try_acquire_owned();
        let place = place.map_err(|_| Error::unavailable(anyhow::anyhow!("too many wait")))?;
        let memory = self.memory.lease();
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        let turn = turn
            .map_err(|_| Error::unavailable(anyhow::anyhow!("too many passwords to check")))?
            .map_err(Error::internal)?;
        Ok(Turn {
            _place: place,
            _turn: turn,
            runs: self.runs.clone(),
            memory,
        })
    }
}

impl Turn {
    fn count(&self) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("password_hashes_total").increment(1);
    }
}

/// OWASP's: 19 MiB, two passes, one lane.
fn owasp() -> anyhow::Result<Params> {
    Params::new(19 * 1024, 2, 1, Some(32)).map_err(failed)
}

fn same(one: &Params, other: &Params) -> bool {
    (one.m_cost(), one.t_cost(), one.p_cost()) == (other.m_cost(), other.t_cost(), other.p_cost())
}

/// The salt of a stored hash.
pub(crate) fn salt_of(stored: &str) -> Option<Vec<u8>> {
    let stored = PasswordHash::new(stored).ok()?;
    stored.salt.map(|salt| salt.to_vec())
}

fn hash(params: &Params, salt: &[u8], password: &str, memory: &Lease) -> anyhow::Result<String> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(failed)?,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(output(params, salt, password, memory)?),
    };
    Ok(hash.to_string())
}

/// Each by the parameters that it was made with.
fn find(stored: &[String], password: &str, turn: &Turn) -> anyhow::Result<Option<usize>> {
    let mut ran: Vec<(Params, Salt, Output)> = Vec::new();
    for (index, stored) in stored.iter().enumerate() {
        let stored = PasswordHash::new(stored).map_err(failed)?;
        anyhow::ensure!(
            stored.algorithm == ARGON2ID_IDENT,
            "a stored hash is of another algorithm"
        );
        let (Some(salt), Some(expected)) = (stored.salt, stored.hash) else {
            anyhow::bail!("a stored hash is not whole")
        };
        let params = Params::try_from(&stored).map_err(failed)?;
        let known = ran
            .iter()
            .find(|(other, of, _)| same(other, &params) && *of == salt);
        let given = match known {
            Some((.., given)) => *given,
            None => {
                turn.count();
                let given = output(&params, &salt, password, &turn.memory)?;
                ran.push((params, salt, given));
                given
            }
        };
        // Compares in constant time.
        if given == expected {
            return Ok(Some(index));
        }
    }
    Ok(None)
}

fn output(params: &Params, salt: &[u8], password: &str, memory: &Lease) -> anyhow::Result<Output> {
    let mut bytes = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    memory
        .with(params.block_count(), |blocks| {
            argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut bytes, blocks)
        })
        .map_err(failed)?;
    Output::new(&bytes).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("cannot hash a password: {error}")
}

#[cfg(test)]
mod tests;
