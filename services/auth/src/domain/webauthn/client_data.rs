use serde::Deserialize;

use super::{Base64Url, Expected, Refusal, sha256};

/// What the browser says about a ceremony (§5.8.1): the authenticator signs its hash.
pub(crate) struct ClientData {
    kind: String,
    challenge: Base64Url,
    origin: String,
    cross_origin: bool,
    top_origin: Option<String>,
    /// The hash of the whole, as it came.
    pub(super) hash: [u8; 32],
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    #[serde(rename = "type")]
    kind: String,
    challenge: Base64Url,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    top_origin: Option<String>,
}

impl ClientData {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Refusal> {
        // The specification decodes as a browser does, which drops a byte order mark.
        let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        let json: Json =
            serde_json::from_slice(text).map_err(|_| Refusal::Malformed("client data"))?;
        Ok(Self {
            kind: json.kind,
            challenge: json.challenge,
            origin: json.origin,
            cross_origin: json.cross_origin,
            top_origin: json.top_origin,
            hash: sha256(bytes),
        })
    }

    /// By which the challenge that it claims to answer is looked up.
    pub(crate) fn challenge_hash(&self) -> [u8; 32] {
        sha256(&self.challenge)
    }

    /// §7.1 steps 7 to 11, §7.2 steps 10 to 14.
    pub(super) fn verify(&self, kind: &str, expected: &Expected<'_>) -> Result<(), Refusal> {
        if self.kind != kind {
            return Err(Refusal::Type);
        }
        if self.challenge_hash() != expected.challenge_hash {
            return Err(Refusal::Challenge);
        }
        if !expected.relying_party.origins.contains(&self.origin) {
            return Err(Refusal::Origin);
        }
        // The shop's pages are in nobody's frame.
        if self.cross_origin || self.top_origin.is_some() {
            return Err(Refusal::CrossOrigin);
        }
        Ok(())
    }
}
