//! Ready answers.

use auth_token::{Principal, Role};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http_kit::{Error, Result, etag};
use serde::Serialize;

use super::Tag;

/// nginx and browsers may give an answer for a second, and nginx an older one while it fetches a new one.
const PUBLIC: &str = "public, max-age=1, stale-while-revalidate=5";
/// Whoever is signed in asks each time; the ETag saves the body.
const PRIVATE: &str = "private, no-cache";
/// What makes the difference between the two.
const VARY: &str = "authorization";

/// An answer's bytes with their ETag, made once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    /// JSON.
    Found { etag: String, body: Bytes },
    /// 404.
    Missing,
}

/// What a loader brings.
#[derive(Debug)]
pub(crate) enum Loaded {
    /// An answer for everybody, and what it is made of.
    Keep(Answer, Vec<Tag>),
    /// An answer for this once.
    Pass(Response),
}

/// Whose answer it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    Everybody,
    /// Signed in, and sees here what everybody sees.
    Customer,
    /// Sellers see their own writes at once, and drafts; staff see all.
    Insider,
}

impl Audience {
    pub(crate) fn of(viewer: Option<&Principal>) -> Self {
        match viewer.map(|viewer| viewer.role) {
            None => Self::Everybody,
            Some(Role::Customer) => Self::Customer,
            Some(_) => Self::Insider,
        }
    }
}

impl Answer {
    /// JSON with the hash of its bytes as the ETag.
    pub(crate) fn hashed(body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self::Found {
            etag: etag::of_bytes(&body),
            body: body.into(),
        })
    }

    /// JSON with this ETag.
    pub(crate) fn tagged(etag: String, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        Ok(Self::Found {
            etag,
            body: body.into(),
        })
    }

    /// JSON of something with a version: `"7-1c9f…"`.
    pub(crate) fn versioned(version: i32, body: &impl Serialize) -> Result<Self> {
        let body = serde_json::to_vec(body).map_err(Error::internal)?;
        let hash = etag::of_bytes(&body);
        Ok(Self::Found {
            etag: format!("\"{version}-{}\"", hash.trim_matches('"')),
            body: body.into(),
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Found { etag, body } => etag.len() + body.len(),
            Self::Missing => 0,
        }
    }

    /// The response: 200, 304 or 404.
    fn respond(self, request: &HeaderMap, missing: fn() -> Error) -> Result<Response> {
        let Self::Found { etag, body } = self else {
            return Err(missing());
        };
        let mut response = if etag::matches(request, &etag) {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], body).into_response()
        };
        let etag = HeaderValue::from_str(&etag).map_err(Error::internal)?;
        response.headers_mut().insert(header::ETAG, etag);
        Ok(response)
    }
}

impl Loaded {
    pub(super) fn kept(answer: &Answer) -> Self {
        Self::Keep(answer.clone(), Vec::new())
    }

    /// The response, with what caches on the way may do with it.
    pub(crate) fn respond(
        self,
        audience: Audience,
        request: &HeaderMap,
        missing: fn() -> Error,
    ) -> Result<Response> {
        let mut response = match self {
            Self::Keep(answer, _) => answer.respond(request, missing)?,
            Self::Pass(response) => response,
        };
        let headers = response.headers_mut();
        let mut say = |name: HeaderName, value| {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        };
        let everybody = audience == Audience::Everybody;
        say(
            header::CACHE_CONTROL,
            if everybody { PUBLIC } else { PRIVATE },
        );
        say(header::VARY, VARY);
        Ok(response)
    }
}
