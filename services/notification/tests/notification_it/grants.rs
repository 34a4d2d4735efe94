//! Who may do what with mails.

use notification::MIGRATOR;
use testkit::pg::TestDb;

#[tokio::test]
async fn staff_see_what_was_sent_and_never_its_content() {
    let db = TestDb::new("notification", &MIGRATOR).await;
    let admin = db.pool_as("admin_service").await;
    let columns = "id, recipient, template, subject, status, attempts, next_attempt_at, created_at, sent_at, failed_at, order_number, resend_of, traceparent";
    sqlx::query(sqlx::AssertSqlSafe(format!(
        "SELECT {columns} FROM notification.mails"
    )))
    .fetch_all(&admin)
    .await
    .unwrap();
    for refused in [
        "SELECT content FROM notification.mails",
        "SELECT last_error FROM notification.mails",
        "SELECT resend_key FROM notification.mails",
        "SELECT * FROM notification.mails",
        "UPDATE notification.mails SET status = 'pending'",
        "DELETE FROM notification.mails",
        "SELECT envelope FROM notification.outbox",
        "SELECT * FROM notification.inbox",
    ] {
        assert_eq!(
            code(sqlx::query(refused).execute(&admin).await),
            "42501",
            "{refused}"
        );
    }
}

#[tokio::test]
async fn the_worker_cannot_change_its_schema() {
    let db = TestDb::new("notification", &MIGRATOR).await;
    let worker = db.pool().await;
    sqlx::query("SELECT count(*) FROM mails")
        .execute(&worker)
        .await
        .unwrap();
    for refused in [
        "DROP TABLE mails",
        "ALTER TABLE mails ADD x int",
        "CREATE TABLE notification.x (y int)",
        "CREATE TABLE public.x (y int)",
        "TRUNCATE mails",
    ] {
        assert_eq!(
            code(sqlx::query(refused).execute(&worker).await),
            "42501",
            "{refused}"
        );
    }
}

fn code<T: std::fmt::Debug>(result: sqlx::Result<T>) -> String {
    let error = result.unwrap_err();
    error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .map(Into::into)
        .unwrap_or_default()
}
