use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};

/// Bytes, in JSON as base64url without padding (RFC 4648 §5).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Base64Url(Vec<u8>);

impl std::ops::Deref for Base64Url {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for Base64Url {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl TryFrom<String> for Base64Url {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        match URL_SAFE_NO_PAD.decode(text) {
            Ok(bytes) => Ok(Self(bytes)),
            Err(_) => Err("must be base64url without padding"),
        }
    }
}

impl From<Base64Url> for String {
    fn from(bytes: Base64Url) -> Self {
        URL_SAFE_NO_PAD.encode(bytes.0)
    }
}

/// Only how many: some are secret.
impl fmt::Debug for Base64Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64Url({})", self.0.len())
    }
}

impl utoipa::PartialSchema for Base64Url {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::Custom("base64url".to_owned())))
            .into()
    }
}

impl utoipa::ToSchema for Base64Url {}
