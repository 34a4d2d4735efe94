use auth_token::{OnBehalfOf, Role};
use serde_json::{Value, json};

use crate::html::{self, assert_shows};
use crate::panel::Panel;
use crate::seed::NewOrder;

#[tokio::test]
async fn each_form_calls_the_owner_in_the_staff_members_name() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(NewOrder::default()).await;
    let shipment = panel.shipment(order.id, "shipped").await.to_string();
    let product = panel.product("Lamp", "pending_review", &[1]).await;
    let refund = uuid::Uuid::from_u128(7);
    let page = format!("/admin/orders/{}", order.id);
    let order_target = format!("order:{}", order.id);
    let queue = "/admin/products/approvals";
    panel.peer.allow(&["cancel"]);
    let key = html::value_of(&staff.page(&page).await, "key");
    assert_eq!(key.len(), 43);
    let key = key.as_str();

    struct Case<'a> {
        path: String,
        fields: Vec<(&'a str, &'a str)>,
        service: &'a str,
        called: String,
        key: Option<&'a str>,
        body: Value,
        then: String,
        words: &'a str,
        action: &'a str,
        target: String,
    }
    let cases = [
        Case {
            path: format!("{page}/ship"),
            fields: vec![
                ("key", key),
                ("carrier", " DHL "),
                ("tracking_number", "T1"),
                ("tracking_url", " https://erna.example/T1 "),
            ],
            service: "order",
            called: format!("/internal/orders/{}/shipments", order.id),
            key: Some(key),
            body: json!({"carrier": "DHL", "tracking_number": "T1", "tracking_url": "https://erna.example/T1"}),
            then: format!("{page}?done=ship"),
            words: "The shipment is recorded",
            action: "order.ship",
            target: order_target.clone(),
        },
        Case {
            path: format!("{page}/deliver"),
            fields: vec![("key", key), ("shipment_id", &shipment)],
            service: "order",
            called: format!("/internal/shipments/{shipment}/deliver"),
            key: Some(key),
            body: json!({"shipment_id": shipment}),
            then: format!("{page}?done=deliver"),
            words: "marked as delivered",
            action: "order.deliver",
            target: order_target.clone(),
        },
        Case {
            path: format!("{page}/cancel"),
            fields: vec![("key", key), ("reason", "changed their mind")],
            service: "order",
            called: format!("/internal/orders/{}/cancel", order.id),
            key: Some(key),
            body: json!({"reason": "changed their mind"}),
            then: format!("{page}?done=cancel"),
            words: "The order is cancelled",
            action: "order.cancel",
            target: order_target.clone(),
        },
        Case {
            path: format!("{page}/refund"),
            fields: vec![("key", key), ("amount", "12,50"), ("reason", " ")],
            service: "order",
            called: format!("/internal/payments/{}/refund", order.payment),
            key: Some(key),
            body: json!({"amount": {"amount": 1250, "currency": "EUR"}, "reason": null}),
            then: format!("{page}?done=refund"),
            words: "The refund is on its way",
            action: "order.refund",
            target: order_target.clone(),
        },
        Case {
            path: format!("{page}/refunds/{refund}/mark-paid"),
            fields: vec![("key", key)],
            service: "order",
            called: format!("/internal/refunds/{refund}/mark-paid"),
            key: Some(key),
            body: json!({}),
            then: format!("{page}?done=mark_refund"),
            words: "recorded as transferred",
            action: "order.refund_paid",
            target: order_target,
        },
        Case {
            path: format!("/admin/products/{product}/approve"),
            fields: vec![],
            service: "product",
            called: format!("/internal/api/products/{product}/approve"),
            key: None,
            body: json!({}),
            then: format!("{queue}?done=approve"),
            words: "The product is public",
            action: "product.approve",
            target: format!("product:{product}"),
        },
        Case {
            path: format!("/admin/products/{product}/reject"),
            fields: vec![("reason", "blurred pictures ")],
            service: "product",
            called: format!("/internal/api/products/{product}/reject"),
            key: None,
            body: json!({"reason": "blurred pictures"}),
            then: format!("{queue}?done=reject"),
            words: "the seller sees why",
            action: "product.reject",
            target: format!("product:{product}"),
        },
    ];
    // The name that is called in, and that it says when they signed in.
    let name = |who: &OnBehalfOf| {
        (
            who.user_id,
            who.role,
            who.email.clone(),
            who.auth_time.is_some(),
        )
    };
    let staffs_name = (
        staff.id,
        Role::Admin,
        Some(staff.email.parse().unwrap()),
        true,
    );
    let entry = |case: &Case<'_>, outcome: &str| {
        (
            case.action.to_owned(),
            case.target.clone(),
            outcome.to_owned(),
        )
    };
    for case in &cases {
        let answer = staff.send(&case.path, &case.fields).await.expect(303);
        assert_eq!(answer.header("location"), case.then);
        assert_shows(&staff.page(&case.then).await, &[case.words]);
        let [call] = <[_; 1]>::try_from(panel.peer.calls()).unwrap();
        assert_eq!(
            (call.service.as_str(), &call.path, call.key.as_deref()),
            (case.service, &case.called, case.key)
        );
        assert_eq!(
            (call.caller.as_str(), call.on_behalf_of.as_ref().map(name)),
            ("admin", Some(staffs_name.clone()))
        );
        assert_eq!(call.body, case.body);
        assert_eq!(
            panel.audit().await[..],
            [entry(case, "asked"), entry(case, "done")]
        );
        forget(&panel).await;
    }

    // Refused: in the service's own words, with the way back, and in the log with the problem's code.
    panel
        .peer
        .refuse(409, "not_now", "It is <too> late for this.");
    for case in &cases {
        let page = staff
            .send(&case.path, &case.fields)
            .await
            .expect(409)
            .text();
        assert_shows(
            &page,
            &["That cannot be done", "It is &#60;too&#62; late for this."],
        );
        let back = case
            .then
            .split("?done=")
            .next()
            .unwrap()
            .split("&done=")
            .next()
            .unwrap();
        assert!(page.contains(&format!("href=\"{back}\"")), "{page}");
        assert_eq!(
            panel.audit().await[..],
            [entry(case, "asked"), entry(case, "not_now")]
        );
        forget(&panel).await;
    }

    // Away: whether it was done is not known.
    panel.peer.refuse(503, "unavailable", "secret");
    for case in &cases {
        let page = staff
            .send(&case.path, &case.fields)
            .await
            .expect(503)
            .text();
        assert_shows(&page, &["Look whether it was done before you try again."]);
        assert!(!page.contains("secret"));
        assert_eq!(
            panel.audit().await[..],
            [entry(case, "asked"), entry(case, "unavailable")]
        );
        forget(&panel).await;
    }
}

