//! Where the shop's pictures are kept: a folder, which nginx serves, or a bucket of any S3-compatible store. A file's name is never
//! used twice, so it may be cached for ever. A file is there whole or not at all.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use futures::future::try_join_all;
use http_kit::Error;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, ClientOptions, ObjectStore, ObjectStoreExt as _, PutOptions, PutPayload,
    RetryConfig,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::domain::picture::{self, Drawn, PictureError};

/// Pictures that are drawn at a time: each may take 250 MB.
const DRAWING: usize = 2;
/// Uploads in memory at a time: each may have 10 MB.
const UPLOADS: usize = 8;
/// How long an upload waits for the others.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(10);

/// Where pictures are kept and found.
#[derive(Debug, Clone, clap::Args)]
pub struct MediaSettings {
    /// The folder with the pictures, unless `MEDIA_STORE_URL` names a bucket.
    #[arg(long, env = "MEDIA_DIR", default_value = ".data/media")]
    pub media_dir: PathBuf,
    /// Where clients find the pictures: a path that nginx serves, or the address of the bucket or of its CDN.
    #[arg(long, env = "MEDIA_BASE_URL", default_value = "/media")]
    pub media_base_url: String,
    /// `s3://bucket` or `s3://bucket/folder`: keep the pictures there.
    #[arg(long, env = "MEDIA_STORE_URL")]
    pub media_store_url: Option<String>,
    /// The address of an S3-compatible store, such as `https://minio.example:9000`; AWS without it.
    #[arg(long, env = "MEDIA_S3_ENDPOINT")]
    pub media_s3_endpoint: Option<String>,
    /// The bucket's region.
    #[arg(long, env = "MEDIA_S3_REGION", default_value = "us-east-1")]
    pub media_s3_region: String,
    /// The key's id. Without it the standard AWS variables and the machine's role are tried.
    #[arg(long, env = "MEDIA_S3_ACCESS_KEY_ID")]
    pub media_s3_access_key_id: Option<String>,
    /// The key.
    #[arg(long, env = "MEDIA_S3_SECRET_ACCESS_KEY", hide_env_values = true)]
    pub media_s3_secret_access_key: Option<SecretString>,
}

/// The store of pictures.
#[derive(Debug, Clone)]
pub(crate) struct Media {
    store: Arc<dyn ObjectStore>,
    folder: Path,
    /// A bucket serves the files itself, so it must know what they are; a folder cannot keep that.
    keeps_headers: bool,
    base_url: Arc<str>,
    uploads: Arc<Semaphore>,
    drawing: Arc<Semaphore>,
}

impl Media {
    pub(crate) fn new(settings: &MediaSettings) -> anyhow::Result<Self> {
        let url = said(settings.media_store_url.as_deref());
        let (store, folder): (Arc<dyn ObjectStore>, _) = match url {
            Some(url) => bucket(url, settings).context("MEDIA_STORE_URL")?,
            None => (Arc::new(directory(&settings.media_dir)?), Path::default()),
        };
        Ok(Self {
            store,
            folder,
            keeps_headers: url.is_some(),
            base_url: settings.media_base_url.trim_end_matches('/').into(),
            uploads: Arc::new(Semaphore::new(UPLOADS)),
            drawing: Arc::new(Semaphore::new(DRAWING)),
        })
    }

    /// What is wrong with the settings, without trying them.
    pub(crate) fn check(settings: &MediaSettings) -> anyhow::Result<()> {
        match said(settings.media_store_url.as_deref()) {
            Some(url) => bucket(url, settings).context("MEDIA_STORE_URL").map(drop),
            None => Ok(()),
        }
    }

    /// Where clients find a file.
    pub(crate) fn url(&self, file_name: &str) -> String {
        format!("{}/{file_name}", self.base_url)
    }

