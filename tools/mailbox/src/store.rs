//! The mails, newest last.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use primitives::{Clock, MailId, Random};

use crate::message::Message;

/// Older mails are forgotten.
const KEPT: usize = 1000;

/// The last thousand mails, in memory and optionally in a folder. Clones share them.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    mails: Mutex<VecDeque<Arc<Message>>>,
    folder: Option<PathBuf>,
    clock: Clock,
    random: Random,
}

impl Store {
    /// An empty store in memory, for tests.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::with(VecDeque::new(), None, Clock::system(), Random::system())
    }

    /// A store that reads what is in `folder` and keeps new mail there, as one `.eml` file each.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(folder: Option<PathBuf>, clock: Clock, random: Random) -> anyhow::Result<Self> {
        let mails = match &folder {
            Some(folder) => {
                read(folder).with_context(|| format!("mails in {}", folder.display()))?
            }
            None => VecDeque::new(),
        };
        Ok(Self::with(mails, folder, clock, random))
    }

    fn with(
        mails: VecDeque<Arc<Message>>,
        folder: Option<PathBuf>,
        clock: Clock,
        random: Random,
    ) -> Self {
        Self(Arc::new(Inner {
            mails: Mutex::new(mails),
            folder,
            clock,
            random,
        }))
    }

    /// Keeps a mail that came by SMTP.
    ///
    /// # Errors
    /// It could not be written to the folder.
    pub fn add(&self, from: &str, to: &[String], data: &[u8]) -> anyhow::Result<MailId> {
        let now = self.0.clock.now();
        let id = MailId::new(now, &self.0.random);
        let mail = Message::received(id, now, from, to, data);
        if let Some(file) = self.file(id) {
            std::fs::write(&file, &mail.source).with_context(|| file.display().to_string())?;
        }
        let mut mails = self.mails();
        mails.push_back(Arc::new(mail));
        while mails.len() > KEPT {
            if let Some(file) = mails.pop_front().and_then(|oldest| self.file(oldest.id)) {
                // Somebody may have tidied up already.
                let _ = std::fs::remove_file(file);
            }
        }
        Ok(id)
    }

    /// All mails, newest first; with an address only those delivered to it.
    #[must_use]
    pub fn list(&self, to: Option<&str>) -> Vec<Arc<Message>> {
        self.mails()
            .iter()
            .rev()
            .filter(|mail| to.is_none_or(|to| mail.is_to(to)))
            .cloned()
            .collect()
    }

    /// One mail.
    #[must_use]
    pub fn get(&self, id: MailId) -> Option<Arc<Message>> {
        self.mails().iter().find(|mail| mail.id == id).cloned()
    }

    /// Forgets all mails.
    pub fn clear(&self) {
        for file in self.mails().drain(..).filter_map(|mail| self.file(mail.id)) {
            // Somebody may have tidied up already.
            let _ = std::fs::remove_file(file);
        }
    }

    fn mails(&self) -> MutexGuard<'_, VecDeque<Arc<Message>>> {
        self.0.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, id: MailId) -> Option<PathBuf> {
        self.0
            .folder
            .as_ref()
            .map(|folder| folder.join(format!("{id}.eml")))
    }
}

fn read(folder: &Path) -> anyhow::Result<VecDeque<Arc<Message>>> {
    std::fs::create_dir_all(folder)?;
    let mut mails = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let id = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".eml")?.parse::<MailId>().ok());
        if let Some(id) = id {
            // A file that somebody else put there is no reason not to start.
            mails.extend(Message::stored(id, std::fs::read(&path)?).map(Arc::new));
        }
    }
    mails.sort_by_key(|mail| mail.id);
    Ok(mails.split_off(mails.len().saturating_sub(KEPT)).into())
}