#[tokio::test]
async fn the_log_says_who_did_what_in_which_request() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    let answer = staff
        .send(
            &format!("/admin/orders/{}/refund", order.id),
            &[("key", "k"), ("amount", "")],
        )
        .await
        .expect(303);
    let rows: Vec<(Option<uuid::Uuid>, String, Value, String)> =
        sqlx::query_as("SELECT actor_id, actor_email, details, request_id FROM audit_logs WHERE action = 'order.refund'")
            .fetch_all(&panel.admin_db)
            .await
            .unwrap();
    let details = json!({"request": {"amount": null, "reason": null}});
    let row = (
        Some(staff.id.uuid()),
        staff.email.clone(),
        details,
        answer.header("x-request-id").to_owned(),
    );
    assert_eq!(rows, [row.clone(), row]);
}

#[tokio::test]
async fn nothing_is_done_that_cannot_be_logged() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(NewOrder::default()).await;
    sqlx::query("ALTER TABLE audit_logs ADD CHECK (action <> 'order.cancel') NOT VALID")
        .execute(&panel.admin_db)
        .await
        .unwrap();
    let _ = staff
        .send(
            &format!("/admin/orders/{}/cancel", order.id),
            &[("key", "k")],
        )
        .await
        .expect(503);
    assert!(panel.peer.calls().is_empty());
}

#[tokio::test]
async fn bad_forms_call_nobody() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Admin).await;
    let order = panel.order(NewOrder::default()).await;
    let page = format!("/admin/orders/{}", order.id);
    for (form, fields) in [
        ("refund", &[("key", "k"), ("amount", "twelve")][..]),
        ("refund", &[("key", "k"), ("amount", "1.234")]),
        ("refund", &[("amount", "1")]),
        ("cancel", &[("key", "k"), ("reason", "\0")]),
        ("ship", &[("key", "k"), ("carrier", "DHL")]),
        ("deliver", &[("key", "k"), ("shipment_id", "x")]),
    ] {
        let answer = staff
            .send(&format!("{page}/{form}"), fields)
            .await
            .expect(422);
        assert_shows(&answer.text(), &["That cannot be done"]);
    }
    let _ = staff
        .send(
            "/admin/orders/01890a5d-ac96-774b-bcce-b302099a8057/refund",
            &[("key", "k")],
        )
        .await
        .expect(404);
    let _ = staff
        .send("/admin/orders/x/cancel", &[("key", "k")])
        .await
        .expect(404);
    assert!(panel.peer.calls().is_empty());
    assert!(panel.audit().await.is_empty());
}

/// Empties the log, as only a test can.
async fn forget(panel: &Panel) {
    sqlx::raw_sql(
        "ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_append_only;
         DELETE FROM audit_logs WHERE action <> 'sign_in';
         ALTER TABLE audit_logs ENABLE TRIGGER audit_logs_append_only;",
    )
    .execute(&panel.admin_db)
    .await
    .unwrap();
}
