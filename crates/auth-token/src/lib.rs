//! Who is calling: access tokens of users, tokens between services, and both as extractor types.
//!
//! - Users carry EdDSA tokens of ten minutes that [`Verifier`] checks locally: keys come from auth's JWKS, revocations from
//!   a Redis stream that every process mirrors in memory.
//! - When a session was last seen is noted in memory and written to Redis now and then ([`activity`]).
//! - What a handler may do stands in its signature: [`User`], [`MaybeUser`], [`Person`], [`FreshUser`], [`Seller`],
//!   [`Staff<Permission>`](Staff), [`Service`].
//! - Tokens that are not ours, such as API keys, are exchanged at auth for one of ours ([`Exchange`]), and say what a program
//!   may do with [`Scopes`]: the extractors look at a request's method and the service's [`Area`].
//! - Who of the staff does something is an [`Acting`], from which each change makes its entry in the audit trail.
//! - What staff do through the public API they do through another service too: [`in_staffs_name`] mounts the same handlers on the
//!   internal listener.
//! - Services sign tokens of a minute for one audience with their own key ([`ServiceKeys`]) and call with [`InternalClient`].
//!
//! Must never enter: passwords, sign-in, anything that asks a database.

mod acting;
pub mod activity;
mod bearer;
mod claims;
mod client;
mod crypto;
pub mod denylist;
mod exchange;
mod extract;
pub mod foreign;
mod jwks;
mod keys;
mod named;
pub mod permissions;
mod role;
mod scopes;
mod service;
mod signer;
mod verifier;

pub use acting::Acting;
pub use bearer::stale;
pub use claims::{AUDIENCE, Claims, FRESH, ISSUER, Method, Principal, UnknownMethod};
pub use client::{Call, CallError, InternalClient};
pub use denylist::DenyList;
pub use exchange::{API_KEY_PREFIX, Exchange, ExchangeRequest, ExchangeResponse};
pub use extract::{FreshUser, MaybeUser, Person, Seller, Staff, User};
pub use jwks::{Jwk, Jwks, JwksSource};
pub use keys::GeneratedKey;
pub use named::in_staffs_name;
pub use permissions::Permission;
pub use role::Role;
pub use scopes::{Area, Scope, Scopes, UnknownScope};
pub use service::{OnBehalfOf, Service, ServiceKeys};
pub use signer::Signer;
pub use verifier::{TokenError, Verifier};
