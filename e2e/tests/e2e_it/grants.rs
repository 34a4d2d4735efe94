//! Who may do what in the databases: each grant of `db/init` and of the migrations, and each refusal.

mod admin_columns;

use crate::stack::database_url;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, Row as _};

const DATABASES: [&str; 4] = ["auth_db", "product_db", "order_db", "admin_db"];
const OTHERS: [&str; 3] = ["auth_db", "product_db", "order_db"];
/// Owner, application role, database, schema.
const SERVICES: [(&str, &str, &str, &str); 5] = [
    ("auth_owner", "auth_service", "auth_db", "public"),
    ("product_owner", "product_service", "product_db", "public"),
    ("order_owner", "order_service", "order_db", "public"),
    ("admin_owner", "admin_service", "admin_db", "public"),
    (
        "notification_owner",
        "notification_service",
        "admin_db",
        "notification",
    ),
];
/// PostgreSQL's "insufficient privilege".
const REFUSED: &str = "42501";

async fn connect(database: &str) -> PgConnection {
    let _ = rustls::crypto::ring::default_provider().install_default();
    PgConnection::connect(&database_url(database))
        .await
        .unwrap_or_else(|error| panic!("{database}: {error}"))
}

/// A session as a role. (The administrator may become anybody, and anybody's rights then hold.)
async fn become_role(database: &str, role: &str) -> PgConnection {
    let mut db = connect(database).await;
    db.execute(AssertSqlSafe(format!("SET SESSION AUTHORIZATION {role}")))
        .await
        .unwrap();
    db
}

/// Runs a statement that must be refused for want of a right, and leaves nothing behind if it is not.
async fn assert_refused(db: &mut PgConnection, who: &str, statement: &str) {
    let mut tx = db.begin().await.unwrap();
    let outcome = tx.execute(AssertSqlSafe(statement.to_owned())).await;
    tx.rollback().await.unwrap();
    match outcome {
        Ok(_) => panic!("{who} was allowed: {statement}"),
        Err(error) => {
            let code = error
                .as_database_error()
                .and_then(|e| e.code().map(|code| code.into_owned()));
            assert_eq!(
                code.as_deref(),
                Some(REFUSED),
                "{who}: {statement}: {error}"
            );
        }
    }
}

async fn texts(db: &mut PgConnection, query: &str) -> Vec<String> {
    let rows = db.fetch_all(AssertSqlSafe(query.to_owned())).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

async fn tables(db: &mut PgConnection, schema: &str) -> Vec<String> {
    let query = format!(
        "SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}' AND tablename <> '_sqlx_migrations' ORDER BY 1"
    );
    texts(db, &query).await
}

#[tokio::test]
async fn each_role_connects_to_its_databases_and_to_no_other() {
    let mut db = connect("auth_db").await;
    let may = texts(
        &mut db,
        "SELECT r.rolname || ' ' || d.datname FROM pg_roles r, pg_database d
         WHERE (r.rolname ~ '^(auth|product|order|admin|notification)_(owner|service)$' OR r.rolname = 'ecommerce_admin')
           AND d.datname IN ('auth_db', 'product_db', 'order_db', 'admin_db', 'postgres', 'template1')
           AND has_database_privilege(r.oid, d.oid, 'CONNECT') ORDER BY 1",
    )
    .await;
    let mut expected: Vec<String> = SERVICES
        .iter()
        .flat_map(|(owner, app, db, _)| [format!("{owner} {db}"), format!("{app} {db}")])
        .collect();
    expected.extend(OTHERS.iter().map(|db| format!("admin_service {db}")));
    expected.extend(
        DATABASES
            .iter()
            .chain(&["postgres"])
            .map(|db| format!("ecommerce_admin {db}")),
    );
    expected.sort();
    let mut may = may;
    may.sort();
    assert_eq!(may, expected);
}

#[tokio::test]
async fn a_role_without_grants_is_turned_away_at_the_door() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut admin = connect("auth_db").await;
    let role = format!("e2e_probe_{}", std::process::id());
    admin
        .execute(AssertSqlSafe(format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'probe'"
        )))
        .await
        .unwrap();
    let mut outcomes = Vec::new();
    for database in DATABASES.iter().chain(&["postgres", "template1"]) {
        let options: sqlx::postgres::PgConnectOptions = database_url(database).parse().unwrap();
        outcomes.push((
            database,
            PgConnection::connect_with(&options.username(&role).password("probe"))
                .await
                .map(drop),
        ));
    }
    admin
        .execute(AssertSqlSafe(format!("DROP ROLE {role}")))
        .await
        .unwrap();
    for (database, outcome) in outcomes {
        let error = outcome.expect_err(&format!("PUBLIC may connect to {database}"));
        let code = error
            .as_database_error()
            .and_then(|e| e.code().map(|code| code.into_owned()));
        assert_eq!(code.as_deref(), Some(REFUSED), "{database}: {error}");
    }
}

