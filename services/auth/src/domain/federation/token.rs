//! What a provider's tokens must say, and what follows from it. Their signature has been verified.

use auth_token::foreign::{Algorithm, Signed};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use primitives::{EmailAddress, Timestamp};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256, Sha512};

use super::provider::{ProviderConfig, tenant};

/// How far clocks may differ.
const LEEWAY_SECONDS: i64 = 60;
/// An ID token is used at once; one that is older than this was kept by somebody.
const ID_TOKEN_AGE_SECONDS: i64 = 600;

/// Why a token is refused, for the log: it names a claim, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("its claims cannot be read")]
    Claims,
    #[error("iss is another issuer")]
    Issuer,
    #[error("aud is somebody else")]
    Audience,
    #[error("azp is another client")]
    Party,
    #[error("it has expired")]
    Expired,
    #[error("it is from the future, or too old")]
    Time,
    #[error("nonce is that of another sign-in")]
    Nonce,
    #[error("at_hash is that of another access token")]
    AccessToken,
    #[error("sub, or Entra's tid and oid, are missing or strange")]
    Subject,
    #[error("it is no access token")]
    Kind,
}

/// The claims that matter here. Providers differ in how they write them.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    iss: String,
    sub: Option<String>,
    #[serde(deserialize_with = "one_or_many")]
    aud: Vec<String>,
    azp: Option<String>,
    exp: f64,
    iat: Option<f64>,
    nbf: Option<f64>,
    nonce: Option<String>,
    at_hash: Option<String>,
    auth_time: Option<f64>,
    #[serde(default, deserialize_with = "one_or_many")]
    amr: Vec<String>,
    email: Option<String>,
    #[serde(default, deserialize_with = "truth")]
    email_verified: bool,
    /// Entra: whether the domain's owner has verified the address.
    #[serde(default, deserialize_with = "truth")]
    xms_edov: bool,
    preferred_username: Option<String>,
    upn: Option<String>,
    name: Option<String>,
    given_name: Option<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    roles: Vec<String>,
    tid: Option<String>,
    oid: Option<String>,
    scp: Option<String>,
    #[serde(default, deserialize_with = "one_or_many")]
    scope: Vec<String>,
    token_use: Option<String>,
    idtyp: Option<String>,
}

/// A string, or a list of them; whatever else counts as nothing.
fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let texts = |values: Vec<Value>| {
        values
            .into_iter()
            .filter_map(|value| value.as_str().map(str::to_owned))
    };
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) if !text.is_empty() => vec![text],
        Value::Array(values) => texts(values).collect(),
        _ => Vec::new(),
    })
}

/// `true` as a boolean, as text, or as Entra's 1.
fn truth<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Bool(truth) => truth,
        Value::String(text) => text == "true" || text == "1",
        Value::Number(number) => number.as_i64() == Some(1),
        _ => false,
    })
}

/// Who signed in, by a provider's word.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    /// Who it is there, for ever: `sub`, or Entra's `oid` (whose tenant is in the issuer). No address is.
    pub(crate) subject: String,
    pub(crate) email: Option<EmailAddress>,
    /// Whether the address is proved to be theirs.
    pub(crate) email_verified: bool,
    pub(crate) name: Option<String>,
    /// App roles.
    pub(crate) roles: Vec<String>,
    /// Whether they used a second factor, if the provider is trusted with that.
    pub(crate) second_factor: bool,
    /// When this was said.
    pub(crate) issued_at: Timestamp,
    /// When they last proved who they are, if it says so.
    pub(crate) authenticated_at: Option<Timestamp>,
}

/// What an ID token must answer to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expected<'a> {
    pub(crate) nonce: &'a str,
    /// The access token that came with it.
    pub(crate) access_token: Option<&'a str>,
}

/// Who signed in by an ID token (OpenID Connect Core 1.0, section 3.1.3.7).
pub(crate) fn read_id_token(
    provider: &ProviderConfig,
    signed: &Signed,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<Profile, Refusal> {
    let claims = read(provider, signed, now)?;
    let ours = |party: &String| *party == provider.client_id;
    if !claims.aud.iter().any(ours) {
        return Err(Refusal::Audience);
    }
    match &claims.azp {
        Some(party) if !ours(party) => return Err(Refusal::Party),
        None if claims.aud.len() > 1 => return Err(Refusal::Party),
        _ => {}
    }
    let age = now
        .unix()
        .saturating_sub(seconds(claims.iat.ok_or(Refusal::Time)?));
    if age > ID_TOKEN_AGE_SECONDS + LEEWAY_SECONDS {
        return Err(Refusal::Time);
    }
    if claims.nonce.as_deref() != Some(expected.nonce) {
        return Err(Refusal::Nonce);
    }
    if let Some(hash) = &claims.at_hash
        && expected
            .access_token
            .map(|token| half_hash(signed.algorithm, token))
            .as_ref()
            != Some(hash)
    {
        return Err(Refusal::AccessToken);
    }
    profile(provider, claims)
}

/// An access token that is accepted as it is.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) profile: Profile,
    pub(crate) expires_at: Timestamp,
}

