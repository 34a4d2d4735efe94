//! Who is calling: claims, verification, the mirror of the deny-list, and principals as extractor types.
//!
//! Two kinds of tokens, both EdDSA JWTs (RFC 8037): access tokens of users, signed by auth with keys that rotate, and
//! tokens of services, signed by each caller with its own key for one callee. Neither costs a request any hop.
//!
//! Must never enter: sign-in, sessions, passwords (they are auth's), business rules.

mod claims;
mod client;
mod crypto;
pub mod denylist;
mod extract;
mod keys;
pub mod permissions;
mod principal;
mod service;
mod verifier;

pub use claims::{AUDIENCE, Actor, ISSUER, ServiceClaims, UserClaims};
pub use client::{CallError, InternalClient};
pub use extract::{MaybeUser, Seller, Service, Staff, User};
pub use keys::{Jwk, Jwks, KeyPair};
pub use permissions::Permission;
pub use principal::{Principal, Role};
pub use service::{ServiceKeys, ServiceVerifier};
pub use verifier::{TokenError, Verifier};
