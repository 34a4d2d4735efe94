//! The audit log as staff read it: acts with their changes, filters, pages, one row, and the file.

use auth_token::Role;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::html::assert_shows;
use crate::panel::Panel;

/// Rows of one act: what the panel says, and what the service says.
struct Act<'a> {
    who: &'a str,
    action: &'a str,
    target: &'a str,
    outcomes: &'a [&'a str],
    before: Value,
    after: Value,
    request: &'a str,
    at: &'a str,
}

impl Default for Act<'_> {
    fn default() -> Self {
        Self {
            who: "boss@example.com",
            action: "order.refund",
            target: "order:01890a5d-ac96-774b-bcce-b302099a8057",
            outcomes: &["asked", "done", "changed"],
            before: Value::Null,
            after: Value::Null,
            request: "",
            at: "2026-11-20T12:00:00Z",
        }
    }
}

async fn add(panel: &Panel, act: &Act<'_>) {
    for outcome in act.outcomes {
        let changed = *outcome == "changed";
        let some = |value: &Value| (changed && !value.is_null()).then(|| value.clone());
        sqlx::query(
            "INSERT INTO audit_logs (id, at, actor_id, actor_email, actor_role, action, target, outcome, details, source, through, before, after, ip, request_id)
             VALUES (gen_random_uuid(), $1::timestamptz, gen_random_uuid(), $2, 'admin', $3, $4, $5, '{}', $6, $7, $8, $9, '203.0.113.7', $10)",
        )
        .bind(act.at)
        .bind(act.who)
        .bind(act.action)
        .bind(act.target)
        .bind(outcome)
        .bind(if changed { "mercato/order" } else { "mercato/admin" })
        .bind(changed.then_some("admin"))
        .bind(some(&act.before))
        .bind(some(&act.after))
        .bind(act.request)
        .execute(&panel.admin_db)
        .await
        .unwrap();
    }
}

fn rows_of(page: &str) -> usize {
    page.matches("<tr>").count() - 1
}

#[tokio::test]
async fn rows_of_a_request_are_one_act_with_its_change_and_its_links() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let evil = "<script>alert(1)</script>";
    let act = Act {
        before: json!({"refundable": 500, "note": evil, "same": 1, "x": 1, "y": 2}),
        after: json!({"refundable": 0, "note": null, "same": 1, "x": 2, "y": 3}),
        request: "req-1",
        ..Act::default()
    };
    add(&panel, &act).await;
    add(
        &panel,
        &Act {
            outcomes: &["forbidden"],
            who: "",
            action: "sign_in",
            target: "admin",
            ..Act::default()
        },
    )
    .await;

    let page = staff
        .page("/admin/audit?from=2026-11-20&to=2026-11-20")
        .await;
    assert_eq!(rows_of(&page), 2, "{page}");
    assert_shows(
        &page,
        &[
            "20 Nov 2026, 12:00",
            "boss@example.com",
            "order.refund",
            "asked",
            "done",
            "changed",
            "refundable",
            "500",
            "203.0.113.7",
            "forbidden",
            "order …099a8057",
        ],
    );
    assert!(page.contains("href=\"/admin/orders/01890a5d-ac96-774b-bcce-b302099a8057\""));
    assert!(page.contains("and 1 more"), "{page}");
    assert!(!page.contains("same:") && !page.contains(evil));

    let changed: i64 = sqlx::query_scalar("SELECT seq FROM audit_logs WHERE outcome = 'changed'")
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
    let detail = staff.page(&format!("/admin/audit/{changed}")).await;
    assert_shows(
        &detail,
        &[
            "refundable",
            "500",
            "none",
            "mercato/order",
            "req-1",
            "The same request",
            "SHA-256",
        ],
    );
    assert!(!detail.contains(evil) && detail.contains("&#60;script&#62;"));
    assert!(detail.contains(&format!("href=\"/admin/audit/{}\"", changed - 1)));
    let first = staff.page("/admin/audit/1").await;
    assert_shows(&first, &["this is the first"]);
    for missing in ["/admin/audit/999999", "/admin/audit/x"] {
        let _ = staff.get(missing).expect(404).await;
    }
}

#[tokio::test]
async fn what_came_of_a_wish_stands_with_it_though_the_wish_could_not_name_it() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let (wish, whole) = (["asked", "done"], ["asked", "done", "changed"]);
    for (request, action, target, outcomes) in [
        ("made", "category.create", "category", &wish[..]),
        ("made", "category.create", "category:7", &["changed"]),
        ("given", "order.claim", "user:1", &wish),
        ("given", "order.claim", "order:1", &["changed"]),
        ("given", "order.claim", "order:2", &["changed"]),
        // Not one act: many wishes, what went with another thing, and what nobody asked for in the panel.
        ("many", "order.tag", "order:1", &whole),
        ("many", "order.tag", "order:2", &whole),
        ("gone", "category.delete", "category:8", &whole),
        ("gone", "category.delete", "category:9", &["changed"]),
        ("rest", "order.claim", "order:3", &["changed"]),
        ("rest", "order.claim", "order:4", &["changed"]),
    ] {
        add(
            &panel,
            &Act {
                request,
                action,
                target,
                outcomes,
                ..Act::default()
            },
        )
        .await;
    }
    let page = staff
        .page("/admin/audit?from=2026-11-20&to=2026-11-20")
        .await;
    let rows = page.split("<tr>").skip(2).map(|row| {
        let target = row.split("title=\"").nth(1).unwrap();
        let row = row.split("</tr>").next().unwrap();
        (
            target.split('"').next().unwrap(),
            row.matches("class=\"badge").count(),
        )
    });
    let acts = [
        ("order:4", 1),
        ("order:3", 1),
        ("category:9", 1),
        ("category:8", 3),
        ("order:2", 3),
        ("order:1", 3),
        ("user:1", 4),
        ("category:7", 3),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), acts, "{page}");
}

