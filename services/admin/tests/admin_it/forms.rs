//! Every form of the panel: who may send it, and that nothing is taken that is not from a page of ours. A route that takes a form
//! and is not in the table fails.

use std::collections::BTreeSet;
use std::path::Path;

use auth_token::Role;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use testkit::http::Answer;
use uuid::Uuid;

use crate::catalogue::multipart;
use crate::html::between;
use crate::panel::{Panel, Staff};

/// Stands for everything that has one: in the tests that need rows, all of them have it.
const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Who may send a form. Nobody else has a session of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum May {
    /// Support and admins.
    Staff,
    /// Admins; the panel refuses others.
    Admins,
    /// Admins; the service that does it refuses others, and is asked in the name of whoever sent the form.
    AdminsSaysOwner,
}

type Fields = &'static [(&'static str, &'static str)];

/// A form with a file, which comes after the fields.
const FILE: Fields = &[("file", "sku,counted\n")];
const SWITCH: Fields = &[("on", "true")];
const OF_PAYMENT: Fields = &[("payment_id", ID)];
const REASON: Fields = &[("reason", "Fraud")];

/// A form's route, the least that it can be sent with besides a version and a key, and who may.
struct Form(&'static str, Fields, May);

const FORMS: &[Form] = &[
    Form("/admin/keys", &[("letters", "on")], May::Staff),
    Form("/admin/theme", &[("theme", "dark")], May::Staff),
    Form(LOGOUT, &[], May::Staff),
    Form("/admin/security/totp", &[], May::Staff),
    Form("/admin/security/totp/confirm", &[("code", "1")], May::Staff),
    Form("/admin/security/totp/remove", &[], May::Staff),
    Form("/admin/security/recovery-codes", &[], May::Staff),
    Form(
        "/admin/views",
        &[("page", "/admin/orders"), ("name", "Mine")],
        May::Staff,
    ),
    Form("/admin/views/{id}/remove", &[], May::Staff),
    Form(
        "/admin/notifications/read",
        &[("up_to", "2026-11-21T10:00:00Z")],
        May::Staff,
    ),
    Form(
        "/admin/messages/{id}/write",
        &[("body", "Hello")],
        May::Staff,
    ),
    Form("/admin/messages/{id}/assign", &[], May::Staff),
    Form(
        "/admin/messages/{id}/status",
        &[("status", "closed")],
        May::Staff,
    ),
    Form(
        "/admin/orders/bulk",
        &[("what", "tag"), ("tag", "x"), ("order", ID)],
        May::Staff,
    ),
    Form(
        "/admin/orders/{id}/ship",
        &[("carrier", "DHL"), ("tracking_number", "1")],
        May::Staff,
    ),
    Form(
        "/admin/orders/{id}/deliver",
        &[("shipment_id", ID)],
        May::Staff,
    ),
    Form("/admin/orders/{id}/cancel", &[], May::Staff),
    Form("/admin/orders/{id}/capture", OF_PAYMENT, May::Staff),
    Form("/admin/orders/{id}/void", OF_PAYMENT, May::Staff),
    Form("/admin/orders/{id}/mark-paid", OF_PAYMENT, May::Staff),
    Form("/admin/orders/{id}/resume", &[], May::Staff),
    Form("/admin/orders/{id}/address", &[], May::Staff),
    Form("/admin/orders/{id}/mails/{mail}/resend", &[], May::Staff),
    Form(
        "/admin/orders/{id}/notes",
        &[("message", "Called.")],
        May::Staff,
    ),
    Form("/admin/orders/{id}/tags", &[("tag", "x")], May::Staff),
    Form("/admin/orders/{id}/refund", &[], May::Staff),
    Form(
        "/admin/orders/{id}/refunds/{refund}/mark-paid",
        &[],
        May::Staff,
    ),
    Form(
        "/admin/orders/{id}/returns",
        &[("item", ID), ("quantity", "1"), ("reason", "unwanted")],
        May::Staff,
    ),
    Form(
        "/admin/orders/{id}/returns/{return_id}/{step}",
        &[],
        May::Staff,
    ),
    Form(
        "/admin/orders/{id}/returns/{return_id}/refund",
        &[],
        May::Staff,
    ),
    Form("/admin/products/new", PRODUCT, May::AdminsSaysOwner),
    Form("/admin/products/undo", &[], May::AdminsSaysOwner),
    Form("/admin/products/{id}", PRODUCT, May::AdminsSaysOwner),
    Form("/admin/products/{id}/approve", &[], May::AdminsSaysOwner),
    Form("/admin/products/{id}/reject", REASON, May::AdminsSaysOwner),
    Form("/admin/products/{id}/archive", &[], May::AdminsSaysOwner),
    Form(
        "/admin/products/{id}/price",
        &[("variant", ID), ("price", "1")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/products/{id}/stock",
        &[
            ("variant", ID),
            ("location", ID),
            ("units", "1"),
            ("reason", "Counted"),
        ],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/products/{id}/stock/edit",
        &[
            ("variant", ID),
            ("location", ID),
            ("was", "2"),
            ("units", "1"),
        ],
        May::AdminsSaysOwner,
    ),
    Form("/admin/products/{id}/images", FILE, May::Admins),
    Form(
        "/admin/products/{id}/images/{image}/describe",
        &[("alt", "A lamp")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/products/{id}/images/{image}/move",
        &[("to", "0")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/products/{id}/images/{image}/remove",
        &[],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/categories",
        &[("name", "Chairs")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/categories/{id}",
        &[("name", "Chairs")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/categories/move",
        &[("move", "0 01890a5d-ac96-774b-bcce-b302099a8057")],
        May::AdminsSaysOwner,
    ),
    Form("/admin/categories/{id}/delete", &[], May::AdminsSaysOwner),
    Form(
        "/admin/categories/{id}/attributes",
        &[],
        May::AdminsSaysOwner,
    ),
    Form("/admin/categories/{id}/picture", FILE, May::Admins),
    Form(
        "/admin/categories/{id}/picture/remove",
        &[],
        May::AdminsSaysOwner,
    ),
    Form("/admin/reviews/{id}/hide", &[("text", "Rude")], May::Staff),
    Form("/admin/reviews/{id}/publish", &[], May::Staff),
    Form(
        "/admin/reviews/{id}/reply",
        &[("text", "Thanks")],
        May::Staff,
    ),
    Form("/admin/imports", FILE, May::Admins),
    Form("/admin/imports/{id}/retry", FILE, May::Admins),
    Form("/admin/imports/{id}/cancel", &[], May::AdminsSaysOwner),
    Form(
        "/admin/inventory/places",
        &[("code", "b"), ("name", "Berlin")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/inventory/places/{id}",
        &[("name", "Berlin"), ("position", "1")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/inventory/transfers",
        &[("sku", "LAMP"), ("from", ID), ("to", ID), ("quantity", "1")],
        May::AdminsSaysOwner,
    ),
    Form("/admin/inventory/stock-takes", FILE, May::Admins),
    Form("/admin/customers/export.csv", &[], May::Admins),
    Form(
        "/admin/customers/{id}/role",
        &[("role", "seller")],
        May::AdminsSaysOwner,
    ),
    Form(
        "/admin/customers/{id}/disable",
        REASON,
        May::AdminsSaysOwner,
    ),
    Form("/admin/customers/{id}/enable", REASON, May::AdminsSaysOwner),
    Form(
        "/admin/customers/{id}/link",
        &[("link", "password_reset")],
        May::Staff,
    ),
    Form("/admin/customers/{id}/mfa", &[], May::AdminsSaysOwner),
    Form("/admin/customers/{id}/sessions", &[], May::AdminsSaysOwner),
    Form(
        "/admin/customers/{id}/sessions/{session}",
        &[],
        May::AdminsSaysOwner,
    ),
    Form("/admin/customers/{id}/claim", &[("order", ID)], May::Staff),
    Form("/admin/customers/{id}/export", &[], May::AdminsSaysOwner),
    Form(
        "/admin/customers/{id}/erase",
        &[("email", "anna@example.com")],
        May::AdminsSaysOwner,
    ),
    Form("/admin/customers/{id}/keep", &[], May::AdminsSaysOwner),
    Form("/admin/coupons/new", &[], May::Admins),
    Form("/admin/coupons/{id}/edit", &[], May::Admins),
    Form("/admin/coupons/{id}/delete", &[], May::Admins),
    Form("/admin/coupons/{id}/switch", SWITCH, May::Admins),
    Form("/admin/promotions/new", &[], May::Admins),
    Form("/admin/promotions/{id}", &[], May::Admins),
    Form("/admin/promotions/{id}/delete", &[], May::Admins),
    Form("/admin/promotions/{id}/switch", SWITCH, May::Admins),
    Form("/admin/shipping/new", &[], May::Admins),
    Form("/admin/shipping/methods/{id}", &[], May::Admins),
    Form("/admin/shipping/methods/{id}/delete", &[], May::Admins),
    Form("/admin/shipping/methods/{id}/switch", SWITCH, May::Admins),
    Form("/admin/taxes/new", &[], May::Admins),
    Form("/admin/taxes/{id}", &[], May::Admins),
    Form("/admin/taxes/{id}/delete", &[], May::Admins),
    Form("/admin/settings", &[], May::Admins),
    Form("/admin/webhooks", ENDPOINT, May::Admins),
    Form("/admin/webhooks/{id}/edit", ENDPOINT, May::Admins),
    Form("/admin/webhooks/{id}/rotate", &[], May::Admins),
    Form("/admin/webhooks/{id}/ping", &[], May::Admins),
    Form(
        "/admin/webhooks/{id}/switch",
        &[("on", "true")],
        May::Admins,
    ),
    Form("/admin/webhooks/{id}/delete", &[], May::Admins),
    Form(
        "/admin/webhooks/{id}/replay",
        &[("since", "2026-11-21")],
        May::Admins,
    ),
    Form(
        "/admin/webhooks/{id}/deliveries/{delivery}/replay",
        &[],
        May::Admins,
    ),
    Form("/admin/events/dead-letters/{queue}", &[], May::Admins),
    Form(
        "/admin/events/dead-letters/{queue}/{mark}/requeue",
        &[],
        May::Admins,
    ),
    Form(
        "/admin/events/dead-letters/{queue}/{mark}/drop",
        &[("reason", "A test")],
        May::Admins,
    ),
    Form("/admin/events/sagas/{order}/resume", &[], May::Staff),
    Form(
        "/admin/events/work-items/{id}/resolve",
        &[("resolution", "done")],
        May::Staff,
    ),
    Form("/admin/events/payments/{id}/replay", &[], May::Staff),
    Form(
        "/admin/events/reconciliations",
        &[("span", "window")],
        May::Staff,
    ),
];

const LOGOUT: &str = "/admin/logout";
const ENDPOINT: Fields = &[
    ("url", "https://partner.example/hook"),
    ("events", "order.created"),
];
const PRODUCT: Fields = &[
    ("title", "Lamp"),
    ("currency", "EUR"),
    ("v0.sku", "LAMP"),
    ("v0.price", "1"),
];

/// The forms of signing in, which have tokens of their own: see `sign_in.rs` and `security.rs`.
const WITHOUT_A_SESSION: [&str; 2] = ["/admin/login", "/admin/login/code"];

const FORGED: &str = "The form is out of date";
const NOT_THEIRS: &str = "Your role may not do this";

/// The address of every form.
pub(crate) fn addresses() -> impl Iterator<Item = String> {
    FORMS.iter().map(Form::address)
}

/// The address of every page that needs a session, but for the forms of what prices are made of.
pub(crate) fn pages() -> Vec<String> {
    let open = ["/admin/", "/admin/login", "/admin/assets/{name}"];
    let mut routes = routes("get(");
    routes.retain(|route| !open.contains(&route.as_str()));
    assert!(routes.len() > 60, "not all are found: {routes:?}");
    routes.iter().map(|route| filled(route)).collect()
}

/// A route with something in each of its gaps.
fn filled(route: &str) -> String {
    let parts = route.split(['{', '}']).enumerate();
    parts
        .map(|(place, part)| match part {
            fixed if place % 2 == 0 => fixed,
            "step" => "approve",
            // Of no queue, so that no broker is asked.
            "queue" | "mark" => "x",
            "id" if route.starts_with("/admin/views/") => "7",
            _ => ID,
        })
        .collect()
}

impl Form {
    fn address(&self) -> String {
        filled(self.0)
    }

    /// Sends it with these tokens before its fields, from a browser in which something can be taken back.
    async fn send(&self, panel: &Panel, staff: &Staff, tokens: &[&str]) -> Answer {
        let last = json!({"product": ID, "variant": ID, "version": 1, "what": {"stock": {"location": ID, "delta": 1}}, "back": "/admin/products"});
        let last = URL_SAFE_NO_PAD.encode(last.to_string());
        let cookies = format!("{}; mercato_undo={last}", staff.cookie);
        let request = panel
            .client
            .post(&self.address())
            .header("cookie", &cookies);
        let mut fields: Vec<(&str, &str)> = tokens.iter().map(|token| ("csrf", *token)).collect();
        if let Some(content) = self.file() {
            let (kind, body) = multipart(&fields, Some(("a.csv", content)));
            let request = request.header("content-type", &kind);
            return request.body(body).send().await;
        }
        fields.extend([("key", "k"), ("version", "1")]);
        fields.extend(self.1);
        request.form(&fields).send().await
    }

    fn file(&self) -> Option<&'static str> {
        self.1
            .iter()
            .find(|(name, _)| *name == "file")
            .map(|(_, content)| *content)
    }
}

fn that(may: May) -> impl Iterator<Item = &'static Form> {
    FORMS.iter().filter(move |form| form.2 == may)
}

/// The routes of the panel's sources with a handler of this method. Those of what prices are made of are put together from parts, and are not
/// among them.
fn routes(method: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let source = std::fs::read_to_string(path).unwrap();
                found.extend(routes_of(&source, method));
            }
        }
    }
    found
}

fn routes_of(source: &str, method: &str) -> Vec<String> {
    let mut found = Vec::new();
    for call in source.split(".route(").skip(1) {
        let mut open = 1;
        let end = call.find(|character: char| {
            open += match character {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            open == 0
        });
        let arguments = &call[..end.unwrap()];
        let address = arguments.split(',').next().unwrap().trim();
        if !arguments.contains(method) || address.starts_with("&format!") {
            continue;
        }
        let address = match address.strip_prefix('"') {
            Some(literal) => literal.trim_end_matches('"'),
            None => between(source, &format!("const {address}: &str = \""), "\""),
        };
        found.push(address.to_owned());
    }
    found
}

#[test]
fn every_form_has_a_case_here() {
    let routes = routes("post(");
    assert!(routes.len() > 80, "not all are found: {routes:?}");
    let missing: Vec<&String> = routes
        .iter()
        .filter(|route| !WITHOUT_A_SESSION.contains(&route.as_str()))
        .filter(|route| !FORMS.iter().any(|form| form.0 == route.as_str()))
        .collect();
    assert!(missing.is_empty(), "nothing says who may send {missing:?}");
}

#[tokio::test]
async fn every_form_refuses_a_missing_or_foreign_token() {
    let panel = Panel::open().await;
    let (staff, other) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Admin).await,
    );
    let (own, foreign) = (staff.csrf.as_str(), other.csrf.as_str());
    panel.peer.world().calls.clear();
    for form in FORMS {
        let path = form.address();
        let several = match form.file() {
            // Of an upload, only what comes first is looked at.
            Some(_) => ["x", own],
            None => [own, "x"],
        };
        let none: &[&str] = &[];
        for tokens in [none, &[foreign], &[""], &several] {
            let answer = form.send(&panel, &staff, tokens).await;
            let page = answer.text();
            assert!(
                answer.status == 403 && page.contains(FORGED),
                "{path} takes {tokens:?}: {page}"
            );
        }
        // As a script of another site could send it without asking the browser first.
        let plain = panel
            .client
            .post(&path)
            .header("cookie", &staff.cookie)
            .header("content-type", "text/plain");
        let _ = plain.body(format!("csrf={own}")).expect(403).await;
    }
    // Before its token, nothing of an upload is looked at.
    for form in FORMS {
        let Some(content) = form.file() else {
            continue;
        };
        let fields = [("alt", "x"), ("csrf", own)];
        let (kind, body) = multipart(&fields, Some(("a.csv", content)));
        let late = panel
            .client
            .post(&form.address())
            .header("cookie", &staff.cookie)
            .header("content-type", &kind);
        let page = late.body(body).expect(403).await.text();
        assert!(page.contains(FORGED), "{}: {page}", form.0);
    }
    let calls = std::mem::take(&mut panel.peer.world().calls);
    assert!(calls.is_empty(), "somebody was asked: {calls:?}");
    let logged = panel.audit().await;
    assert!(logged.is_empty(), "something was done: {logged:?}");
    assert_eq!(rows(&panel).await, 0, "something was written");
    // Nor is anybody signed out.
    let _ = staff.page("/admin").await;
}

#[tokio::test]
async fn what_is_for_admins_is_refused_to_support_and_nobody_is_asked() {
    let panel = Panel::open().await;
    let support = panel.staff(Role::Support).await;
    panel.peer.world().calls.clear();
    for form in that(May::Admins) {
        let path = form.address();
        let answer = form.send(&panel, &support, &[&support.csrf]).await;
        let page = answer.text();
        assert!(
            answer.status == 403 && page.contains(NOT_THEIRS),
            "{path} answers {}: {page}",
            answer.status
        );
        let calls = std::mem::take(&mut panel.peer.world().calls);
        assert!(calls.is_empty(), "{path} asked somebody: {calls:?}");
    }
    let logged = panel.audit().await;
    assert!(logged.is_empty(), "something was done: {logged:?}");
    assert_eq!(rows(&panel).await, 0, "something was written");
}

/// Where the service that owns something says who may change it, it has to know who asks, and its refusal is an answer like any other.
#[tokio::test]
async fn what_a_service_refuses_to_support_is_not_done() {
    let panel = Panel::open().await;
    let support = panel.staff(Role::Support).await;
    let id: Uuid = ID.parse().unwrap();
    for (pool, sql) in [
        (
            &panel.auth_db,
            "INSERT INTO users (id, email, email_verified_at, name, role, created_at, updated_at) VALUES ($1, 'anna@example.com', $2, 'Anna', 'customer', $2, $2)",
        ),
        (
            &panel.product_db,
            "INSERT INTO categories (id, slug, name, created_at, updated_at) VALUES ($1, 'lamps', 'Lamps', $2, $2)",
        ),
        (
            &panel.product_db,
            "INSERT INTO products (id, seller_id, category_id, slug, title, description, status, currency, price_min, price_max, skus, created_at, updated_at)
             VALUES ($1, $1, $1, 'lamp', 'Lamp', '', 'active', 'EUR', 1000, 1000, 'LAMP', $2, $2)",
        ),
        (
            &panel.product_db,
            "INSERT INTO product_variants (id, product_id, sku, price, position, created_at, updated_at) VALUES ($1, $1, 'LAMP', 1000, 0, $2, $2)",
        ),
        (
            &panel.product_db,
            "INSERT INTO product_images (id, product_id, position, file_name, content_type, bytes, width, height, alt, created_at)
             VALUES ($1, $1, 0, 'lamp.jpg', 'image/jpeg', 1, 1, 1, '', $2)",
        ),
    ] {
        let row = sqlx::query(sql).bind(id).bind(panel.clock.now());
        row.execute(pool).await.unwrap();
    }
    panel
        .peer
        .refuse(403, "forbidden", "That is for others to do.");
    panel.peer.world().calls.clear();
    for form in that(May::AdminsSaysOwner) {
        let path = form.address();
        let answer = form.send(&panel, &support, &[&support.csrf]).await;
        let page = answer.text();
        assert!(
            answer.status == 403
                && (page.contains("That is for others to do.") || page.contains(NOT_THEIRS)),
            "{path} answers {}: {page}",
            answer.status
        );
        let calls = std::mem::take(&mut panel.peer.world().calls);
        for call in calls {
            let name = call.on_behalf_of.map(|who| (who.user_id, who.role));
            assert_eq!(
                name,
                Some((support.id, Role::Support)),
                "{path} asks for {} in another's name",
                call.path
            );
        }
    }
    let logged = panel.audit().await;
    assert!(
        logged
            .iter()
            .all(|(.., outcome)| outcome == "asked" || outcome == "forbidden"),
        "something was done: {logged:?}"
    );
}

#[tokio::test]
async fn nobody_is_refused_who_may() {
    let panel = Panel::open().await;
    let (admin, support) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Support).await,
    );
    // Signing out ends the session that the others are sent with: `sessions.rs` does it.
    for form in FORMS.iter().filter(|form| form.0 != LOGOUT) {
        let who = match form.2 {
            May::Staff => vec![&admin, &support],
            May::Admins | May::AdminsSaysOwner => vec![&admin],
        };
        for staff in who {
            let answer = form.send(&panel, staff, &[&staff.csrf]).await;
            let sent_away = answer.header("location").starts_with("/admin/login");
            assert!(
                ![401, 403].contains(&answer.status) && !sent_away,
                "{} is refused to {}: {} {}",
                form.0,
                staff.email,
                answer.status,
                answer.text()
            );
        }
    }
}

/// What forms write into the panel's own database, besides the audit log.
async fn rows(panel: &Panel) -> i64 {
    let sql = "SELECT (SELECT count(*) FROM saved_views) + (SELECT count(*) FROM webhook_endpoints) + (SELECT count(*) FROM messages)
                    + (SELECT version FROM system_settings)";
    sqlx::query_scalar(sql)
        .fetch_one(&panel.admin_db)
        .await
        .unwrap()
}
