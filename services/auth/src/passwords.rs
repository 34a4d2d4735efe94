use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use http_kit::{Error, Result};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long a request waits for its turn before it is told to come back.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hashes passwords with Argon2id and OWASP's parameters (19 MiB, two passes, one lane): on the blocking pool, and never
/// more at once than there are cores, so that sign-ins cannot starve everything else of CPU and memory.
#[derive(Clone)]
pub(crate) struct Passwords {
    argon2: Argon2<'static>,
    turns: Arc<Semaphore>,
    /// The hash of a password that nobody has: what unknown users are compared with, so that they take as long as known ones.
    nobody: Arc<str>,
}

impl Passwords {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| anyhow::anyhow!("Argon2 parameters: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let nobody = hash(&argon2, "nobody has this password")?.into();
        Ok(Self { argon2, turns: Arc::new(Semaphore::new(cores)), nobody })
    }

    /// The hash to keep of a new password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String> {
        let (argon2, turn) = (self.argon2.clone(), self.turn().await?);
        let hashing = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash(&argon2, password.expose_secret())
        });
        Ok(hashing.await.map_err(Error::internal)??)
    }

    /// Whether the password is that of `stored`. Takes as long if there is nothing stored.
    pub(crate) async fn verify(&self, password: SecretString, stored: Option<&str>) -> Result<bool> {
        let known = stored.is_some();
        let stored = stored.map_or_else(|| self.nobody.to_string(), str::to_owned);
        let (argon2, turn) = (self.argon2.clone(), self.turn().await?);
        let verifying = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            PasswordHash::new(&stored)
                .is_ok_and(|stored| argon2.verify_password(password.expose_secret().as_bytes(), &stored).is_ok())
        });
        Ok(verifying.await.map_err(Error::internal)? && known)
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await;
        turn.map_err(|_| Error::unavailable(anyhow::anyhow!("too many passwords to check")))?.map_err(Error::internal)
    }
}

fn hash(argon2: &Argon2<'_>, password: &str) -> anyhow::Result<String> {
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| anyhow::anyhow!("cannot hash: {error}"))?;
    Ok(hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashes_have_owasps_parameters_and_verify() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".to_owned().into()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(passwords.verify("correct horse".to_owned().into(), Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horsf".to_owned().into(), Some(&hash)).await.unwrap());
        assert!(!passwords.verify("nobody has this password".to_owned().into(), None).await.unwrap());
        assert!(!passwords.verify("x".to_owned().into(), Some("not a hash")).await.unwrap());
    }
}
