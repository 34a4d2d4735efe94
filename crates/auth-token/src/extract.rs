//! Principals as extractors: what a handler may do stands in its signature.

use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use http_kit::Error;

use crate::{Actor, Permission, Principal, Role, ServiceVerifier, TokenError, Verifier};

/// Any signed-in user.
#[derive(Debug, Clone)]
pub struct User(pub Principal);

/// A signed-in user, or nobody. A token that is there must be good all the same.
#[derive(Debug, Clone)]
pub struct MaybeUser(pub Option<Principal>);

/// A seller, or an admin who acts as one.
#[derive(Debug, Clone)]
pub struct Seller(pub Principal);

/// Staff with a permission.
#[derive(Debug, Clone)]
pub struct Staff<P>(pub Principal, PhantomData<P>);

/// Another service, on the internal listener.
#[derive(Debug, Clone)]
pub struct Service {
    /// The caller's name.
    pub name: String,
    /// The person it calls for.
    pub on_behalf_of: Option<Actor>,
}

impl Service {
    /// The staff member that the call is made for, who must have the permission.
    ///
    /// # Errors
    /// 403 when nobody is named or the role does not have it.
    pub fn staff<P: Permission>(&self) -> Result<&Actor, Error> {
        let actor = self.on_behalf_of.as_ref().ok_or_else(|| Error::forbidden("forbidden", "The call must be made for a staff member."))?;
        permit::<P>(actor.role)?;
        Ok(actor)
    }
}

impl<S> FromRequestParts<S> for MaybeUser
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Some(token) = bearer(&parts.headers)? else { return Ok(Self(None)) };
        Verifier::from_ref(state).verify(token).map(|principal| Self(Some(principal))).map_err(refuse)
    }
}

impl<S> FromRequestParts<S> for User
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let MaybeUser(principal) = MaybeUser::from_request_parts(parts, state).await?;
        principal.map(Self).ok_or_else(|| unauthenticated("unauthenticated", "Sign in and send the access token as a bearer token."))
    }
}

impl<S> FromRequestParts<S> for Seller
where
    S: Send + Sync,
    Verifier: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let User(principal) = User::from_request_parts(parts, state).await?;
        match principal.role {
            Role::Seller | Role::Admin => Ok(Self(principal)),
            Role::Customer | Role::Support => Err(Error::forbidden("forbidden", "Only sellers may do this.")),
        }
    }
}

impl<S, P> FromRequestParts<S> for Staff<P>
where
    S: Send + Sync,
    P: Permission,
    Verifier: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let User(principal) = User::from_request_parts(parts, state).await?;
        permit::<P>(principal.role)?;
        Ok(Self(principal, PhantomData))
    }
}

impl<S> FromRequestParts<S> for Service
where
    S: Send + Sync,
    ServiceVerifier: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let token = bearer(&parts.headers)?.ok_or_else(|| unauthenticated("unauthenticated", "A service token is needed."))?;
        let claims = ServiceVerifier::from_ref(state).verify(token).map_err(refuse)?;
        Ok(Self { name: claims.iss, on_behalf_of: claims.act })
    }
}

impl Deref for User {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl Deref for Seller {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl<P> Deref for Staff<P> {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

fn permit<P: Permission>(role: Role) -> Result<(), Error> {
    if P::allows(role) {
        Ok(())
    } else {
        Err(Error::forbidden("forbidden", format!("This needs the permission {}.", P::NAME)))
    }
}

/// The token of `Authorization: Bearer …` (RFC 6750); the scheme's case does not matter.
fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Error> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| Some(token.trim()))
        .ok_or_else(|| unauthenticated("unauthenticated", "The Authorization header must be `Bearer` and an access token."))
}

fn refuse(error: TokenError) -> Error {
    match error {
        TokenError::Invalid => unauthenticated("unauthenticated", "The access token is not valid."),
        TokenError::Expired => unauthenticated("token_expired", "The access token has expired; use the refresh token."),
        TokenError::Revoked => unauthenticated("token_revoked", "The access token has been revoked; sign in again."),
        TokenError::NoKeys => Error::unavailable(error),
    }
}

fn unauthenticated(code: &'static str, detail: &'static str) -> Error {
    Error::unauthenticated(code, detail).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}
