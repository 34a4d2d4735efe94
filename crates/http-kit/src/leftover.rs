//! What of a request's body its handler did not read, because it refused the request, say.
//!
//! A connection on which something is left unread cannot be used again, but hyper only finds that out when the answer's head has gone out as if it
//! could: then it closes it. Whoever sends the next request into it at that moment gets no answer, and nginx must not send a POST twice. So the rest
//! is read before the answer begins, or the answer says that the connection ends with it.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::Request;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;

/// More bytes are not read only to keep a connection.
const MOST: u64 = 256 * 1024;

/// Longer is not waited for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// A request's body while its handler has it.
pub(crate) struct Leftover(Arc<Mutex<Body>>);

impl Leftover {
    /// Of a request that has a body.
    pub(crate) fn of(request: &mut Request) -> Option<Self> {
        if request.body().is_end_stream() {
            return None;
        }
        let body = std::mem::take(request.body_mut());
        let shared = Arc::new(Mutex::new(body));
        *request.body_mut() = Body::new(Lent(Arc::clone(&shared)));
        Some(Self(shared))
    }

    /// Reads what is left; whether the connection can be used again.
    pub(crate) async fn finish(self) -> bool {
        // Who still has it reads on while it answers.
        let Some(body) = Arc::into_inner(self.0) else {
            return true;
        };
        let body = body.into_inner().unwrap_or_else(PoisonError::into_inner);
        if body.size_hint().lower() > MOST {
            return false;
        }
        let rest = tokio::time::timeout(PATIENCE, read(body));
        rest.await.unwrap_or(false)
    }
}

/// Whether a body ends before it is too long.
async fn read(mut body: Body) -> bool {
    let mut left = MOST;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return false };
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        match left.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX)) {
            Some(fewer) => left = fewer,
            None => return false,
        }
    }
    true
}

/// The body as a handler has it.
struct Lent(Arc<Mutex<Body>>);

impl Lent {
    fn with<T>(&self, act: impl FnOnce(&mut Body) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl HttpBody for Lent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.with(|body| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}
