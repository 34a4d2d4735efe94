use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use http_kit::{Error, Result};
use primitives::Random;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes above which glibc always gives memory back at once (DEFAULT_MMAP_THRESHOLD_MAX). Smaller blocks that are freed
/// often are kept, and a service at rest would weigh 40 MB more.
const GIVEN_BACK: usize = 33 * 1024 * 1024;

/// Hashes passwords with Argon2id and OWASP's parameters (19 MiB, two passes, one lane): on the blocking pool, and never
/// more at once than there are cores, so that sign-ins cannot starve everything else of CPU and memory.
#[derive(Clone)]
pub(crate) struct Passwords {
    params: Params,
    random: Random,
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody has: what unknown users are compared with, so that they take as long as known ones.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new(random: Random) -> anyhow::Result<Self> {
        let params = Params::new(19 * 1024, 2, 1, Some(32)).map_err(failed)?;
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let nobody = hash(&params, &random.bytes(), "nobody has this password")?.into();
        Ok(Self {
            params,
            random,
            turns: Arc::new(Semaphore::new(cores)),
            nobody,
        })
    }

    /// The hash to keep of a new password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String> {
        let (params, salt, turn) = (self.params.clone(), self.random.bytes(), self.turn().await?);
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash(&params, &salt, password.expose_secret())
        });
        Ok(hashing.await.map_err(Error::internal)??)
    }

    /// Whether the password is that of `stored`. Takes as long if there is nothing stored.
    pub(crate) async fn verify(
        &self,
        password: SecretString,
        stored: Option<&str>,
    ) -> Result<bool> {
        let known = stored.is_some();
        let stored = stored.map_or_else(|| self.nobody.to_string(), str::to_owned);
        let turn = self.turn().await?;
        let verifying = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            verify(&stored, password.expose_secret())
        });
        Ok(verifying.await.map_err(Error::internal)?? && known)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        turn.map_err(|_| Error::unavailable(anyhow::anyhow!("too many passwords to check")))?
            .map_err(Error::internal)
    }
}

fn hash(params: &Params, salt: &[u8; 16], password: &str) -> anyhow::Result<String> {
    let hash = PasswordHash {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(failed)?,
        salt: Some(Salt::new(salt).map_err(failed)?),
        hash: Some(output(params, salt, password)?),
    };
    Ok(hash.to_string())
}

/// By the parameters that the stored hash was made with.
fn verify(stored: &str, password: &str) -> anyhow::Result<bool> {
    let stored = PasswordHash::new(stored).map_err(failed)?;
    anyhow::ensure!(
        stored.algorithm == ARGON2ID_IDENT,
        "a stored hash is of another algorithm"
    );
    let (Some(salt), Some(expected)) = (&stored.salt, stored.hash) else {
        anyhow::bail!("a stored hash is not whole")
    };
    let params = Params::try_from(&stored).map_err(failed)?;
    // Compares in constant time.
    Ok(output(&params, salt, password)? == expected)
}

fn output(params: &Params, salt: &[u8], password: &str) -> anyhow::Result<Output> {
    let blocks = params.block_count();
    let mut memory = Vec::with_capacity(blocks.max(GIVEN_BACK / Block::SIZE));
    memory.resize(blocks, Block::default());
    let mut bytes = [0; 32];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt, &mut bytes, &mut memory)
        .map_err(failed)?;
    Output::new(&bytes).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow::anyhow!("cannot hash a password: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashes_have_owasps_parameters_and_verify() {
        let passwords = Passwords::new(Random::system()).unwrap();
        let hash = passwords
            .hash("correct horse".to_owned().into())
            .await
            .unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            passwords
                .verify("correct horse".to_owned().into(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("correct horsf".to_owned().into(), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .verify("nobody has this password".to_owned().into(), None)
                .await
                .unwrap()
        );
        assert!(
            passwords
                .verify("x".to_owned().into(), Some("not a hash"))
                .await
                .is_err()
        );
        // What the crate's own high-level interface makes verifies too.
        let other = Argon2::new(
            Algorithm::Argon2id,
            Version::V0x13,
            passwords.params.clone(),
        );
        let theirs = argon2::PasswordHasher::hash_password(&other, b"correct horse")
            .unwrap()
            .to_string();
        assert!(
            passwords
                .verify("correct horse".to_owned().into(), Some(&theirs))
                .await
                .unwrap()
        );
    }
}
