//! `admin verify-audit`: a log in use is whole, and whatever its owner does to it on purpose is named.

use std::borrow::Cow;
use std::process::Output;

use admin::MIGRATOR;
use futures::future::join_all;
use serde_json::{Value, json};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, PgPool};
use testkit::pg::TestDb;
use uuid::Uuid;

/// Adds a row as the panel does.
async fn add(pool: &PgPool, id: Uuid, details: &Value) -> sqlx::Result<u64> {
    sqlx::query(
        "INSERT INTO audit_logs (id, at, actor_id, actor_email, action, target, outcome, details, before, after, ip, request_id)
         VALUES ($1, now(), $1, 'zoë@example.com', 'order.refund', 'order:1', 'asked', $2, NULL, $2, '203.0.113.7', '')
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(id)
    .bind(details)
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
}

/// A log with so many rows.
async fn log(rows: u32) -> (TestDb, PgPool) {
    let db = TestDb::new("admin", &MIGRATOR).await;
    let pool = db.pool().await;
    for n in 0..rows {
        let details =
            json!({"b": 1.50, "a": [n, "é€\u{1f600}\n"], "big": 123_456_789_012_345_678_u64});
        assert_eq!(add(&pool, id(n), &details).await.unwrap(), 1);
    }
    (db, pool)
}

/// Row `n + 1` of [`log`].
fn id(n: u32) -> Uuid {
    Uuid::from_u128(u128::from(n) + 1)
}

async fn verify(db: &TestDb, arguments: &[&str]) -> Output {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_admin"));
    command
        .arg("verify-audit")
        .args(arguments)
        .env("ADMIN_DATABASE_URL", db.url());
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

/// The lines of a proof that must succeed.
async fn whole(db: &TestDb, arguments: &[&str]) -> Vec<String> {
    let output = verify(db, arguments).await;
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{told}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    told.lines().map(str::to_owned).collect()
}

/// The lines of a proof that must fail, without the count at the end.
async fn broken(db: &TestDb, arguments: &[&str]) -> Vec<String> {
    let output = verify(db, arguments).await;
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    let mut lines: Vec<String> = told.lines().map(str::to_owned).collect();
    assert!(lines.pop().unwrap().contains("rows"));
    lines
}

/// Does what nobody may: as the owner, past all triggers.
async fn tamper(db: &TestDb, sql: &str) {
    let owner = db.pool_as("admin_owner").await;
    let sql = format!(
        "ALTER TABLE audit_logs DISABLE TRIGGER USER; ALTER TABLE audit_logs DROP CONSTRAINT IF EXISTS audit_logs_seq; {sql}; ALTER TABLE audit_logs ENABLE TRIGGER USER"
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&owner)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_log_in_use_is_whole_and_its_head_can_be_kept_elsewhere() {
    let (db, pool) = log(0).await;
    let zeros = "0".repeat(64);
    assert_eq!(
        whole(&db, &[]).await,
        [
            "0 rows: the chain is whole".to_owned(),
            format!("head 0:{zeros}")
        ]
    );

    // More than is read at a time, by several replicas at once, each row sent twice.
    let replica = db.pool().await;
    let details = json!({"reason": "late"});
    join_all((0..600).flat_map(|n| [add(&pool, id(n), &details), add(&replica, id(n), &details)]))
        .await;
    let told = whole(&db, &[]).await;
    assert_eq!(told[0], "600 rows: the chain is whole");
    let head = told[1].strip_prefix("head 600:").unwrap();
    assert_eq!(head.len(), 64);
    let numbers: Vec<i64> = sqlx::query_scalar("SELECT seq FROM audit_logs ORDER BY seq")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(numbers, Vec::from_iter(1..=600));

    add(&pool, id(600), &details).await.unwrap();
    let anchor = format!("600:{head}");
    assert_eq!(
        whole(&db, &["--anchor", &anchor]).await[0],
        "601 rows: the chain is whole"
    );
    let json: Value = serde_json::from_str(&whole(&db, &["--json"]).await[0]).unwrap();
    assert_eq!(
        (&json["rows"], &json["broken_links"]),
        (&json!(601), &json!(0))
    );
    let usage = verify(&db, &["--anchor", "600"]).await;
    assert_eq!(usage.status.code(), Some(2));
}

#[tokio::test]
async fn who_may_only_add_chooses_neither_number_nor_hash() {
    let (db, pool) = log(2).await;
    sqlx::query(
        "INSERT INTO audit_logs (id, at, actor_email, action, target, outcome, request_id, seq, format, previous_hash, hash)
         VALUES ($1, now(), '', 'a', 'b', 'c', '', 77, 9, sha256(''), sha256(''))",
    )
    .bind(id(2))
    .execute(&pool)
    .await
    .unwrap();
    assert_eq!(whole(&db, &[]).await[0], "3 rows: the chain is whole");
    for refused in [
        "UPDATE audit_logs SET action = 'x'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
        "UPDATE audit_head SET seq = 0",
        "DELETE FROM audit_head",
        "INSERT INTO audit_head (only_row, seq, hash) VALUES (false, 1, sha256(''))",
        "ALTER TABLE audit_logs DISABLE TRIGGER USER",
    ] {
        assert!(
            sqlx::query(refused).execute(&pool).await.is_err(),
            "{refused}"
        );
    }
    let owner = db.pool_as("admin_owner").await;
    for refused in [
        "UPDATE audit_logs SET action = 'x'",
        "DELETE FROM audit_logs",
        "TRUNCATE audit_logs",
    ] {
        assert!(
            sqlx::query(refused).execute(&owner).await.is_err(),
            "{refused}"
        );
    }
    assert_eq!(whole(&db, &[]).await[0], "3 rows: the chain is whole");
}

#[tokio::test]
async fn a_transaction_that_fails_leaves_no_gap() {
    let (db, pool) = log(1).await;
    let mut tx = pool.begin().await.unwrap();
    sqlx::query("INSERT INTO audit_logs (id, at, actor_email, action, target, outcome, request_id) VALUES ($1, now(), '', 'a', 'b', 'c', '')")
        .bind(id(1))
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    add(&pool, id(2), &json!({})).await.unwrap();
    assert_eq!(whole(&db, &[]).await[0], "2 rows: the chain is whole");
}

#[tokio::test]
async fn another_value_in_any_column_is_named() {
    let (db, pool) = log(3).await;
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'audit_logs'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert_eq!(
        columns.len(),
        19,
        "a new column is a new format of the chain"
    );
    let row = format!("WHERE id = '{}'", id(1));
    for column in &columns {
        let value = match column.as_str() {
            "id" | "actor_id" => "gen_random_uuid()",
            "at" => "at + interval '1 microsecond'",
            "seq" => "9",
            "format" => "2",
            "previous_hash" | "hash" => "sha256('')",
            "details" | "before" | "after" => "'{\"x\": 1}'",
            _ => "'x'",
        };
        let saved = "CREATE TABLE saved AS TABLE audit_logs";
        tamper(
            &db,
            &format!("{saved}; UPDATE audit_logs SET {column} = {value} {row}"),
        )
        .await;
        let told = broken(&db, &[]).await.join("\n");
        assert!(
            told.contains(if column == "seq" {
                "row 2 is gone"
            } else {
                "row 2 (id "
            }),
            "{column}: {told}"
        );
        let restore =
            "DELETE FROM audit_logs; INSERT INTO audit_logs SELECT * FROM saved; DROP TABLE saved";
        tamper(&db, restore).await;
        whole(&db, &[]).await;
    }
}

#[tokio::test]
async fn whatever_its_owner_does_to_it_is_named() {
    let (db, _) = log(6).await;
    let copy = |set: &str| {
        format!(
            "INSERT INTO audit_logs SELECT * FROM jsonb_populate_record(NULL::audit_logs, (SELECT to_jsonb(a) || {set} FROM audit_logs a WHERE seq = 2))"
        )
    };
    let named = |n: u32| format!("row {n} (id {})", id(n - 1));
    let other = Uuid::from_u128(99);
    let cases = [
        ("DELETE FROM audit_logs WHERE seq = 3".to_owned(), vec!["row 3 is gone".to_owned()]),
        ("DELETE FROM audit_logs WHERE seq IN (1, 2, 5)".to_owned(), vec!["rows 1 to 2 are gone".to_owned(), "row 5 is gone".to_owned()]),
        ("DELETE FROM audit_logs WHERE seq > 4".to_owned(), vec!["the log ends with row 4, but row 6 was written: the end is gone".to_owned()]),
        ("DELETE FROM audit_logs".to_owned(), vec!["the log ends with row 0, but row 6 was written: the end is gone".to_owned()]),
        // The gap is closed, but the numbers are in the hashes.
        ("DELETE FROM audit_logs WHERE seq = 5; UPDATE audit_logs SET seq = 5 WHERE seq = 6".to_owned(), vec![format!("row 5 (id {}) does not follow row 4", id(5)), format!("row 5 (id {}) was changed", id(5)), "row 6 was written: the end is gone".to_owned()]),
        (copy(&format!("'{{\"seq\": 7, \"id\": \"{other}\"}}'::jsonb")), vec![format!("row 7 (id {other}) does not follow row 6"), format!("row 7 (id {other}) was changed"), format!("row 7 (id {other}) comes after the last")]),
        (copy(&format!("'{{\"id\": \"{other}\"}}'::jsonb")), vec![format!("row 2 (id {other}) is there beside another")]),
        (format!("ALTER TABLE audit_logs ALTER COLUMN seq DROP NOT NULL; {}", copy(&format!("'{{\"seq\": null, \"id\": \"{other}\"}}'::jsonb"))), vec![format!("the row with id {other} has no number")]),
        ("UPDATE audit_logs SET seq = 7 - seq WHERE seq IN (3, 4)".to_owned(), vec![format!("row 3 (id {}) does not follow row 2", id(3)), format!("row 3 (id {}) was changed", id(3)), format!("row 4 (id {}) was changed", id(2))]),
        // With a hash that fits, the next one does not; at the end, the head does not.
        ("UPDATE audit_logs SET action = 'x' WHERE seq = 2; UPDATE audit_logs a SET hash = audit_hash(a) WHERE seq = 2".to_owned(), vec![format!("{} does not follow row 2", named(3))]),
        ("UPDATE audit_logs SET action = 'x' WHERE seq = 6; UPDATE audit_logs a SET hash = audit_hash(a) WHERE seq = 6".to_owned(), vec!["row 6 is not the one that was written last".to_owned()]),
        ("DELETE FROM audit_head".to_owned(), vec!["the head is gone".to_owned()]),
        ("UPDATE audit_head SET seq = 5, hash = (SELECT hash FROM audit_logs WHERE seq = 5)".to_owned(), vec![format!("{} comes after the last", named(6))]),
    ];
    for (sql, expected) in cases {
        tamper(&db, &format!("CREATE TABLE saved AS TABLE audit_logs; CREATE TABLE saved_head AS TABLE audit_head; {sql}")).await;
        let told = broken(&db, &[]).await;
        for line in &expected {
            assert!(
                told.iter().any(|it| it.contains(line.as_str())),
                "{sql}: {line} is not in {told:#?}"
            );
        }
        tamper(&db, "DELETE FROM audit_logs; INSERT INTO audit_logs SELECT * FROM saved; DROP TABLE saved; DELETE FROM audit_head; INSERT INTO audit_head SELECT * FROM saved_head; DROP TABLE saved_head").await;
        whole(&db, &[]).await;
    }
}

/// The owner can write the log anew, with its hashes and its head. Who kept a head elsewhere sees it.
#[tokio::test]
async fn a_log_written_anew_does_not_fit_its_anchor() {
    let (db, _) = log(4).await;
    let head = whole(&db, &[]).await[1].replace("head ", "");
    tamper(
        &db,
        "UPDATE audit_logs SET action = 'order.note' WHERE seq = 3;
         DO $$ DECLARE log audit_logs; head bytea := decode(repeat('00', 32), 'hex'); BEGIN
           FOR log IN SELECT * FROM audit_logs ORDER BY seq LOOP
             log.previous_hash := head; head := audit_hash(log);
             UPDATE audit_logs SET previous_hash = log.previous_hash, hash = head WHERE id = log.id;
           END LOOP;
           UPDATE audit_head SET hash = head;
         END $$",
    )
    .await;
    whole(&db, &[]).await;
    let told = broken(&db, &["--anchor", &head]).await;
    assert_eq!(
        told,
        [format!(
            "row 4 (id {}) is another than its anchor says: the log was written anew up to it",
            id(3)
        )]
    );
    let gone = head.replacen("4:", "9:", 1);
    let told = broken(&db, &["--json", "--anchor", &gone]).await;
    assert_eq!(told, [r#"{"broken":"no_anchor","seq":9}"#]);
}

#[tokio::test]
async fn rows_of_the_time_before_the_chain_are_chained_in_their_order() {
    let before = Migrator {
        migrations: Cow::Owned(
            MIGRATOR
                .iter()
                .filter(|it| it.version < 3)
                .cloned()
                .collect(),
        ),
        ..Migrator::DEFAULT
    };
    let db = TestDb::new("admin", &before).await;
    let pool = db.pool().await;
    for n in 0..5_u32 {
        add(&pool, id(4 - n), &json!({ "n": n })).await.unwrap();
    }
    runtime::pg::migrate(&db.owner_url().into(), &MIGRATOR)
        .await
        .unwrap();
    add(&pool, id(5), &json!({})).await.unwrap();
    assert_eq!(whole(&db, &[]).await[0], "6 rows: the chain is whole");
    let ids: Vec<Uuid> = sqlx::query_scalar("SELECT id FROM audit_logs ORDER BY seq")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(ids, [4, 3, 2, 1, 0, 5].map(id));
}
