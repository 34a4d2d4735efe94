//! Query strings and paths.

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Result};
use crate::strict;

/// A query string, parsed as strictly as [`Json`](crate::Json). Numbers and booleans are read from text, `name=` counts
/// as absent for an `Option`, and a list is given by repeating its name.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

pub(crate) fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T> {
    parse_pairs(read_pairs(query)?)
}

fn read_pairs(query: &str) -> Result<Vec<(String, String)>> {
    serde_urlencoded::from_str(query).map_err(|error| {
        Error::bad_request("malformed_query", "The query string cannot be read.").caused_by(error)
    })
}

fn parse_pairs<T: DeserializeOwned>(pairs: Vec<(String, String)>) -> Result<T> {
    let mut object = Map::new();
    for (name, value) in pairs {
        let value = Value::String(value);
        match object.get_mut(&name) {
            None => drop(object.insert(name, value)),
            Some(Value::Array(values)) => values.push(value),
            Some(first) => {
                let values = vec![first.take(), value];
                *first = Value::Array(values);
            }
        }
    }
    strict::from_query(&Value::Object(object)).map_err(Error::validation)
}

/// Path parameters. A malformed id names nothing, so it is 404 `not_found`.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let extracted =
            <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        match extracted {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(rejection) if rejection.status().is_server_error() => {
                Err(Error::internal(rejection))
            }
            Err(rejection) => Err(Error::not_found("resource").caused_by(rejection)),
        }
    }
}

/// `Option<Path<T>>`: none when the route has no parameters.
impl<T: DeserializeOwned + Send + 'static, S: Send + Sync> OptionalFromRequestParts<S> for Path<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>> {
        let extracted =
            <axum::extract::Path<T> as OptionalFromRequestParts<S>>::from_request_parts(
                parts, state,
            )
            .await;
        match extracted {
            Ok(value) => Ok(value.map(|axum::extract::Path(value)| Self(value))),
            Err(rejection) if rejection.status().is_server_error() => {
                Err(Error::internal(rejection))
            }
            Err(rejection) => Err(Error::not_found("resource").caused_by(rejection)),
        }
    }
}

/// A query string in which names with a prefix are free, such as `attr.colour`: they are answered as they stand, without the
/// prefix, and the others parsed as by [`Query`].
///
/// # Errors
/// As with [`Query`].
pub fn parse_open_query<T: DeserializeOwned>(
    query: &str,
    prefix: &str,
) -> Result<(T, Vec<(String, String)>)> {
    let pairs = read_pairs(query)?;
    let (mut free, mut named) = (Vec::new(), Vec::new());
    for (name, value) in pairs {
        match name.strip_prefix(prefix) {
            Some(rest) => free.push((rest.to_owned(), value)),
            None => named.push((name, value)),
        }
    }
    Ok((parse_pairs(named)?, free))
}
