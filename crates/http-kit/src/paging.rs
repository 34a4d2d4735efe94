//! Keyset paging: `limit` and an opaque `cursor` in, `{"data": […], "next_cursor": …}` out.
//!
//! Fetch [`Limit::fetch`] rows (one more than is shown), then [`Page::cut`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::error::{Error, Result};
use crate::fields::one_field;

/// How many items a page shows: 1–100, 20 unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32")]
pub struct Limit(u32);

impl Limit {
    /// The most that a page may show.
    pub const MAX: u32 = 100;

    /// The number of items to show.
    #[must_use]
    pub fn get(self) -> usize {
        self.0 as usize
    }

    /// The number of rows to fetch: one more, to know whether there is a next page.
    #[must_use]
    pub fn fetch(self) -> i64 {
        i64::from(self.0) + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

impl TryFrom<u32> for Limit {
    type Error = &'static str;

    fn try_from(value: u32) -> std::result::Result<Self, Self::Error> {
        if (1..=Self::MAX).contains(&value) {
            Ok(Self(value))
        } else {
            Err("must be between 1 and 100")
        }
    }
}

/// An opaque place in a list: the sort key of the last item shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Cursor(String);

impl Cursor {
    /// Makes a cursor from a sort key.
    ///
    /// # Errors
    /// 500 if the key cannot be serialised.
    pub fn encode(key: &impl Serialize) -> Result<Self> {
        serde_json::to_vec(key)
            .map(|json| Self(URL_SAFE_NO_PAD.encode(json)))
            .map_err(Error::internal)
    }

    /// The cursor as it stands in a link.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sort key again.
    ///
    /// # Errors
    /// 422 with field `cursor` if it is not one of ours.
    pub fn decode<K: DeserializeOwned>(&self) -> Result<K> {
        URL_SAFE_NO_PAD
            .decode(&self.0)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .ok_or_else(|| one_field("cursor", "invalid", "is not a cursor of this list"))
    }
}

/// The query of a list without filters. Lists with filters name `limit: Option<Limit>` and `cursor: Option<Cursor>`
/// among their own fields instead.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// How many items to answer, 1–100 (20).
    #[param(value_type = Option<u32>, minimum = 1, maximum = 100)]
    pub limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    pub cursor: Option<Cursor>,
}

impl PageQuery {
    /// The limit, or the default.
    #[must_use]
    pub fn limit(&self) -> Limit {
        self.limit.unwrap_or_default()
    }

    /// The decoded cursor, if there is one.
    ///
    /// # Errors
    /// 422 with field `cursor`.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>> {
        self.cursor.as_ref().map(Cursor::decode).transpose()
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Where the next page begins; null on the last one.
    #[schema(value_type = Option<String>)]
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page from up to [`Limit::fetch`] rows; `key` gives the sort key of the last row shown.
    ///
    /// # Errors
    /// 500 if the key cannot be serialised.
    pub fn cut<K: Serialize>(
        mut rows: Vec<T>,
        limit: Limit,
        key: impl FnOnce(&T) -> K,
    ) -> Result<Self> {
        let more = rows.len() > limit.get();
        rows.truncate(limit.get());
        let next_cursor = match rows.last() {
            Some(last) if more => Some(Cursor::encode(&key(last))?),
            _ => None,
        };
        Ok(Self {
            data: rows,
            next_cursor,
        })
    }

    /// The same page of something else.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            data: self.data.into_iter().map(convert).collect(),
            next_cursor: self.next_cursor,
        }
    }
}
