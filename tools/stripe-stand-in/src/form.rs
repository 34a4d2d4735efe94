//! Stripe's form encoding: `metadata[order_id]=7`, `expand[]=charge`, `created[gte]=1`.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use crate::error::ApiError;

/// The parameters of one request, nested as their names say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Params(Map<String, Value>);

impl Params {
    /// Parses a query string or a form body.
    ///
    /// # Errors
    /// When it is not form-encoded.
    pub fn parse(raw: &str) -> Result<Self, ApiError> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(raw)
            .map_err(|error| ApiError::invalid(None, format!("Invalid request body: {error}")))?;
        let mut root = Map::new();
        for (name, value) in pairs {
            let mut path = name.split('[').map(|part| part.trim_end_matches(']'));
            let first = path.next().unwrap_or_default().to_owned();
            insert(
                root.entry(first).or_insert(Value::Null),
                &path.collect::<Vec<_>>(),
                value,
            );
        }
        Ok(Self(root))
    }

    /// The parameters of a form that the stand-in fills in itself.
    #[must_use]
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        serde_urlencoded::to_string(pairs)
            .ok()
            .and_then(|raw| Self::parse(&raw).ok())
            .unwrap_or_default()
    }

    /// Refuses a parameter that is not among `known`.
    ///
    /// # Errors
    /// `parameter_unknown`, naming the first one.
    pub fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        match self
            .0
            .keys()
            .find(|key| *key != "expand" && !known.contains(&key.as_str()))
        {
            None => Ok(()),
            Some(key) => Err(ApiError::invalid(
                Some(key),
                format!("Received unknown parameter: {key}"),
            )
            .code("parameter_unknown")),
        }
    }

    /// A text; an empty one counts as absent.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// `parameter_missing`.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.text(name).ok_or_else(|| {
            ApiError::invalid(Some(name), format!("Missing required param: {name}."))
                .code("parameter_missing")
        })
    }

    /// A whole number.
    ///
    /// # Errors
    /// `parameter_invalid_integer`.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| {
                    ApiError::invalid(Some(name), format!("Invalid integer: {text}"))
                        .code("parameter_invalid_integer")
                })
            })
            .transpose()
    }

    /// A truth value; absent is false.
    ///
    /// # Errors
    /// When it is neither `true` nor `false`.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(
                Some(name),
                format!("Invalid boolean: {other}"),
            )),
        }
    }

    /// One of `allowed`.
    ///
    /// # Errors
    /// When it is another.
    pub fn choice(&self, name: &str, allowed: &[&str]) -> Result<Option<&str>, ApiError> {
        match self.text(name) {
            Some(text) if !allowed.contains(&text) => Err(ApiError::invalid(
                Some(name),
                format!("Invalid {name}: must be one of {}", allowed.join(", ")),
            )),
            other => Ok(other),
        }
    }

    /// A list of texts: `name[]=a&name[]=b` or `name[0]=a`.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::Object(items)) => items
                .values()
                .filter_map(Value::as_str)
                .map(String::from)
                .collect(),
            Some(Value::Array(items)) => items
                .iter()
                .filter_map(Value::as_str)
                .map(String::from)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// A map of texts such as `metadata`; none when the parameter is absent.
    #[must_use]
    pub fn map(&self, name: &str) -> Option<BTreeMap<String, String>> {
        match self.0.get(name)? {
            Value::Object(map) => Some(
                map.iter()
                    .map(|(key, value)| {
                        (key.clone(), value.as_str().unwrap_or_default().to_owned())
                    })
                    .collect(),
            ),
            _ => Some(BTreeMap::new()),
        }
    }

    /// A nested object as it came, such as `shipping`.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<Value> {
        self.0.get(name).filter(|value| value.is_object()).cloned()
    }

    /// The whole, in a canonical form: two bodies that mean the same compare equal.
    #[must_use]
    pub fn canonical(&self) -> String {
        fn sorted(value: &Value) -> Value {
            match value {
                Value::Object(map) => {
                    let ordered: BTreeMap<_, _> = map
                        .iter()
                        .map(|(key, value)| (key.clone(), sorted(value)))
                        .collect();
                    Value::Object(ordered.into_iter().collect())
                }
                other => other.clone(),
            }
        }
        sorted(&Value::Object(self.0.clone())).to_string()
    }
}

fn insert(slot: &mut Value, path: &[&str], value: String) {
    match path {
        [] => *slot = Value::String(value),
        ["", ..] => {
            if !slot.is_array() {
                *slot = Value::Array(Vec::new());
            }
            if let Value::Array(items) = slot {
                items.push(Value::String(value));
            }
        }
        [name, rest @ ..] => {
            if !slot.is_object() {
                *slot = Value::Object(Map::new());
            }
            if let Value::Object(map) = slot {
                insert(
                    map.entry((*name).to_owned()).or_insert(Value::Null),
                    rest,
                    value,
                );
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        // The gate has read the body already, so this cannot wait for the network.
        let body = axum::body::to_bytes(request.into_body(), crate::http::BODY_LIMIT)
            .await
            .map_err(|error| ApiError::invalid(None, format!("Invalid request body: {error}")))?;
        let body = std::str::from_utf8(&body)
            .map_err(|_| ApiError::invalid(None, "Invalid request body: not UTF-8".to_owned()))?;
        let mut params = Self::parse(&query)?;
        params.0.extend(Self::parse(body)?.0);
        Ok(params)
    }
}

#[cfg(test)]
mod tests {
    use super::Params;

    #[test]
    fn nested_names_become_nested_values() {
        let params = Params::parse(
            "amount=1999&metadata[order]=7&metadata[cart]=&expand[]=a&expand[]=b&t[0]=x&s[a][b]=c",
        )
        .unwrap();
        assert_eq!(params.integer("amount").unwrap(), Some(1999));
        assert_eq!(params.map("metadata").unwrap()["order"], "7");
        assert_eq!(params.list("expand"), ["a", "b"]);
        assert_eq!(params.list("t"), ["x"]);
        assert_eq!(params.object("s").unwrap()["a"]["b"], "c");
    }

    #[test]
    fn order_does_not_matter_to_the_canonical_form() {
        let one = Params::parse("a=1&metadata[x]=1&metadata[y]=2").unwrap();
        let other = Params::parse("metadata[y]=2&metadata[x]=1&a=1").unwrap();
        assert_eq!(one.canonical(), other.canonical());
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        let error = Params::parse("amout=1")
            .unwrap()
            .only(&["amount"])
            .unwrap_err();
        assert_eq!(error.body()["error"]["param"], "amout");
    }
}