    /// Admits an upload to memory; 503 when too many are there for too long.
    pub(crate) async fn admit(&self) -> http_kit::Result<SemaphorePermit<'_>> {
        match tokio::time::timeout(UPLOAD_PATIENCE, self.uploads.acquire()).await {
            Ok(permit) => permit.map_err(Error::internal),
            Err(_) => Err(Error::unavailable(anyhow::anyhow!(
                "too many pictures are being uploaded"
            ))),
        }
    }

    /// Draws a picture in all sizes, off the async threads.
    pub(crate) async fn draw(
        &self,
        bytes: bytes::Bytes,
    ) -> anyhow::Result<Result<Drawn, PictureError>> {
        let _permit = self.drawing.acquire().await?;
        match tokio::task::spawn_blocking(move || picture::process(&bytes)).await {
            Ok(drawn) => Ok(drawn),
            // A decoder that trips over a file says that the file is broken, whatever else it says.
            Err(error) if error.is_panic() => {
                tracing::error!(%error, "a decoder panicked");
                Ok(Err(PictureError::Broken))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Keeps files, named and typed.
    pub(crate) async fn keep(
        &self,
        files: Vec<(String, &'static str, Vec<u8>)>,
    ) -> anyhow::Result<()> {
        let mut transfers = Vec::with_capacity(files.len());
        for (name, content_type, bytes) in files {
            transfers.push(self.keep_one(name, content_type, bytes));
        }
        try_join_all(transfers).await?;
        Ok(())
    }

    async fn keep_one(
        &self,
        name: String,
        content_type: &'static str,
        bytes: Vec<u8>,
    ) -> object_store::Result<()> {
        let mut options = PutOptions::default();
        if self.keeps_headers {
            options.attributes = Attributes::from_iter([
                (Attribute::ContentType, content_type),
                (
                    Attribute::CacheControl,
                    "public, max-age=31536000, immutable",
                ),
            ]);
        }
        let payload = PutPayload::from(bytes);
        self.store
            .put_opts(&self.at(&name), payload, options)
            .await
            .map(drop)
    }

    /// Throws files away; one that is not there is no trouble.
    pub(crate) async fn remove(&self, file_names: &[String]) -> object_store::Result<()> {
        for name in file_names {
            match self.store.delete(&self.at(name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn at(&self, file_name: &str) -> Path {
        self.folder.clone().join(file_name)
    }
}

fn directory(dir: &PathBuf) -> anyhow::Result<LocalFileSystem> {
    std::fs::create_dir_all(dir)
        .with_context(|| format!("MEDIA_DIR: cannot make {}", dir.display()))?;
    Ok(LocalFileSystem::new_with_prefix(dir)?.with_fsync(true))
}

fn bucket(url: &str, settings: &MediaSettings) -> anyhow::Result<(Arc<dyn ObjectStore>, Path)> {
    let place = url
        .strip_prefix("s3://")
        .context("must begin with s3://")?
        .trim_end_matches('/');
    let (bucket, folder) = place.split_once('/').unwrap_or((place, ""));
    anyhow::ensure!(!bucket.is_empty(), "names no bucket");
    let client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(2))
        .with_timeout(Duration::from_secs(15));
    let retry = RetryConfig {
        max_retries: 3,
        retry_timeout: Duration::from_secs(15),
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::from_env()
        .with_client_options(client)
        .with_retry(retry)
        .with_bucket_name(bucket)
        .with_region(&settings.media_s3_region);
    if let Some(endpoint) = said(settings.media_s3_endpoint.as_deref()) {
        builder = builder
            .with_endpoint(endpoint)
            .with_allow_http(endpoint.starts_with("http://"));
    }
    if let Some(id) = said(settings.media_s3_access_key_id.as_deref()) {
        builder = builder.with_access_key_id(id);
    }
    let key = settings.media_s3_secret_access_key.as_ref();
    if let Some(key) = said(key.map(|key| key.expose_secret())) {
        builder = builder.with_secret_access_key(key);
    }
    Ok((Arc::new(builder.build()?), Path::parse(folder)?))
}

/// A setting that Compose passes on empty was not made.
fn said(setting: Option<&str>) -> Option<&str> {
    setting.filter(|text| !text.is_empty())
}