#[tokio::test]
async fn public_has_no_right_on_a_database_or_a_schema() {
    for database in DATABASES {
        let mut db = connect(database).await;
        let of_public = texts(
            &mut db,
            "SELECT datname || ' ' || privilege_type FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
              WHERE datname = current_database() AND grantee = 0
             UNION ALL
             SELECT nspname || ' ' || privilege_type FROM pg_namespace, aclexplode(coalesce(nspacl, acldefault('n', nspowner)))
              WHERE nspname IN ('public', 'notification') AND grantee = 0
             UNION ALL
             SELECT oid::regclass || ' ' || privilege_type FROM pg_class, aclexplode(relacl)
              WHERE relnamespace::regnamespace::text IN ('public', 'notification') AND grantee = 0 AND relacl IS NOT NULL",
        )
        .await;
        assert!(of_public.is_empty(), "{database}: PUBLIC has {of_public:?}");
    }
}

#[tokio::test]
async fn no_role_has_more_power_than_its_work_needs() {
    let mut db = connect("auth_db").await;
    let powers = texts(
        &mut db,
        "SELECT rolname || CASE WHEN rolsuper THEN ' superuser' ELSE '' END || CASE WHEN rolcreatedb THEN ' createdb' ELSE '' END
             || CASE WHEN rolcreaterole THEN ' createrole' ELSE '' END || CASE WHEN rolreplication THEN ' replication' ELSE '' END
             || CASE WHEN rolbypassrls THEN ' bypassrls' ELSE '' END
         FROM pg_roles WHERE (rolname ~ '_(owner|service)$' OR rolname = 'ecommerce_admin')
           AND (rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)",
    )
    .await;
    assert_eq!(powers, ["ecommerce_admin createdb createrole"]);
    let memberships = texts(
        &mut db,
        "SELECT m.member::regrole || ' in ' || m.roleid::regrole FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
         WHERE r.rolname ~ '_(owner|service)$'",
    )
    .await;
    assert!(memberships.is_empty(), "{memberships:?}");
}

