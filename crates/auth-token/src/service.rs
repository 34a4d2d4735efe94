use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_kit::Error;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use primitives::{Clock, EmailAddress, Timestamp, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use crate::claims::is_fresh;
use crate::jwks::KeyMap;
use crate::verifier::validation;
use crate::{GeneratedKey, Jwks, Permission, Principal, Role, bearer, crypto, keys};

/// How long a token between services lives.
const LIFETIME: Duration = Duration::from_secs(60);
const LEEWAY_SECONDS: i64 = 5;

/// In whose name a service calls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnBehalfOf {
    /// Who.
    pub user_id: UserId,
    /// As what.
    pub role: Role,
    /// Address, where the callee needs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<EmailAddress>,
    /// When they last proved who they are, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
}

impl From<&Principal> for OnBehalfOf {
    fn from(principal: &Principal) -> Self {
        Self {
            user_id: principal.user_id,
            role: principal.role,
            email: Some(principal.email.clone()),
            auth_time: principal.authenticated_at.map(Timestamp::unix),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct ServiceClaims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    obo: Option<OnBehalfOf>,
}

/// A service's own key, and every service's public key. Clones share them.
#[derive(Clone)]
pub struct ServiceKeys(Arc<Inner>);

struct Inner {
    name: String,
    key: EncodingKey,
    known: KeyMap,
    clock: Clock,
}

impl ServiceKeys {
    /// From the settings `SERVICE_KEY` and `SERVICE_JWKS`. `name` is this service's, which is also its key's.
    pub fn new(name: &str, key: &SecretString, jwks: &str, clock: Clock) -> anyhow::Result<Self> {
        let pkcs8 = STANDARD
            .decode(key.expose_secret().trim())
            .context("SERVICE_KEY is not base64")?;
        let jwks: Jwks = serde_json::from_str(jwks).context("SERVICE_JWKS is not a JWKS")?;
        let own = keys::public_jwk(name, &pkcs8).context("SERVICE_KEY")?;
        let listed = jwks.keys.iter().find(|jwk| jwk.kid == name);
        anyhow::ensure!(
            listed.is_some_and(|jwk| jwk.x == own.x),
            "SERVICE_JWKS does not hold the public half of SERVICE_KEY under the name {name}"
        );
        crypto::install();
        let (key, known) = (EncodingKey::from_ed_der(&pkcs8), KeyMap::from(&jwks));
        Ok(Self(Arc::new(Inner {
            name: name.to_owned(),
            key,
            known,
            clock,
        })))
    }

    /// New keys for services that know each other: for tests.
    pub fn generate<const N: usize>(names: [&str; N], clock: &Clock) -> anyhow::Result<[Self; N]> {
        let generated = names.map(|name| (name, GeneratedKey::generate()));
        let mut jwks = Jwks::default();
        for (name, key) in &generated {
            let key = key.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            jwks.keys.push(key.jwk(name)?);
        }
        let jwks = serde_json::to_string(&jwks)?;
        let keys: anyhow::Result<Vec<Self>> = generated
            .into_iter()
            .map(|(name, key)| Self::new(name, &key?.base64(), &jwks, clock.clone()))
            .collect();
        keys?
            .try_into()
            .map_err(|_| anyhow::anyhow!("as many keys as names"))
    }

    /// This service's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// A token with which this service may call `audience` for a minute.
    pub fn token(
        &self,
        audience: &str,
        on_behalf_of: Option<&OnBehalfOf>,
    ) -> anyhow::Result<String> {
        let now = self.0.clock.now();
        let claims = ServiceClaims {
            iss: self.0.name.clone(),
            sub: self.0.name.clone(),
            aud: audience.to_owned(),
            iat: now.unix(),
            exp: (now + LIFETIME).unix(),
            obo: on_behalf_of.cloned(),
        };
        let header = Header {
            kid: Some(self.0.name.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &claims, &self.0.key).context("cannot sign a service token")
    }

    /// Who calls, if the token is good and meant for this service.
    pub fn verify(&self, token: &str) -> Result<Service, crate::TokenError> {
        use crate::TokenError::{Expired, Invalid};
        let header = jsonwebtoken::decode_header(token).map_err(|_| Invalid)?;
        let kid = header.kid.ok_or(Invalid)?;
        let key = self.0.known.get(&kid).ok_or(Invalid)?;
        // The issuer must be the owner of the key, or one service could speak as another.
        let validation = validation(&kid, &self.0.name);
        let claims = jsonwebtoken::decode::<ServiceClaims>(token, key, &validation)
            .map_err(|_| Invalid)?
            .claims;
        let now = self.0.clock.now().unix();
        if claims.exp + LEEWAY_SECONDS < now {
            return Err(Expired);
        }
        if claims.iat > now + LEEWAY_SECONDS || claims.exp - claims.iat > 300 {
            return Err(Invalid);
        }
        Ok(Service {
            caller: claims.iss,
            on_behalf_of: claims.obo,
            at: self.0.clock.now(),
        })
    }
}

/// Another service, on the internal listener. 401 otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name.
    pub caller: String,
    /// In whose name it calls.
    pub on_behalf_of: Option<OnBehalfOf>,
    at: Timestamp,
}

impl Service {
    /// Who calls with these headers.
    pub(crate) fn of(parts: &Parts, keys: &ServiceKeys) -> Result<Self, Error> {
        let token = bearer::token(parts)?.ok_or_else(bearer::missing)?;
        Ok(keys.verify(token)?)
    }

    /// The user in whose name it calls; 403 if it calls in its own.
    pub fn user(&self) -> Result<&OnBehalfOf, Error> {
        self.on_behalf_of
            .as_ref()
            .ok_or_else(|| Error::forbidden("forbidden", "This must be called in a user's name."))
    }

    /// The same, if they proved lately who they are; 401 `insufficient_user_authentication` otherwise.
    pub fn fresh_user(&self) -> Result<&OnBehalfOf, Error> {
        let user = self.user()?;
        if is_fresh(user.auth_time.map(Timestamp::from_unix), self.at) {
            Ok(user)
        } else {
            Err(bearer::stale())
        }
    }

    /// The staff member in whose name it calls, if they have the permission; 403 otherwise. 401
    /// `insufficient_user_authentication` if it needs a fresher proof of who they are.
    pub fn staff<P: Permission>(&self) -> Result<&OnBehalfOf, Error> {
        let user = self.user()?;
        if !P::allows(user.role) {
            return Err(Error::forbidden(
                "forbidden",
                format!("This needs the permission {}.", P::NAME),
            ));
        }
        if P::FRESH && !is_fresh(user.auth_time.map(Timestamp::from_unix), self.at) {
            return Err(bearer::stale());
        }
        Ok(user)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Service
where
    ServiceKeys: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        Self::of(parts, &ServiceKeys::from_ref(state))
    }
}

#[cfg(test)]
mod tests;
