//! The folder with the shop's pictures. nginx serves it; a file's name is never used twice, so it may be cached for ever.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;

use crate::domain::picture::{self, Picture, PictureError};

/// Pictures that are decoded at a time: each may take 100 MB.
const DECODERS: usize = 2;

/// The media folder.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    dir: PathBuf,
    base_url: Arc<str>,
    decoders: Arc<Semaphore>,
}

impl Media {
    pub(crate) fn new(dir: PathBuf, base_url: &str) -> Self {
        Self {
            dir,
            base_url: base_url.trim_end_matches('/').into(),
            decoders: Arc::new(Semaphore::new(DECODERS)),
        }
    }

    /// Where clients find a file.
    pub(crate) fn url(&self, file_name: &str) -> String {
        format!("{}/{file_name}", self.base_url)
    }

    /// Looks at a picture, off the async threads.
    pub(crate) async fn examine(
        &self,
        bytes: bytes::Bytes,
    ) -> anyhow::Result<Result<Picture, PictureError>> {
        let _permit = self.decoders.acquire().await?;
        Ok(tokio::task::spawn_blocking(move || picture::examine(&bytes)).await?)
    }

    /// Keeps a file. It appears whole or not at all.
    pub(crate) async fn keep(&self, file_name: &str, bytes: &[u8]) -> io::Result<()> {
        fs::create_dir_all(&self.dir).await?;
        let unfinished = self.dir.join(format!(".{file_name}.part"));
        let mut file = fs::File::create(&unfinished).await?;
        file.write_all(bytes).await?;
        file.sync_all().await?;
        drop(file);
        fs::rename(&unfinished, self.dir.join(file_name)).await
    }

    /// Throws a file away; one that is not there is no trouble.
    pub(crate) async fn remove(&self, file_name: &str) {
        if let Err(error) = fs::remove_file(self.dir.join(file_name)).await
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(file_name, %error, "a picture could not be removed");
        }
    }
}
