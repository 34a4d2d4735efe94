//! What every HTTP surface of Mercato does the same way: problems (RFC 9457) with all bad fields at once, strict JSON and
//! query parsing, keyset paging, ETags, idempotency keys, and the stack of layers around a router.
//!
//! What must never enter: anything that knows a service, a table, or who the caller is (that is `auth-token`).
//!
//! ```text
//! async fn create(Json(new): Json<NewThing>) -> http_kit::Result<(StatusCode, Json<Thing>)> { … }
//! let app = http_kit::public(routes, Limits::default());
//! ```
//!
//! A request type is an ordinary `#[derive(Deserialize)]` struct with `#[serde(deny_unknown_fields)]` whose fields are
//! newtypes that validate in `Deserialize`. Use `Option<T>` for what may be absent; `#[serde(default)]`, `alias` and
//! `flatten` are not supported by the strict parser.

mod error;
pub mod etag;
mod fields;
mod idempotency;
mod json;
mod leftover;
pub mod live;
pub mod openapi;
pub mod paging;
mod params;
mod request;
mod stack;
mod strict;

pub use error::{Error, OnConstraint, Problem, Result};
pub use etag::IfMatch;
pub use fields::{FieldError, FieldErrors, one_field};
pub use idempotency::{IdempotencyKey, IdempotentJson, body_hash};
pub use json::{Json, from_slice};
pub use paging::{Cursor, Limit, Page, PageQuery};
pub use params::{Path, Query, parse_open_query};
pub use request::{ClientIp, RequestId};
pub use stack::{Limits, internal, public};
