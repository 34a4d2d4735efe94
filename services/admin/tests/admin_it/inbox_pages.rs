//! The inbox and the bell in the panel.

use auth_token::Role;
use serde_json::json;

use crate::html::{assert_hides, assert_shows, text, value_of};
use crate::panel::Panel;

#[tokio::test]
async fn staff_answer_what_customers_write() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    assert_shows(
        &staff.page("/admin/messages").await,
        &["Everybody has an answer"],
    );
    let anna = panel.person(Role::Customer).await;
    let id = anna.writes_to_support("<script>Late</script>").await;
    let list = staff.page("/admin/messages").await;
    assert!(list.contains("&#60;script&#62;Late") && !list.contains("<script>Late"));
    assert_shows(
        &list,
        &[
            "1 new",
            "Where is my parcel?",
            "Somebody in customer",
            "to answer",
        ],
    );
    let path = format!("/admin/messages/{id}");
    let page = staff.page(&path).await;
    assert_shows(&page, &["Where is my parcel?", "Take it", "nobody"]);
    assert_hides(&staff.page("/admin/messages").await, &["1 new"]);

    // Sent twice, it is said once.
    let key = value_of(&page, "key");
    for _ in 0..2 {
        let form = [
            ("key", key.as_str()),
            ("body", "On its way.\r\nSoon there."),
            ("as", "answer"),
        ];
        let _ = staff
            .send(&format!("{path}/write"), &form)
            .await
            .expect(303);
    }
    let key = value_of(&staff.page(&path).await, "key");
    let note = [
        ("key", key.as_str()),
        ("body", "Ask the carrier"),
        ("as", "note"),
    ];
    let _ = staff
        .send(&format!("{path}/write"), &note)
        .await
        .expect(303);
    assert_shows(
        &staff.page(&path).await,
        &[
            "Soon there.",
            "Ask the carrier",
            "note for staff",
            "customer’s turn",
            "has not read your last message",
        ],
    );
    let hers = anna
        .client
        .get(&format!("/api/messages/{id}/messages"))
        .expect(200)
        .await
        .value();
    assert_eq!(hers["data"].as_array().unwrap().len(), 2);
    assert_eq!(hers["data"][0]["body"], "On its way.\nSoon there.");
    let empty = staff
        .send(&format!("{path}/write"), &[("key", "x"), ("body", "  ")])
        .await
        .expect(422);
    assert_shows(&empty.text(), &["The text must have 1 to 4000 characters."]);

    // Taking it, and closing it, from a page that is not out of date.
    let version = value_of(&staff.page(&path).await, "version");
    let me = staff.id.to_string();
    let take = [("version", version.as_str()), ("assignee", me.as_str())];
    let _ = staff
        .send(&format!("{path}/assign"), &take)
        .await
        .expect(303);
    assert_shows(
        &staff.page("/admin/messages?status=waiting&who=me").await,
        &["Late"],
    );
    assert_shows(
        &staff
            .page("/admin/messages?status=waiting&who=nobody")
            .await,
        &["Nothing here"],
    );
    let close = [("version", version.as_str()), ("status", "closed")];
    let stale = staff
        .send(&format!("{path}/status"), &close)
        .await
        .expect(412);
    assert_shows(&stale.text(), &["Somebody else changed this meanwhile"]);
    let page = staff.page(&path).await;
    let close = [
        ("version", &*value_of(&page, "version")),
        ("status", "closed"),
    ];
    let _ = staff
        .send(&format!("{path}/status"), &close)
        .await
        .expect(303);
    assert_shows(
        &staff.page("/admin/messages?status=closed").await,
        &["Late", "closed"],
    );
    let back = staff.page(&path).await;
    let give_back = [("version", &*value_of(&back, "version")), ("assignee", "")];
    let _ = staff
        .send(&format!("{path}/assign"), &give_back)
        .await
        .expect(303);
    let nobody = [("version", "1"), ("assignee", &*anna.id.to_string())];
    let _ = staff
        .send(&format!("{path}/assign"), &nobody)
        .await
        .expect(422);

    for form in ["write", "assign", "status"] {
        let fields = [
            ("key", "k"),
            ("body", "b"),
            ("version", "1"),
            ("status", "closed"),
            ("assignee", ""),
        ];
        let _ = staff
            .send_raw(&format!("{path}/{form}"), &fields)
            .await
            .expect(403);
    }
    let acts: Vec<_> = panel
        .audit()
        .await
        .into_iter()
        .map(|(action, _, _)| action)
        .collect();
    let mut acts: Vec<_> = acts.iter().map(String::as_str).collect();
    acts.sort_unstable();
    assert_eq!(
        acts,
        [
            "message.answer",
            "message.assign",
            "message.assign",
            "message.note",
            "message.set_status"
        ]
    );
}

#[tokio::test]
async fn conversations_with_sellers_are_watched() {
    let panel = Panel::open().await;
    let (anna, seller) = (
        panel.person(Role::Customer).await,
        panel.person(Role::Seller).await,
    );
    let lamp = panel.product_of(&seller, "active").await;
    let ask = json!({"to": "seller", "subject": "Bright?", "body": "Is it?", "product_id": lamp});
    let thread = anna
        .client
        .post("/api/messages")
        .json(&ask)
        .expect(201)
        .await
        .value();
    let staff = panel.staff(Role::Support).await;
    assert_shows(
        &staff.page("/admin/messages").await,
        &["Everybody has an answer"],
    );
    let list = staff.page("/admin/messages?kind=seller&status=all").await;
    assert_shows(
        &list,
        &[
            "Bright?",
            "with Somebody in seller",
            "Blue lamp",
            "seller’s turn",
        ],
    );
    let page = staff
        .page(&format!(
            "/admin/messages/{}",
            thread["id"].as_str().unwrap()
        ))
        .await;
    assert_shows(&page, &["between a customer and a seller"]);
    let selling = seller
        .client
        .get("/api/messages?box=selling")
        .expect(200)
        .await
        .value();
    assert_eq!(
        selling["data"][0]["unread"], 1,
        "staff who look do not read for the seller"
    );
}

#[tokio::test]
async fn the_bell_counts_what_is_new_to_whom() {
    let panel = Panel::open().await;
    let (one, two) = (
        panel.staff(Role::Support).await,
        panel.staff(Role::Admin).await,
    );
    assert_shows(&one.page("/admin/notifications").await, &["Quiet so far"]);
    assert_hides(&one.page("/admin").await, &["not read"]);
    let anna = panel.person(Role::Customer).await;
    let id = anna.writes_to_support("Late").await;
    panel.clock.advance(std::time::Duration::from_secs(1));
    assert_shows(&one.page("/admin").await, &["Notifications 1 not read"]);
    let page = one.page("/admin/notifications").await;
    assert_shows(
        &page,
        &["A customer writes: Late", "new", "Mark all as read"],
    );
    assert!(page.contains(&format!("/admin/messages/{id}")));
    let up_to = value_of(&page, "up_to");
    // What comes while they look stays new.
    let _ = anna.writes_to_support("Again").await;
    let _ = one
        .send("/admin/notifications/read", &[("up_to", &up_to)])
        .await
        .expect(303);
    assert!(text(&one.page("/admin").await).contains("1 not read"));
    assert!(
        text(&two.page("/admin").await).contains("2 not read"),
        "everybody reads for themselves"
    );
    let _ = one
        .send_raw("/admin/notifications/read", &[("up_to", &up_to)])
        .await
        .expect(403);
}