#[tokio::test]
async fn application_roles_change_rows_and_nothing_else() {
    for (owner, app, database, schema) in SERVICES {
        let mut admin = connect(database).await;
        let tables = tables(&mut admin, schema).await;
        assert!(
            tables.contains(&"outbox".to_owned()) || tables.contains(&"inbox".to_owned()),
            "{database}.{schema} has {tables:?}"
        );
        let foreign = texts(&mut admin, &format!("SELECT tablename::text FROM pg_tables WHERE schemaname = '{schema}' AND tableowner <> '{owner}'")).await;
        assert!(foreign.is_empty(), "not of {owner}: {foreign:?}");

        let mut db = become_role(database, app).await;
        let table = &tables[0];
        for statement in [
            format!("CREATE TABLE {schema}.intruder (id int)"),
            "CREATE TEMPORARY TABLE intruder (id int)".to_owned(),
            "CREATE SCHEMA intruder".to_owned(),
            format!("CREATE EXTENSION hstore SCHEMA {schema}"),
            format!("CREATE VIEW {schema}.intruder AS SELECT 1"),
            format!("CREATE FUNCTION {schema}.intruder() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
            format!("CREATE INDEX ON {schema}.{table} ((1))"),
            format!("ALTER TABLE {schema}.{table} ADD COLUMN intruder int"),
            format!("DROP TABLE {schema}.{table}"),
            format!("TRUNCATE {schema}.{table}"),
            "CREATE DATABASE intruder".to_owned(),
            "CREATE ROLE intruder".to_owned(),
            format!("SET ROLE {owner}"),
            "SET ROLE ecommerce_admin".to_owned(),
        ] {
            if statement.starts_with("CREATE DATABASE") {
                // Not possible in a transaction; without the right it is not even tried.
                let error = db
                    .execute(AssertSqlSafe(statement))
                    .await
                    .expect_err("CREATE DATABASE");
                assert_eq!(
                    error.as_database_error().and_then(|e| e.code()).as_deref(),
                    Some(REFUSED),
                    "{app}: {error}"
                );
            } else {
                assert_refused(&mut db, app, &statement).await;
            }
        }
        for table in &tables {
            let may = texts(
                &mut admin,
                &format!(
                    "SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
                     WHERE has_table_privilege('{app}', '{schema}.{table}', p)"
                ),
            )
            .await;
            let expected: &[&str] = match table.as_str() {
                // Triggers and functions of the owner write these, or their one row is there.
                "order_carts" | "order_numbers" | "order_counter" | "audit_head"
                | "system_settings" => &["SELECT"],
                // Months are reached through the whole.
                month if month.starts_with("orders_") => &[],
                _ => &["SELECT", "INSERT"],
            };
            assert_eq!(may, expected, "{app} on {table}");
        }
    }
}

#[tokio::test]
async fn ledgers_are_written_and_never_changed() {
    for (app, database, table) in [
        ("product_service", "product_db", "stock_movements"),
        ("admin_service", "admin_db", "audit_logs"),
    ] {
        let mut db = become_role(database, app).await;
        db.execute(AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .await
            .unwrap();
        assert_refused(&mut db, app, &format!("DELETE FROM {table}")).await;
        let mut admin = connect(database).await;
        let may = texts(
            &mut admin,
            &format!("SELECT p FROM unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p WHERE has_table_privilege('{app}', '{table}', p) OR (p = 'UPDATE' AND has_any_column_privilege('{app}', '{table}', p))"),
        )
        .await;
        assert!(may.is_empty(), "{app} may {may:?} {table}");
    }
}

#[tokio::test]
async fn admin_reads_exactly_the_listed_columns() {
    for (database, listed) in admin_columns::LISTED {
        let mut db = connect(database).await;
        let actual = texts(
            &mut db,
            "SELECT table_name || ': ' || string_agg(column_name, ' ' ORDER BY column_name)
             FROM information_schema.column_privileges WHERE grantee = 'admin_service' AND privilege_type = 'SELECT' GROUP BY table_name ORDER BY table_name",
        )
        .await;
        let expected: Vec<String> = listed
            .iter()
            .map(|(table, columns)| {
                let mut columns: Vec<&str> = columns.split_whitespace().collect();
                columns.sort_unstable();
                format!("{table}: {}", columns.join(" "))
            })
            .collect();
        assert_eq!(
            actual, expected,
            "{database}: what admin_service may read; a new column needs a decision, here and in the migration"
        );

        let whole = texts(
            &mut db,
            "SELECT c.relname::text FROM pg_class c, aclexplode(c.relacl) WHERE grantee = 'admin_service'::regrole ORDER BY 1",
        )
        .await;
        assert!(
            whole.is_empty(),
            "{database}: whole tables are granted, so a column added later would be too: {whole:?}"
        );
    }
}

#[tokio::test]
async fn admin_cannot_read_a_secret() {
    for database in OTHERS {
        let mut admin = connect(database).await;
        let readable = texts(
            &mut admin,
            "SELECT table_name || '.' || column_name FROM information_schema.column_privileges
             WHERE grantee = 'admin_service' AND column_name ~ '(password|passwd|hash|secret|token|mfa|totp|api_key|envelope|payload)'",
        )
        .await;
        assert!(readable.is_empty(), "{database}: {readable:?}");

        // And for real: every column that is not granted is refused, one by one.
        let hidden = texts(
            &mut admin,
            "SELECT quote_ident(attrelid::regclass::text) || ' ' || quote_ident(attname) FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
             WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
               AND NOT has_column_privilege('admin_service', attrelid, attnum, 'SELECT')",
        )
        .await;
        assert!(!hidden.is_empty(), "{database} hides nothing");
        let mut db = become_role(database, "admin_service").await;
        for pair in hidden {
            let (table, column) = pair.split_once(' ').unwrap();
            assert_refused(
                &mut db,
                "admin_service",
                &format!("SELECT {column} FROM {table}"),
            )
            .await;
        }
    }
    let mut db = become_role("auth_db", "admin_service").await;
    assert_refused(
        &mut db,
        "admin_service",
        "SELECT password_hash FROM credentials",
    )
    .await;
    assert_refused(&mut db, "admin_service", "SELECT * FROM refresh_tokens").await;
}

#[tokio::test]
async fn admin_writes_nothing_outside_its_own() {
    for (database, schema) in [
        ("auth_db", "public"),
        ("product_db", "public"),
        ("order_db", "public"),
        ("admin_db", "notification"),
    ] {
        let mut admin = connect(database).await;
        let tables = tables(&mut admin, schema).await;
        let mut db = become_role(database, "admin_service").await;
        // Grants must hold without the read-only default, which anybody may lift.
        db.execute("SET default_transaction_read_only = off")
            .await
            .unwrap();
        for table in tables {
            let table = format!("{schema}.{table}");
            assert_refused(
                &mut db,
                "admin_service",
                &format!("INSERT INTO {table} DEFAULT VALUES"),
            )
            .await;
            assert_refused(&mut db, "admin_service", &format!("DELETE FROM {table}")).await;
            assert_refused(&mut db, "admin_service", &format!("TRUNCATE {table}")).await;
            let may = texts(
                &mut admin,
                &format!("SELECT p FROM unnest(ARRAY['INSERT', 'UPDATE', 'REFERENCES']) p WHERE has_any_column_privilege('admin_service', '{table}', p)"),
            )
            .await;
            assert!(may.is_empty(), "admin_service may {may:?} {table}");
        }
        for statement in [
            "CREATE TABLE intruder (id int)".to_owned(),
            format!("CREATE TABLE {schema}.intruder (id int)"),
            "CREATE TEMPORARY TABLE intruder (id int)".to_owned(),
        ] {
            // In its own database it is refused all the same: it owns no schema.
            assert_refused(&mut db, "admin_service", &statement).await;
        }
        let sequences = texts(
            &mut admin,
            &format!("WITH all_of AS MATERIALIZED (SELECT seqrelid FROM pg_sequence JOIN pg_class ON oid = seqrelid WHERE relnamespace = '{schema}'::regnamespace)
                 SELECT seqrelid::regclass::text FROM all_of WHERE has_sequence_privilege('admin_service', seqrelid, 'USAGE')"),
        )
        .await;
        assert!(sequences.is_empty(), "{sequences:?}");
    }
}

#[tokio::test]
async fn the_mail_worker_and_the_panel_do_not_see_each_other() {
    let mut admin = connect("admin_db").await;
    let tables = tables(&mut admin, "public").await;
    let mut db = become_role("admin_db", "notification_service").await;
    for table in tables {
        assert_refused(
            &mut db,
            "notification_service",
            &format!("SELECT FROM public.{table}"),
        )
        .await;
    }
    let mut db = become_role("admin_db", "admin_service").await;
    assert_refused(
        &mut db,
        "admin_service",
        "SELECT * FROM notification.outbox",
    )
    .await;
}
