//! What the payment provider told: the list, one of them, and having it applied again.

use auth_token::Role;
use serde_json::json;

use crate::html::{assert_hides, assert_shows};
use crate::panel::Panel;
use crate::seed::NewOrder;

const LIST: &str = "/admin/events/payments";

#[tokio::test]
async fn what_cannot_be_applied_is_listed_and_all_else_is_found() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    assert_shows(
        &staff.page(LIST).await,
        &["All that was told is applied", "or is given up"],
    );
    let order = panel.order(NewOrder::default()).await;
    let stuck = panel.provider_told(4, None, Some(order.id)).await;
    let given_up = panel.provider_told(9, Some("failed"), None).await;
    let fresh = panel.provider_told(3, None, None).await;
    // Nothing here knows it yet, perhaps never: no fault.
    let unknown = panel.provider_told(9, None, None).await;
    sqlx::query("UPDATE webhook_events SET error = NULL WHERE id = $1")
        .bind(&unknown)
        .execute(&panel.order_db)
        .await
        .unwrap();
    let applied = panel.provider_told(1, Some("applied"), None).await;

    let page = staff.page(LIST).await;
    assert_shows(
        &page,
        &[
            &stuck,
            &given_up,
            &order.number,
            "waiting next try",
            "given up",
            "away &#60;i&#62;now",
        ],
    );
    assert_hides(&page, &[&fresh, &unknown, &applied]);
    let page = staff.page(&format!("{LIST}?show=all")).await;
    assert_shows(&page, &[&stuck, &given_up, &fresh, &applied, "applied"]);
    for name in [applied.clone(), format!("+pi_of_{applied}+")] {
        let page = staff.page(&format!("{LIST}?q={name}")).await;
        assert_shows(&page, &[&applied]);
        assert_hides(&page, &[&stuck, &given_up, &fresh]);
    }
    let page = staff.page(&format!("{LIST}?q=evt_")).await;
    assert_shows(&page, &["Nothing has this name"]);
    let _ = staff.get(&format!("{LIST}?cursor=x")).expect(422).await;
}

#[tokio::test]
async fn a_list_goes_on_where_its_page_ends() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let mut told = Vec::new();
    for _ in 0..51 {
        told.push(panel.provider_told(9, Some("failed"), None).await);
    }
    // All came in the same moment.
    told.sort();
    let page = staff.page(LIST).await;
    assert_eq!(page.matches("given up</span>").count(), 50);
    assert_hides(&page, &[&told[0]]);
    let older = page.split_once("rel=\"next\" href=\"").unwrap().1;
    let older = older.split_once('"').unwrap().0;
    let page = staff.page(&older.replace("&#38;", "&")).await;
    assert_shows(&page, &[&told[0]]);
    assert_hides(&page, &[&told[1], "Older events"]);
}

#[tokio::test]
async fn a_message_of_the_provider_is_read_and_applied_again() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let order = panel.order(NewOrder::default()).await;
    let of_order = panel.provider_told(3, None, Some(order.id)).await;
    let of_none = panel.provider_told(3, Some("unknown"), None).await;
    for (id, target) in [
        (&of_order, format!("order:{}", order.id)),
        (&of_none, format!("payment_event:{of_none}")),
    ] {
        let answer = json!({"payload": {"data": {"object": {"note": "<script>"}}}});
        let from = format!("/internal/webhooks/{id}");
        let _ = panel.peer.world().answers.insert(from.clone(), answer);
        let path = format!("{LIST}/{id}");
        let page = staff.page(&path).await;
        assert_shows(
            &page,
            &[
                "charge.refunded",
                "&#34;note&#34;: &#34;&#60;script&#62;&#34;",
                "Apply it again",
                "away &#60;i&#62;now",
            ],
        );
        let _ = panel.peer.calls();
        let done = staff.send(&format!("{path}/replay"), &[]).await.expect(303);
        let last = panel.peer.calls().pop().unwrap();
        assert_eq!(last.path, format!("{from}/replay"));
        assert_eq!(last.on_behalf_of.unwrap().user_id, staff.id);
        let page = staff.page(done.header("location")).await;
        assert_shows(&page, &["applied again, within seconds"]);
        let noted: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM audit_logs WHERE action = 'webhook.replay' AND target = $1",
        )
        .bind(&target)
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
        assert!(noted > 0, "{target}");
        let forged = staff.send_raw(&format!("{path}/replay"), &[]).await;
        let _ = forged.expect(403);
    }
    let page = staff.page(&format!("{LIST}/{of_order}")).await;
    assert_shows(&page, &["waiting", &order.number]);
    let page = staff.page(&format!("{LIST}/{of_none}")).await;
    assert_shows(&page, &["unknown", "none that is known"]);

    for none in ["evt_of_nobody", "evt%00", "..%2F..%2Forders"] {
        let none = format!("{LIST}/{none}");
        let _ = staff.get(&none).expect(404).await;
        let _ = staff.send(&format!("{none}/replay"), &[]).await.expect(404);
    }
}
