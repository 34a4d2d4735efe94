//! Who may do what in the databases.

use auth_token::Role;
use sqlx::PgPool;

use crate::panel::Panel;

#[tokio::test]
async fn the_audit_log_is_only_added_to() {
    let panel = Panel::open().await;
    let _ = panel.staff(Role::Admin).await;
    let service = panel.admin.pool().await;
    for change in [
        "UPDATE audit_logs SET outcome = 'done'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
    ] {
        assert_eq!(refused(&service, change).await, "42501", "{change}");
        assert_eq!(
            refused(&panel.admin_db, change).await,
            "P0001",
            "{change}, even by the owner"
        );
    }
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_logs")
        .fetch_one(&service)
        .await
        .unwrap();
    assert_eq!(rows, 1);
}

#[tokio::test]
async fn the_panel_cannot_change_its_schema() {
    let panel = Panel::open().await;
    let service = panel.admin.pool().await;
    for change in [
        "DROP TABLE audit_logs",
        "ALTER TABLE audit_logs DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_logs_append_only ON audit_logs",
        "CREATE TABLE x (y int)",
    ] {
        assert_eq!(refused(&service, change).await, "42501", "{change}");
    }
}

#[tokio::test]
async fn the_panel_reads_no_secret_and_writes_nowhere_else() {
    let panel = Panel::open().await;
    let auth = panel.auth.pool_as("admin_service").await;
    let product = panel.product.pool_as("admin_service").await;
    let order = panel.order.pool_as("admin_service").await;
    let forbidden: [(&PgPool, &[&str]); 3] = [
        (
            &auth,
            &[
                "SELECT password_hash FROM credentials",
                "SELECT token_hash FROM refresh_tokens",
                "SELECT token_hash FROM one_time_tokens",
                "SELECT ip FROM sessions",
                "SELECT sealed FROM totp_secrets",
                "SELECT code_hash FROM recovery_codes",
                "SELECT token_hash FROM sign_in_challenges",
                "SELECT * FROM users JOIN credentials ON user_id = id",
                "SELECT envelope FROM outbox",
                "UPDATE users SET role = 'admin'",
                "DELETE FROM users",
            ],
        ),
        (
            &product,
            &[
                "SELECT envelope FROM outbox",
                "UPDATE products SET status = 'active'",
                "UPDATE stock_levels SET on_hand = 1",
            ],
        ),
        (
            &order,
            &[
                "SELECT guest_token_hash FROM orders",
                "SELECT payload FROM webhook_events",
                "SELECT * FROM orders",
                "SELECT token_hash FROM carts",
                "SELECT body FROM idempotency_keys",
                "SELECT envelope FROM outbox",
                "UPDATE orders SET status = 'completed'",
                "INSERT INTO order_events (id, order_id, type, at, actor, message) SELECT id, order_id, type, at, actor, message FROM order_events",
                "DELETE FROM refunds",
            ],
        ),
    ];
    let own = panel.admin.pool().await;
    for statement in [
        "SELECT content FROM notification.mails",
        "SELECT resend_key FROM notification.mails",
        "UPDATE notification.mails SET status = 'pending'",
    ] {
        assert_eq!(refused(&own, statement).await, "42501", "{statement}");
    }
    for (pool, statements) in forbidden {
        for statement in statements {
            assert_eq!(refused(pool, statement).await, "42501", "{statement}");
        }
    }
}

/// The SQLSTATE with which a statement is refused.
async fn refused(pool: &PgPool, statement: &str) -> String {
    let error = sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
        .execute(pool)
        .await
        .unwrap_err();
    error
        .as_database_error()
        .and_then(|error| error.code())
        .unwrap_or_default()
        .into_owned()
}
