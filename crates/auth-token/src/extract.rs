use std::marker::PhantomData;
use std::ops::Deref;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use http_kit::{ClientIp, Error};

use crate::named::Named;
use crate::{Permission, Principal, Role, Verifier, bearer};

/// Any signed-in user, or a program that acts for one and may do this. 401 otherwise.
#[derive(Clone, Debug)]
pub struct User(pub Principal);

/// A user as with [`User`], or a guest. A token that is not good is 401 all the same.
#[derive(Clone, Debug)]
pub struct MaybeUser(pub Option<Principal>);

/// A user who signed in themselves, not a program that acts for them. 403 otherwise.
#[derive(Clone, Debug)]
pub struct Person(pub Principal);

/// A person who proved who they are within [`crate::FRESH`]; 401 `insufficient_user_authentication` otherwise (RFC 9470).
#[derive(Clone, Debug)]
pub struct FreshUser(pub Principal);

/// A seller, or an admin. 403 for others.
#[derive(Clone, Debug)]
pub struct Seller(pub Principal);

/// Staff with a permission, such as `Staff<permissions::Refund>`. 403 for others.
#[derive(Debug)]
pub struct Staff<P: Permission> {
    /// Who it is.
    pub principal: Principal,
    permission: PhantomData<P>,
}

impl<P: Permission> Clone for Staff<P> {
    fn clone(&self) -> Self {
        Self {
            principal: self.principal.clone(),
            permission: PhantomData,
        }
    }
}

impl MaybeUser {
    /// The user, unless it is a guest.
    pub fn principal(&self) -> Option<&Principal> {
        self.0.as_ref()
    }
}

impl Deref for User {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl Deref for Person {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.0
    }
}

impl Deref for FreshUser {
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

impl<P: Permission> Deref for Staff<P> {
    type Target = Principal;
    fn deref(&self) -> &Principal {
        &self.principal
    }
}

/// Who calls: whose token it is, or in whose name a service does. Nobody without credentials.
async fn caller(parts: &Parts, verifier: &Verifier) -> Result<Option<Principal>, Error> {
    if let Some(Named(principal)) = parts.extensions.get() {
        return Ok(Some(principal.clone()));
    }
    match bearer::token(parts)? {
        Some(token) => verified(verifier, token).await.map(Some),
        None => Ok(None),
    }
}

/// Whose token it is; that they were here is noted for their list of sessions.
async fn verified(verifier: &Verifier, token: &str) -> Result<Principal, Error> {
    let principal = verifier.verify(token).await?;
    if let Some(ClientIp(ip)) = ClientIp::current() {
        verifier.seen(&principal, ip);
    }
    Ok(principal)
}

impl<S: Send + Sync> FromRequestParts<S> for MaybeUser
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let verifier = Verifier::from_ref(state);
        let principal = caller(parts, &verifier).await?;
        if let Some(principal) = &principal {
            verifier.check_scope(principal, &parts.method)?;
        }
        Ok(Self(principal))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for User
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        MaybeUser::from_request_parts(parts, state)
            .await?
            .0
            .map(Self)
            .ok_or_else(bearer::missing)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Person
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let User(principal) = User::from_request_parts(parts, state).await?;
        if principal.authenticated_at.is_none() || principal.scopes.is_some() {
            return Err(Error::forbidden(
                "forbidden",
                "Only people may do this, not programs that act for them.",
            ));
        }
        Ok(Self(principal))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for FreshUser
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Person(principal) = Person::from_request_parts(parts, state).await?;
        if Verifier::from_ref(state).is_fresh(&principal) {
            Ok(Self(principal))
        } else {
            Err(bearer::stale())
        }
    }
}

/// The role counts only with the second factor that the shop wants.
fn with_factor(principal: Principal) -> Result<Principal, Error> {
    if principal.factor_missing {
        Err(Error::forbidden(
            "second_factor_required",
            "Set up a second factor first, then sign in with it.",
        ))
    } else {
        Ok(principal)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Seller
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let User(principal) = User::from_request_parts(parts, state).await?;
        match principal.role {
            Role::Seller | Role::Admin => Ok(Self(with_factor(principal)?)),
            Role::Customer | Role::Support => {
                Err(Error::forbidden("forbidden", "Only sellers may do this."))
            }
        }
    }
}

impl<S: Send + Sync, P: Permission> FromRequestParts<S> for Staff<P>
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let verifier = Verifier::from_ref(state);
        let principal = caller(parts, &verifier)
            .await?
            .ok_or_else(bearer::missing)?;
        // A scope of its own is asked for instead of the area's, and of programs instead of a fresh proof.
        match (principal.scopes, P::SCOPE) {
            (Some(scopes), Some(needed)) if !scopes.allow(needed) => {
                return Err(bearer::insufficient_scope(needed));
            }
            (Some(_), Some(_)) => {}
            _ => verifier.check_scope(&principal, &parts.method)?,
        }
        if !P::allows(principal.role) {
            return Err(Error::forbidden(
                "forbidden",
                format!("This needs the permission {}.", P::NAME),
            ));
        }
        let principal = with_factor(principal)?;
        let by_scope = principal.scopes.is_some() && P::SCOPE.is_some();
        if P::FRESH && !by_scope && !verifier.is_fresh(&principal) {
            return Err(bearer::stale());
        }
        Ok(Self {
            principal,
            permission: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests;
