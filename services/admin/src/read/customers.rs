//! People with an account, as auth keeps them.

use auth_token::Role;
use primitives::{Timestamp, UserId};
use sqlx::{FromRow, PgConnection, Postgres, QueryBuilder};

use super::begins;

/// Somebody in a list.
#[derive(FromRow)]
pub(crate) struct CustomerRow {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) email_verified: bool,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) disabled: bool,
    pub(crate) leaving: bool,
    pub(crate) created_at: Timestamp,
}

/// What an account may be besides open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Disabled,
    Unverified,
    Leaving,
}

/// What a list is narrowed to; empty narrows nothing.
#[derive(Debug, Default, Clone)]
pub(crate) struct CustomerFilter {
    /// How an e-mail address, a name, or a last name begins.
    pub(crate) q: String,
    pub(crate) role: Option<Role>,
    pub(crate) state: Option<State>,
    /// Registered then or later.
    pub(crate) from: Option<Timestamp>,
    /// Registered before.
    pub(crate) until: Option<Timestamp>,
}

/// Where a list goes on.
pub(crate) type Place = (Timestamp, UserId);

/// Newest first, after a place. The statement has only the conditions that are asked for, so that each finds its index.
pub(crate) async fn list(
    conn: &mut PgConnection,
    filter: &CustomerFilter,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<CustomerRow>> {
    let mut sql = QueryBuilder::<Postgres>::new(
        "SELECT id, email, email_verified_at IS NOT NULL AS email_verified, name, role, disabled_at IS NOT NULL AS disabled,
                EXISTS (SELECT FROM account_deletions d WHERE d.user_id = users.id) AS leaving, created_at
           FROM users WHERE true",
    );
    if !filter.q.is_empty() {
        let begins = begins(&filter.q.to_lowercase());
        sql.push(" AND (email LIKE ")
            .push_bind(begins.clone())
            .push(" OR lower(name) LIKE ")
            .push_bind(begins.clone())
            .push(" OR lower(regexp_replace(name, '^.* ', '')) LIKE ")
            .push_bind(begins)
            .push(")");
    }
    // Written out, not bound: only so does the planner know that the index of the few is enough.
    if let Some(role) = filter.role {
        sql.push(" AND role = '").push(role.as_str()).push("'");
    }
    match filter.state {
        None => {}
        Some(State::Disabled) => {
            sql.push(" AND disabled_at IS NOT NULL");
        }
        Some(State::Unverified) => {
            sql.push(" AND email_verified_at IS NULL");
        }
        Some(State::Leaving) => {
            // They are few, which a plan made for any number would not use.
            sql.push(" AND id = ANY (ARRAY(SELECT user_id FROM account_deletions))");
        }
    }
    if let Some(from) = filter.from {
        sql.push(" AND created_at >= ").push_bind(from);
    }
    if let Some(until) = filter.until {
        sql.push(" AND created_at < ").push_bind(until);
    }
    if let Some((at, id)) = after {
        sql.push(" AND (created_at, id) < (")
            .push_bind(at)
            .push(", ")
            .push_bind(id)
            .push(")");
    }
    sql.push(" ORDER BY created_at DESC, id DESC LIMIT ")
        .push_bind(limit);
    sql.build_query_as().persistent(false).fetch_all(conn).await
}

/// One account.
#[derive(FromRow)]
pub(crate) struct Customer {
    pub(crate) id: UserId,
    pub(crate) email: String,
    pub(crate) email_verified_at: Option<Timestamp>,
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) disabled_at: Option<Timestamp>,
    pub(crate) disabled_reason: Option<String>,
    pub(crate) created_at: Timestamp,
    /// Of the row: a change names the one that was seen.
    pub(crate) version: i32,
    /// When it will be deleted.
    pub(crate) deletes_at: Option<Timestamp>,
    /// Since when they have an authenticator app.
    pub(crate) totp_since: Option<Timestamp>,
    pub(crate) passkeys: i64,
    pub(crate) api_keys: i64,
    /// The identity providers with which they sign in.
    pub(crate) providers: Vec<String>,
    pub(crate) addresses: i64,
    pub(crate) sessions: i64,
}

impl Customer {
    pub(crate) fn is_seller(&self) -> bool {
        self.role == Role::Seller
    }

    pub(crate) fn has_second_factor(&self) -> bool {
        self.totp_since.is_some() || self.passkeys > 0
    }
}

pub(crate) async fn find(
    conn: &mut PgConnection,
    id: UserId,
    now: Timestamp,
) -> sqlx::Result<Option<Customer>> {
    sqlx::query_as(
        "SELECT u.id, u.email, u.email_verified_at, u.name, u.role, u.disabled_at, u.disabled_reason, u.created_at, u.version,
                (SELECT due_at FROM account_deletions d WHERE d.user_id = u.id) AS deletes_at,
                (SELECT confirmed_at FROM totp_secrets t WHERE t.user_id = u.id) AS totp_since,
                (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id) AS passkeys,
                (SELECT count(*) FROM api_keys k WHERE k.user_id = u.id AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)) AS api_keys,
                ARRAY(SELECT DISTINCT provider FROM external_identities e WHERE e.user_id = u.id ORDER BY provider) AS providers,
                (SELECT count(*) FROM addresses a WHERE a.user_id = u.id) AS addresses,
                (SELECT count(*) FROM sessions s WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > $2) AS sessions
           FROM users u WHERE u.id = $1",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(conn)
    .await
}

/// A saved address.
#[derive(FromRow)]
pub(crate) struct Address {
    pub(crate) name: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) region: Option<String>,
    pub(crate) postal_code: String,
    pub(crate) country: String,
    pub(crate) phone: Option<String>,
    pub(crate) is_default_shipping: bool,
    pub(crate) is_default_billing: bool,
}

/// Those they use first.
pub(crate) async fn addresses(conn: &mut PgConnection, id: UserId) -> sqlx::Result<Vec<Address>> {
    sqlx::query_as(
        "SELECT name, line1, line2, city, region, postal_code, country, phone, is_default_shipping, is_default_billing
           FROM addresses WHERE user_id = $1 ORDER BY is_default_shipping DESC, is_default_billing DESC, id LIMIT 20",
    )
    .bind(id)
    .fetch_all(conn)
    .await
}

/// Whether somebody else can run the shop when this one is gone.
pub(crate) async fn another_admin(conn: &mut PgConnection, but: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM users u WHERE u.role = 'admin' AND u.disabled_at IS NULL AND u.id <> $1
            AND NOT EXISTS (SELECT FROM account_deletions d WHERE d.user_id = u.id))",
    )
    .bind(but)
    .fetch_one(conn)
    .await
}