#[tokio::test]
async fn filters_find_by_person_action_target_outcome_and_days() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let other = Act {
        who: "anna@example.com",
        action: "product.approve",
        target: "product:2",
        outcomes: &["asked", "version_conflict"],
        at: "2026-11-19T23:59:59Z",
        request: "req-2",
        ..Act::default()
    };
    add(&panel, &other).await;
    add(
        &panel,
        &Act {
            request: "req-1",
            ..Act::default()
        },
    )
    .await;
    let id: Uuid =
        sqlx::query_scalar("SELECT actor_id FROM audit_logs WHERE outcome = 'version_conflict'")
            .fetch_one(&panel.admin_db)
            .await
            .unwrap();
    for (query, rows) in [
        ("who=Anna%40example.com", 1),
        (&format!("who={id}"), 1),
        ("who=nobody%40example.com", 0),
        ("action=order.refund", 1),
        ("target=product:2", 1),
        ("outcome=refused", 1),
        ("outcome=changed&action=order.refund", 1),
        ("outcome=changed&action=product.approve", 0),
        ("from=2026-11-20&to=2026-11-20", 1),
        ("to=2026-11-19", 1),
        ("from=2026-11-19&to=2026-11-20", 2),
        ("who=%27%3B+DROP+TABLE+audit_logs", 0),
    ] {
        let page = staff.page(&format!("/admin/audit?{query}")).await;
        let found = if page.contains("Nothing matches") {
            0
        } else {
            rows_of(&page)
        };
        assert_eq!(found, rows, "{query}");
    }
    for broken in ["from=2026-02-30", "to=x", "cursor=x"] {
        let _ = staff
            .get(&format!("/admin/audit?{broken}"))
            .expect(422)
            .await;
    }
    let page = staff
        .page("/admin/audit?action=order.refund&from=2026-11-20")
        .await;
    assert!(page.contains("<option selected>order.refund</option>"));
    assert!(
        page.contains("/admin/audit/export.csv?action=order.refund&amp;from=2026-11-20")
            || page.contains("export.csv?action=order.refund&#38;from=2026-11-20"),
        "{page}"
    );
}

#[tokio::test]
async fn a_long_log_has_pages_and_a_file_that_no_spreadsheet_runs() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    for n in 0..60 {
        let target = format!("order:{n}");
        add(
            &panel,
            &Act {
                outcomes: &["done"],
                action: "=cmd|x",
                target: &target,
                ..Act::default()
            },
        )
        .await;
    }
    let mut path = "/admin/audit?action=%3Dcmd%7Cx".to_owned();
    let mut seen = vec![];
    loop {
        let answer = staff.get(&path).expect(200).await;
        assert!(
            answer.headers["server-timing"]
                .to_str()
                .unwrap()
                .contains("sql")
        );
        let page = answer.text();
        assert!(page.len() < 60_000, "{}", page.len());
        seen.extend((0..60).filter(|n| page.contains(&format!("title=\"order:{n}\""))));
        let Some(next) = page.split("href=\"").find(|it| it.contains("cursor=")) else {
            break;
        };
        path = next
            .split('"')
            .next()
            .unwrap()
            .replace("&#38;", "&")
            .replace("&amp;", "&");
    }
    seen.sort_unstable();
    assert_eq!(seen, Vec::from_iter(0..60), "each once");

    let file = staff
        .get("/admin/audit/export.csv?action=%3Dcmd%7Cx")
        .expect(200)
        .await;
    assert!(
        file.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(
        file.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("audit.csv")
    );
    let text = file.text();
    assert_eq!(text.lines().count(), 61, "{text}");
    assert!(text.starts_with("number,at,actor_email,"));
    assert!(text.contains(",'=cmd|x,order:59,done,") && !text.contains(",=cmd"));
    let exports = panel
        .audit()
        .await
        .into_iter()
        .filter(|row| row.0 == "audit.export");
    assert_eq!(exports.count(), 1);
    // More than is read at a time.
    for _ in 0..500 {
        add(
            &panel,
            &Act {
                outcomes: &["done"],
                ..Act::default()
            },
        )
        .await;
    }
    let all = staff
        .get("/admin/audit/export.csv")
        .expect(200)
        .await
        .text();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_logs")
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
    assert_eq!(
        all.lines().count() as i64,
        rows,
        "a head, and all but the row of this file"
    );
}

#[tokio::test]
async fn support_neither_sees_the_log_nor_reads_it() {
    let panel = Panel::open().await;
    let support = panel.staff(Role::Support).await;
    assert!(!support.page("/admin").await.contains("/admin/audit"));
    for path in ["/admin/audit", "/admin/audit/1", "/admin/audit/export.csv"] {
        let _ = support.get(path).expect(403).await;
    }
    let admin = panel.staff(Role::Admin).await;
    assert!(admin.page("/admin").await.contains("/admin/audit"));
}
