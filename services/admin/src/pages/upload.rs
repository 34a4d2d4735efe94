//! Files in forms, passed on to the service that keeps them while they come: no file is ever whole in this process.

use std::io;

use axum::RequestExt as _;
use axum::body::Bytes;
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, Request};
use futures::stream::poll_fn;
use tokio::sync::mpsc;

use crate::error::{PageError, Result};
use crate::session::Session;

/// The most bytes of a field that is not a file.
const MAX_TEXT: usize = 4 * 1024;
/// Pieces of a file that wait to be passed on.
const WAITING: usize = 4;

/// A form with files. Its first field is the form's token, so that nothing of another site's form is read any further.
pub(super) struct Upload(Multipart);

impl Upload {
    pub(super) async fn begin(session: &Session, mut request: Request) -> Result<Self> {
        // The service that takes the file says how big it may be.
        DefaultBodyLimit::disable().apply(&mut request);
        let form = request.extract::<Multipart, _>().await;
        let mut upload = Self(form.map_err(|_| PageError::forged())?);
        match upload.next().await? {
            Some(field) if field.name() == Some("csrf") => {
                session.check_csrf(&text(field).await?)?;
            }
            _ => return Err(PageError::forged()),
        }
        Ok(upload)
    }

    pub(super) async fn next(&mut self) -> Result<Option<Field<'_>>> {
        self.0.next_field().await.map_err(|_| broken())
    }
}

/// A field that is not a file.
pub(super) async fn text(mut field: Field<'_>) -> Result<String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.chunk().await.map_err(|_| broken())? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > MAX_TEXT {
            return Err(PageError::invalid("A field of the form is too long."));
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| broken())?;
    Ok(text.trim().to_owned())
}

/// Whether somebody chose a file: a browser sends an empty one otherwise.
pub(super) fn is_chosen(field: &Field<'_>) -> bool {
    field.file_name().is_some_and(|name| !name.is_empty())
}

/// Sends a file on with `send` while it comes. A file that breaks off, breaks off there too.
pub(super) async fn pass<T>(
    mut field: Field<'_>,
    send: impl AsyncFnOnce(reqwest::Body) -> Result<T>,
) -> Result<T> {
    let (tx, mut rx) = mpsc::channel::<io::Result<Bytes>>(WAITING);
    let body = reqwest::Body::wrap_stream(poll_fn(move |cx| rx.poll_recv(cx)));
    let pump = async move {
        loop {
            let piece = match field.chunk().await {
                Ok(Some(chunk)) => Ok(chunk),
                Ok(None) => return,
                Err(error) => Err(io::Error::other(error)),
            };
            // Who takes it may have refused it already.
            if tx.send(piece).await.is_err() {
                return;
            }
        }
    };
    let (sent, ()) = tokio::join!(send(body), pump);
    sent
}

fn broken() -> PageError {
    PageError::invalid("The upload broke off. Go back and send it again.")
}
