use proptest::prelude::*;

use super::*;

const SALT: &[u8] = b"the salt of anna";

fn passwords() -> Passwords {
    Passwords::new(&Random::system()).unwrap()
}

/// With parameters that cost next to nothing.
fn cheap(waiting: usize) -> Passwords {
    let params = Params::new(8, 1, 1, Some(32)).unwrap();
    Passwords::with(params, 1, waiting, &Random::system()).unwrap()
}

fn secret(text: &str) -> SecretString {
    text.to_owned().into()
}

#[tokio::test]
async fn hashes_have_owasps_parameters_and_verify() {
    let passwords = passwords();
    let hash = passwords.hash(secret("correct horse"), SALT).await.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
    let verify = async |password: &str, stored: Option<&str>| {
        passwords.verify(secret(password), stored).await
    };
    assert!(verify("correct horse", Some(&hash)).await.unwrap());
    assert!(!verify("correct horsf", Some(&hash)).await.unwrap());
    assert!(!verify("nobody has this password", None).await.unwrap());
    assert!(verify("x", Some("not a hash")).await.is_err());
    // What the crate's own high-level interface makes verifies too.
    let other = Argon2::new(Algorithm::Argon2id, Version::V0x13, owasp().unwrap());
    let theirs = argon2::PasswordHasher::hash_password(&other, b"correct horse").unwrap();
    assert!(
        verify("correct horse", Some(&theirs.to_string()))
            .await
            .unwrap()
    );
}

#[tokio::test]
async fn hashes_of_one_salt_cost_one_run() {
    let passwords = cheap(10);
    let mut stored = Vec::new();
    for word in ["one", "two", "three"] {
        stored.push(passwords.hash(secret(word), SALT).await.unwrap());
    }
    let other_salt = passwords.hash(secret("two"), b"another salt").await;
    let runs = async |word: &str, stored: &[String]| {
        let before = passwords.runs();
        let found = passwords.find(secret(word), stored.to_vec()).await;
        (found.unwrap(), passwords.runs() - before)
    };
    assert_eq!(runs("two", &stored).await, (Some(1), 1));
    assert_eq!(runs("four", &stored).await, (None, 1));
    assert_eq!(runs("four", &[]).await, (None, 1));
    stored.insert(0, other_salt.unwrap());
    assert_eq!(runs("two", &stored).await, (Some(0), 1));
    assert_eq!(runs("three", &stored).await, (Some(3), 2));
}

#[tokio::test]
async fn a_hash_is_current_by_its_parameters() {
    let (weak, now) = (cheap(1), passwords());
    let old = weak.hash(secret("word"), SALT).await.unwrap();
    let new = now.hash(secret("word"), SALT).await.unwrap();
    assert!(!now.is_current(&old) && weak.is_current(&old));
    assert!(now.is_current(&new) && !now.is_current("not a hash"));
    assert_eq!(salt_of(&new).as_deref(), Some(SALT));
}

/// One hashes, as many wait as may, and the next is told at once.
#[tokio::test]
async fn only_so_many_wait() {
    let passwords = cheap(2);
    let busy = passwords.turn().await.unwrap();
    let waiting: Vec<_> = (0..2)
        .map(|_| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.verify(secret("x"), None).await })
        })
        .collect();
    while passwords.places.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    let refused = passwords.verify(secret("x"), None).await.unwrap_err();
    assert_eq!(
        (refused.status().as_u16(), refused.code()),
        (503, "unavailable")
    );
    drop(busy);
    for one in waiting {
        assert!(!one.await.unwrap().unwrap());
    }
    assert!(passwords.verify(secret("x"), None).await.is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the words and salts: the first with the word is found, and each salt costs at most one run.
    #[test]
    fn the_first_that_fits_is_found(kept in prop::collection::vec(("[abc]", 0_u8..3), 0..6), given in "[abc]") {
        let passwords = cheap(1);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let stored: Vec<String> = kept
            .iter()
            .map(|(word, salt)| hash(&passwords.params, &[*salt; 16], word, &passwords.memory.lease()).unwrap())
            .collect();
        let found = runtime.block_on(passwords.find(secret(&given), stored)).unwrap();
        prop_assert_eq!(found, kept.iter().position(|(word, _)| *word == given));
        let salts: std::collections::HashSet<u8> = kept.iter().map(|(_, salt)| *salt).collect();
        prop_assert!(passwords.runs() <= salts.len().max(1) as u64);
    }
}
