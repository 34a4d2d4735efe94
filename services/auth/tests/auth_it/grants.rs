//! What each role may do in auth_db.

use sqlx::{AssertSqlSafe, PgPool};

use crate::support::app;

async fn allowed(pool: &PgPool, sql: &str) -> bool {
    match sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(pool)
        .await
    {
        Ok(_) => true,
        Err(error) => {
            let code = error
                .as_database_error()
                .and_then(|error| error.code().map(|code| code.into_owned()));
            assert_eq!(code.as_deref(), Some("42501"), "{sql}: {error}");
            false
        }
    }
}

#[tokio::test]
async fn the_admin_panel_reads_people_and_no_secret() {
    let app = app().await;
    let admin = app.db.pool_as("admin_service").await;
    for sql in [
        "SELECT id, email, email_verified_at, name, role, disabled_at, created_at FROM users",
        "SELECT version, disabled_reason FROM users",
        "SELECT user_id, confirmed_at FROM totp_secrets",
        "SELECT id, user_id, city, country FROM addresses",
        "SELECT user_id, name, created_at, last_used_at FROM passkeys",
        "SELECT id, user_id, user_agent, last_used_at, revoked_at FROM sessions",
    ] {
        assert!(allowed(&admin, sql).await, "{sql}");
    }
    for sql in [
        "SELECT password_hash FROM credentials",
        "SELECT user_id FROM credentials",
        "SELECT token_hash FROM refresh_tokens",
        "SELECT token_hash FROM one_time_tokens",
        "SELECT credential_id FROM passkeys",
        "SELECT public_key FROM passkeys",
        "SELECT sealed FROM totp_secrets",
        "SELECT handle FROM passkey_handles",
        "SELECT challenge_hash FROM passkey_challenges",
        "SELECT key_hash FROM api_keys",
        "SELECT envelope FROM outbox",
        "SELECT ip FROM sessions",
        "UPDATE users SET role = 'admin'",
        "DELETE FROM addresses",
        "INSERT INTO inbox (consumer, event_id) VALUES ('x', gen_random_uuid())",
        "CREATE TABLE mine (id int)",
    ] {
        assert!(!allowed(&admin, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn the_service_changes_rows_but_no_table() {
    let app = app().await;
    let service = app.db.pool().await;
    for sql in [
        "SELECT * FROM credentials",
        "DELETE FROM one_time_tokens",
        "UPDATE users SET name = 'x'",
    ] {
        assert!(allowed(&service, sql).await, "{sql}");
    }
    for sql in [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE users ADD COLUMN x int",
        "DROP TABLE users",
        "TRUNCATE users",
    ] {
        assert!(!allowed(&service, sql).await, "{sql}");
    }
}
