//! Keys in files: those that sign access tokens, and those with which services know each other.
//!
//! Each signing key is a PKCS#8 PEM in `SIGNING_KEYS_DIR`; its name in tokens is derived from the public key. All keys of the
//! folder are in the JWKS, and the newest signs, once it has been there long enough for every replica to show it. So a key
//! is rotated by `auth rotate-signing-key`, and retired by `auth retire-signing-keys`, which deletes those whose last token has
//! expired. Other services hold on to the keys they know while auth is away.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use auth_token::{GeneratedKey, Jwks, Signer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use primitives::{Clock, Timestamp};
use runtime::clap;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use crate::domain::token::ACCESS_LIFETIME;

/// How long a new key is shown before it signs: longer than replicas take to reload.
const SHOWN_BEFORE_SIGNING: Duration = Duration::from_secs(90);
/// How often the folder is read again.
pub(crate) const RELOAD_INTERVAL: Duration = Duration::from_secs(30);
/// How old the key after a key is when the last token of the former has expired for sure: shown, taken up by the slowest
/// replica, and then the lifetime of a token; twice that, for clocks and file systems that are not exact.
const RETIRED_AFTER: Duration = Duration::from_secs(
    2 * (SHOWN_BEFORE_SIGNING.as_secs() + RELOAD_INTERVAL.as_secs() + ACCESS_LIFETIME.as_secs()),
);
/// Every service that calls, or is called by, another.
const SERVICES: [&str; 5] = ["auth", "product", "order", "admin", "notification"];

/// The keys that sign access tokens.
#[derive(Clone)]
pub(crate) struct SigningKeys {
    dir: Arc<Path>,
    clock: Clock,
    current: Arc<RwLock<Arc<Current>>>,
}

struct Current {
    signer: Signer,
    jwks: Jwks,
}

impl SigningKeys {
    /// Reads the folder, making it and its first key if need be.
    pub(crate) fn open(dir: &Path, clock: &Clock) -> anyhow::Result<Self> {
        let context = || format!("SIGNING_KEYS_DIR {}", dir.display());
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .with_context(context)?;
        if read(dir).with_context(context)?.is_empty() {
            first_key(dir).with_context(context)?;
        }
        let current = load(dir, clock.now()).with_context(context)?;
        Ok(Self {
            dir: dir.into(),
            clock: clock.clone(),
            current: Arc::new(RwLock::new(Arc::new(current))),
        })
    }

    /// Reads the folder again.
    pub(crate) fn reload(&self) -> anyhow::Result<()> {
        let current = Arc::new(load(&self.dir, self.clock.now())?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = current;
        Ok(())
    }

    pub(crate) fn signer(&self) -> Signer {
        self.current().signer.clone()
    }

    pub(crate) fn jwks(&self) -> Jwks {
        self.current().jwks.clone()
    }

    fn current(&self) -> Arc<Current> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// The keys of a folder, oldest first.
fn read(dir: &Path) -> anyhow::Result<Vec<(Timestamp, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "pem") {
            files.push((
                Timestamp::from(time::OffsetDateTime::from(fs::metadata(&path)?.modified()?)),
                path,
            ));
        }
    }
    files.sort();
    Ok(files)
}

fn load(dir: &Path, now: Timestamp) -> anyhow::Result<Current> {
    let (mut jwks, mut signer) = (Jwks::default(), None);
    for (made, path) in read(dir)? {
        let key = pem_decode(&fs::read_to_string(&path)?)
            .and_then(|pkcs8| Signer::from_pkcs8(&name_of(&pkcs8)?, &pkcs8))
            .with_context(|| path.display().to_string())?;
        jwks.keys.push(key.jwk().clone());
        if signer.is_none() || now.since(made) > SHOWN_BEFORE_SIGNING {
            signer = Some(key);
        }
    }
    Ok(Current {
        signer: signer.context("there is no key")?,
        jwks,
    })
}