/// Whom an access token stands for (RFC 9068, section 4).
pub(crate) fn read_access_token(
    provider: &ProviderConfig,
    signed: &Signed,
    now: Timestamp,
) -> Result<Bearer, Refusal> {
    let claims = read(provider, signed, now)?;
    if !claims
        .aud
        .iter()
        .any(|audience| provider.audiences.contains(audience))
    {
        return Err(Refusal::Audience);
    }
    // Entra's application tokens stand for a program, and there is no user for those.
    let is_program = claims.idtyp.as_deref() == Some("app");
    if is_program || !is_access_token(provider, signed, &claims) {
        return Err(Refusal::Kind);
    }
    let expires_at = Timestamp::from_unix(seconds(claims.exp));
    Ok(Bearer {
        profile: profile(provider, claims)?,
        expires_at,
    })
}

/// An ID token says who signed in to a client; whoever has seen it must not be able to act with it. So it passes only if the
/// shop says that tokens for that client are meant for the shop.
fn is_access_token(provider: &ProviderConfig, signed: &Signed, claims: &Claims) -> bool {
    if claims.token_use.as_deref() == Some("id") {
        return false;
    }
    let kind = signed
        .kind
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    match kind.trim_start_matches("application/") {
        "at+jwt" => true,
        "" | "jwt" => {
            let of_sign_in = claims.nonce.is_some() || claims.at_hash.is_some();
            let has_scope = claims
                .scp
                .as_deref()
                .is_some_and(|scopes| !scopes.is_empty())
                || !claims.scope.is_empty();
            let for_client = claims.aud.contains(&provider.client_id);
            (has_scope && !of_sign_in)
                || (for_client && provider.audiences.contains(&provider.client_id))
        }
        _ => false,
    }
}

/// What holds for every token.
fn read(provider: &ProviderConfig, signed: &Signed, now: Timestamp) -> Result<Claims, Refusal> {
    let claims = Claims::deserialize(&signed.claims).map_err(|_| Refusal::Claims)?;
    if claims.iss != provider.issuer {
        return Err(Refusal::Issuer);
    }
    let now = now.unix();
    if seconds(claims.exp).saturating_add(LEEWAY_SECONDS) <= now {
        return Err(Refusal::Expired);
    }
    let latest = now.saturating_add(LEEWAY_SECONDS);
    if [claims.nbf, claims.iat]
        .into_iter()
        .flatten()
        .any(|at| seconds(at) > latest)
    {
        return Err(Refusal::Time);
    }
    Ok(claims)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a float that is out of range becomes the nearest integer"
)]
fn seconds(at: f64) -> i64 {
    at as i64
}

fn profile(provider: &ProviderConfig, claims: Claims) -> Result<Profile, Refusal> {
    let subject = if provider.entra {
        let tenant = tenant(&provider.issuer);
        claims
            .oid
            .filter(|_| claims.tid.is_some() && claims.tid.as_deref() == tenant)
    } else {
        claims.sub
    };
    let good = |subject: &String| {
        (1..=255).contains(&subject.len()) && !subject.chars().any(char::is_control)
    };
    let subject = subject.filter(good).ok_or(Refusal::Subject)?;
    let address = |text: Option<String>| text.and_then(|text| text.parse::<EmailAddress>().ok());
    let told = address(claims.email);
    let email_verified =
        told.is_some() && (claims.email_verified || claims.xms_edov || provider.trust_email);
    // An administrator there writes these as they like: good for a first guess that has to be verified, never as proof.
    let guessed = || address(claims.preferred_username).or_else(|| address(claims.upn));
    Ok(Profile {
        subject,
        issued_at: Timestamp::from_unix(seconds(claims.iat.ok_or(Refusal::Time)?)),
        email: told.or_else(guessed),
        email_verified,
        name: claims.name.or(claims.given_name).and_then(clean),
        roles: claims.roles,
        second_factor: provider.trust_mfa && claims.amr.iter().any(|method| method == "mfa"),
        authenticated_at: claims.auth_time.map(|at| Timestamp::from_unix(seconds(at))),
    })
}

/// A name as accounts have it: one line, at most 100 characters.
fn clean(name: String) -> Option<String> {
    let name: String = name
        .chars()
        .filter(|char| !char.is_control())
        .take(100)
        .collect();
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// The left half of a hash (OpenID Connect Core 1.0, section 3.1.3.6).
fn half_hash(algorithm: Algorithm, text: &str) -> String {
    let hash = match algorithm {
        Algorithm::EdDSA => Sha512::digest(text).to_vec(),
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => Sha256::digest(text).to_vec(),
    };
    URL_SAFE_NO_PAD.encode(hash.get(..hash.len() / 2).unwrap_or_default())
}

#[cfg(test)]
mod tests;
