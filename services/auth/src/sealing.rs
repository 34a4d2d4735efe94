//! Secrets that must be read again are sealed (ChaCha20-Poly1305) before they enter the database, under keys that are never
//! in it: the file `sealing.key` in `SIGNING_KEYS_DIR`. Whoever has only the database, or a backup of it, has no secret.
//!
//! Each line of the file is a key; the last one seals, all of them open. So a key is changed by adding a line on every
//! replica, and retired when nothing is sealed by it any more. The name of the key stands before what it sealed.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use primitives::{Random, UserId};
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

use crate::keyfiles;

const FILE: &str = "sealing.key";
const NAME_LEN: usize = 4;

/// Seals and opens. Clones share the keys.
#[derive(Clone)]
pub(crate) struct Sealing(Arc<Vec<Key>>);

struct Key {
    /// Derived from the key, so that nobody has to keep names apart.
    name: [u8; NAME_LEN],
    key: LessSafeKey,
}

/// What is sealed. With the user it belongs to, it is bound to the sealed text: what was sealed for one purpose or person
/// opens for no other.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Purpose {
    /// The secret of an authenticator app.
    Totp,
}

impl Purpose {
    fn bound_to(self, user: UserId) -> Aad<Vec<u8>> {
        let word: &[u8] = match self {
            Self::Totp => b"totp",
        };
        Aad::from([word, user.uuid().as_bytes()].concat())
    }
}

impl Sealing {
    /// Reads the file, making it if need be. Replicas that start together agree on one key.
    pub(crate) fn open(dir: &Path, random: &Random) -> anyhow::Result<Self> {
        let path = dir.join(FILE);
        let context = || path.display().to_string();
        if !path.try_exists().with_context(context)? {
            let line = format!("{}\n", STANDARD.encode(random.bytes::<32>()));
            keyfiles::write_once(dir, FILE, &line).with_context(context)?;
        }
        let text = std::fs::read_to_string(&path).with_context(context)?;
        Self::from_lines(&text).with_context(context)
    }

    fn from_lines(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys: Vec<Key> = lines.map(Key::from_line).collect::<anyhow::Result<_>>()?;
        anyhow::ensure!(!keys.is_empty(), "there is no key");
        Ok(Self(Arc::new(keys)))
    }

    pub(crate) fn seal(
        &self,
        random: &Random,
        purpose: Purpose,
        user: UserId,
        secret: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let Key { name, key } = self.0.last().context("there is no key")?;
        let nonce = random.bytes::<NONCE_LEN>();
        let mut sealed = secret.to_vec();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            purpose.bound_to(user),
            &mut sealed,
        )
        .map_err(|_| anyhow::anyhow!("cannot seal"))?;
        Ok([&name[..], &nonce[..], &sealed].concat())
    }

    /// The secret; an error if it was changed, sealed for somebody or something else, or under a key that is gone.
    pub(crate) fn unseal(
        &self,
        purpose: Purpose,
        user: UserId,
        sealed: &[u8],
    ) -> anyhow::Result<Vec<u8>> {
        let (name, rest) = sealed.split_at_checked(NAME_LEN).context("too short")?;
        let (nonce, rest) = rest.split_at_checked(NONCE_LEN).context("too short")?;
        let key = self.0.iter().find(|key| key.name == name);
        let Key { key, .. } = key.context("sealed by a key that is not in sealing.key")?;
        let mut opened = rest.to_vec();
        let length = key
            .open_in_place(
                Nonce::try_assume_unique_for_key(nonce)
                    .map_err(|_| anyhow::anyhow!("a bad nonce"))?,
                purpose.bound_to(user),
                &mut opened,
            )
            .map_err(|_| anyhow::anyhow!("a sealed secret was tampered with"))?
            .len();
        opened.truncate(length);
        Ok(opened)
    }
}

impl Key {
    fn from_line(line: &str) -> anyhow::Result<Self> {
        let bytes = STANDARD.decode(line).context("a line is not base64")?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes)
            .map_err(|_| anyhow::anyhow!("a key has not 32 bytes"))?;
        let mut name = [0; NAME_LEN];
        let hash = Sha256::new_with_prefix("sealing key").chain_update(&bytes);
        name.iter_mut()
            .zip(hash.finalize())
            .for_each(|(to, from)| *to = from);
        Ok(Self {
            name,
            key: LessSafeKey::new(key),
        })
    }
}

#[cfg(test)]
mod tests {
    use primitives::Clock;

    use super::*;

    fn line(random: &Random) -> String {
        format!("{}\n", STANDARD.encode(random.bytes::<32>()))
    }

    #[test]
    fn only_what_was_sealed_for_a_user_opens_for_them() {
        let random = Random::system();
        let (anna, bert) = (
            UserId::new(Clock::system().now(), &random),
            UserId::new(Clock::system().now(), &random),
        );
        let keys = Sealing::from_lines(&line(&random)).unwrap();
        let sealed = keys.seal(&random, Purpose::Totp, anna, b"secret").unwrap();
        assert_eq!(
            keys.unseal(Purpose::Totp, anna, &sealed).unwrap(),
            b"secret"
        );
        assert!(keys.unseal(Purpose::Totp, bert, &sealed).is_err());
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        let again = keys.seal(&random, Purpose::Totp, anna, b"secret").unwrap();
        assert_ne!(again, sealed, "never the same twice");
        for index in 0..sealed.len() {
            let mut tampered = sealed.clone();
            tampered[index] ^= 1;
            assert!(
                keys.unseal(Purpose::Totp, anna, &tampered).is_err(),
                "{index}"
            );
            assert!(keys.unseal(Purpose::Totp, anna, &sealed[..index]).is_err());
        }
    }

    #[test]
    fn a_new_key_seals_while_the_old_one_still_opens() {
        let random = Random::system();
        let anna = UserId::new(Clock::system().now(), &random);
        let (old, new) = (line(&random), line(&random));
        let before = Sealing::from_lines(&old).unwrap();
        let between = Sealing::from_lines(&format!("{old}{new}")).unwrap();
        let after = Sealing::from_lines(&new).unwrap();
        let first = before.seal(&random, Purpose::Totp, anna, b"x").unwrap();
        let second = between.seal(&random, Purpose::Totp, anna, b"x").unwrap();
        assert!(between.unseal(Purpose::Totp, anna, &first).is_ok());
        assert!(after.unseal(Purpose::Totp, anna, &second).is_ok());
        assert!(after.unseal(Purpose::Totp, anna, &first).is_err());
        for bad in ["", "\n", "no base64!", "c2hvcnQ="] {
            assert!(Sealing::from_lines(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn whoever_starts_first_makes_the_key() {
        let dir = std::env::temp_dir().join(format!("mercato-sealing-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        let random = Random::system();
        let anna = UserId::new(Clock::system().now(), &random);
        let opened: Vec<Sealing> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| Sealing::open(&dir, &random).unwrap()))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        let sealed = opened[0].seal(&random, Purpose::Totp, anna, b"x").unwrap();
        for keys in opened {
            assert!(keys.unseal(Purpose::Totp, anna, &sealed).is_ok());
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}