/// A name that another key cannot have by chance: from the public key.
fn name_of(pkcs8: &[u8]) -> anyhow::Result<String> {
    let jwk = Signer::from_pkcs8("", pkcs8)?.jwk().clone();
    let hash = Sha256::digest(jwk.x);
    Ok(URL_SAFE_NO_PAD.encode(hash.get(..12).unwrap_or_default()))
}

fn first_key(dir: &Path) -> anyhow::Result<()> {
    let pem = pem_encode(GeneratedKey::generate()?.pkcs8());
    write_once(dir, "0001.pem", &pem)
}

/// Writes a secret file unless it is there. Replicas that start together in an empty folder agree on one: whoever links the
/// file first has made it, and nobody reads half of it.
pub(crate) fn write_once(dir: &Path, name: &str, secret: &str) -> anyhow::Result<()> {
    // Of its own for each: replicas in containers may all be process 1.
    let hash = Sha256::digest(secret);
    let unique = URL_SAFE_NO_PAD.encode(hash.get(..12).unwrap_or_default());
    let draft = dir.join(format!(".draft-{unique}"));
    write_secret(&draft, secret)?;
    let linked = fs::hard_link(&draft, dir.join(name));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

/// Adds a key after all others. Two who do it at once add one.
fn rotate(dir: &Path) -> anyhow::Result<()> {
    let number = |path: &Path| path.file_stem()?.to_str()?.parse::<u32>().ok();
    let keys = read(dir)?;
    let last = keys.iter().filter_map(|(_, path)| number(path)).max();
    let name = format!("{:04}.pem", last.unwrap_or(0) + 1);
    let pem = pem_encode(GeneratedKey::generate()?.pkcs8());
    write_once(dir, &name, &pem)
}

/// Deletes the keys whose last token has expired: those with a key after them that has signed for long enough.
fn retire(dir: &Path, now: Timestamp) -> anyhow::Result<Vec<PathBuf>> {
    let keys = read(dir)?;
    let followed = keys.iter().zip(keys.iter().skip(1));
    let over = followed.filter(|(_, (next, _))| now.since(*next) > RETIRED_AFTER);
    let retired: Vec<PathBuf> = over.map(|((_, path), _)| path.clone()).collect();
    for path in &retired {
        fs::remove_file(path).with_context(|| path.display().to_string())?;
    }
    Ok(retired)
}

fn write_secret(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

fn pem_encode(pkcs8: &[u8]) -> String {
    let text = STANDARD.encode(pkcs8);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .filter_map(|line| std::str::from_utf8(line).ok())
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

fn pem_decode(pem: &str) -> anyhow::Result<Vec<u8>> {
    let text: String = pem
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("-----"))
        .collect();
    STANDARD.decode(text).context("not a PEM file")
}

/// `generate-service-keys`, `rotate-signing-key` and `retire-signing-keys`.
pub(crate) fn commands() -> Vec<clap::Command> {
    let folder = |name: &'static str, help: &'static str| {
        clap::Arg::new(name)
            .long(name)
            .required(true)
            .value_parser(clap::value_parser!(PathBuf))
            .help(help)
    };
    vec![
        clap::Command::new("generate-service-keys")
            .about("Make the keys with which the services know each other: <service>.key (SERVICE_KEY) and services.jwks.json (SERVICE_JWKS)")
            .arg(folder("out", "The folder to write to; existing keys are kept")),
        clap::Command::new("rotate-signing-key")
            .about("Add a key that will sign access tokens from two minutes on")
            .arg(folder("dir", "SIGNING_KEYS_DIR")),
        clap::Command::new("retire-signing-keys")
            .about("Delete the keys whose last access token has expired; those that may still be needed stay")
            .arg(folder("dir", "SIGNING_KEYS_DIR")),
    ]
}

pub(crate) fn run_command(name: &str, args: &clap::ArgMatches) -> anyhow::Result<()> {
    let folder = |name: &str| {
        args.get_one::<PathBuf>(name)
            .cloned()
            .context("the folder is missing")
    };
    match name {
        "generate-service-keys" => generate_service_keys(&folder("out")?),
        "rotate-signing-key" => rotate(&folder("dir")?),
        "retire-signing-keys" => {
            for path in retire(&folder("dir")?, Clock::system().now())? {
                writeln!(std::io::stdout(), "retired {}", path.display())?;
            }
            Ok(())
        }
        _ => anyhow::bail!("there is no subcommand {name}"),
    }
}

/// Keeps the keys that are there, so that it can be run again when a service is added.
fn generate_service_keys(dir: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)?;
    let mut jwks = Jwks::default();
    for service in SERVICES {
        let path = dir.join(format!("{service}.key"));
        if !path.exists() {
            write_secret(&path, GeneratedKey::generate()?.base64().expose_secret())?;
        }
        let pkcs8 = STANDARD
            .decode(fs::read_to_string(&path)?.trim())
            .with_context(|| path.display().to_string())?;
        jwks.keys.push(
            Signer::from_pkcs8(service, &pkcs8)
                .with_context(|| path.display().to_string())?
                .jwk()
                .clone(),
        );
    }
    fs::write(
        dir.join("services.jwks.json"),
        serde_json::to_string_pretty(&jwks)?,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("mercato-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir
    }

    #[test]
    fn the_first_key_is_made_once_and_a_new_one_signs_after_it_was_shown() {
        let dir = folder("signing");
        let clock = Clock::manual(Clock::system().now());
        let keys = SigningKeys::open(&dir, &clock).unwrap();
        let first = keys.signer().jwk().clone();
        let again = SigningKeys::open(&dir, &clock).unwrap();
        assert_eq!(again.signer().jwk(), &first);

        std::thread::sleep(Duration::from_millis(20));
        let matches = commands()
            .remove(1)
            .no_binary_name(true)
            .get_matches_from(["--dir".into(), dir.clone().into_os_string()]);
        run_command("rotate-signing-key", &matches).unwrap();
        keys.reload().unwrap();
        assert_eq!(keys.jwks().keys.len(), 2);
        assert_eq!(keys.signer().jwk(), &first, "not yet");
        clock.advance(SHOWN_BEFORE_SIGNING + Duration::from_secs(10));
        keys.reload().unwrap();
        assert_ne!(keys.signer().jwk(), &first);
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn a_key_is_retired_only_when_nothing_it_signed_is_alive() {
        let dir = folder("retiring");
        let clock = Clock::system();
        let keys = SigningKeys::open(&dir, &clock).unwrap();
        let first = keys.signer().jwk().clone();
        std::thread::sleep(Duration::from_millis(20));
        rotate(&dir).unwrap();
        let rotated = clock.now();
        let none: [PathBuf; 0] = [];
        assert_eq!(retire(&dir, rotated).unwrap(), none);
        // Long ago or not: as long as its tokens may live.
        assert_eq!(retire(&dir, rotated + RETIRED_AFTER / 2).unwrap(), none);
        let later = rotated + RETIRED_AFTER + Duration::from_secs(1);
        assert_eq!(retire(&dir, later).unwrap(), [dir.join("0001.pem")]);
        assert_eq!(retire(&dir, later).unwrap(), none, "the last one stays");
        // The next one does not take the name of one that is there.
        rotate(&dir).unwrap();
        keys.reload().unwrap();
        assert_eq!(keys.jwks().keys.len(), 2);
        assert!(!keys.jwks().keys.contains(&first));
        fs::remove_dir_all(dir).unwrap();
    }

    #[test]
    fn service_keys_fit_their_settings_and_are_kept() {
        let dir = folder("services");
        generate_service_keys(&dir).unwrap();
        let jwks = fs::read_to_string(dir.join("services.jwks.json")).unwrap();
        generate_service_keys(&dir).unwrap();
        assert_eq!(
            fs::read_to_string(dir.join("services.jwks.json")).unwrap(),
            jwks
        );
        for service in SERVICES {
            let key = fs::read_to_string(dir.join(format!("{service}.key"))).unwrap();
            auth_token::ServiceKeys::new(service, &key.into(), &jwks, Clock::system()).unwrap();
        }
        fs::remove_dir_all(dir).unwrap();
    }
}
