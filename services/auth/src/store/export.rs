//! What a user may take along, as JSON, because nobody computes with it. No hash, no secret, nothing that opens anything.

use primitives::UserId;
use serde_json::Value;
use sqlx::{PgConnection, Result};

/// The user's own account; `None` if it is gone. Why it was shut is a note between staff.
pub(crate) async fn account(db: &mut PgConnection, user: UserId) -> Result<Option<Value>> {
    sqlx::query_scalar!(
        r#"SELECT jsonb_build_object('id', id, 'email', email, 'email_verified_at', email_verified_at, 'name', name, 'role', role,
             'created_at', created_at, 'updated_at', updated_at,
             'disabled_at', disabled_at,
             'password_changed_at', (SELECT changed_at FROM credentials WHERE user_id = users.id)) AS "account!"
             FROM users WHERE id = $1"#,
        user.uuid()
    )
    .fetch_optional(db)
    .await
}

/// All that hangs on the account, by section. **What a new table keeps of a user gets its line here.**
pub(crate) async fn sections(
    db: &mut PgConnection,
    user: UserId,
) -> Result<Vec<(&'static str, Vec<Value>)>> {
    macro_rules! section {
        ($name:literal, $sql:literal) => {
            (
                $name,
                sqlx::query_scalar!($sql, user.uuid())
                    .fetch_all(&mut *db)
                    .await?,
            )
        };
    }
    Ok(vec![
        section!(
            "addresses",
            r#"SELECT jsonb_build_object('id', id, 'name', name, 'line1', line1, 'line2', line2, 'city', city, 'region', region,
                 'postal_code', postal_code, 'country', country, 'phone', phone, 'is_default_shipping', is_default_shipping,
                 'is_default_billing', is_default_billing, 'created_at', created_at, 'updated_at', updated_at) AS "entry!"
                 FROM addresses WHERE user_id = $1 ORDER BY id"#
        ),
        section!(
            "sessions",
            r#"SELECT jsonb_build_object('id', id, 'user_agent', user_agent, 'ip', ip, 'methods', methods, 'created_at', created_at,
                 'last_used_at', last_used_at, 'expires_at', expires_at, 'ended_at', revoked_at, 'ended_why', revoked_why) AS "entry!"
                 FROM sessions WHERE user_id = $1 ORDER BY id"#
        ),
        section!(
            "email_changes",
            r#"SELECT jsonb_build_object('new_email', new_email, 'approved_at', approved_at, 'confirmed_at', confirmed_at,
                 'created_at', created_at, 'expires_at', expires_at) AS "entry!" FROM email_changes WHERE user_id = $1"#
        ),
        section!(
            "identities",
            r#"SELECT jsonb_build_object('id', id, 'provider', provider, 'issuer', issuer, 'subject', subject, 'created_at', created_at,
                 'last_used_at', last_used_at) AS "entry!" FROM external_identities WHERE user_id = $1 ORDER BY id"#
        ),
        section!(
            "second_factors",
            r#"SELECT jsonb_build_object('kind', 'totp', 'confirmed_at', confirmed_at) AS "entry!" FROM totp_secrets WHERE user_id = $1
               UNION ALL
               SELECT jsonb_build_object('kind', 'recovery_code', 'created_at', created_at, 'used_at', used_at) FROM recovery_codes WHERE user_id = $1
               UNION ALL
               SELECT jsonb_build_object('kind', 'passkey', 'id', id, 'name', name, 'created_at', created_at, 'last_used_at', last_used_at)
                 FROM passkeys WHERE user_id = $1"#
        ),
        section!(
            "api_keys",
            r#"SELECT jsonb_build_object('id', id, 'name', name, 'prefix', prefix, 'scopes', scopes, 'created_at', created_at,
                 'last_used_at', last_used_at, 'expires_at', expires_at, 'revoked_at', revoked_at) AS "entry!"
                 FROM api_keys WHERE user_id = $1 ORDER BY id"#
        ),
    ])
}
