//! Saved views: names for the state of a list, one's own or for all staff.

use auth_token::Role;

use crate::html::{assert_hides, assert_shows, between};
use crate::panel::{Panel, Staff};
use crate::seed::NewOrder;

const ORDERS: &str = "/admin/orders";
/// A state as a list's address may have it, with a place in the list and a filter that is not set …
const STATE: &str = "status=pending&q=&payment_status=unpaid&cursor=abc";
/// … and what a view keeps of it.
const LIST: &str = "/admin/orders?payment_status=unpaid&status=pending";
const NAME: &str = "Ask <i>nicely</i>";
/// As it stands on pages.
const SHOWN: &str = "Ask &#60;i&#62;nicely&#60;/i&#62;";

/// Saves the state under the name; where that leads.
async fn save(staff: &Staff, shared: bool) -> String {
    let mut fields = vec![("page", ORDERS), ("name", NAME), ("query", STATE)];
    if shared {
        fields.push(("shared", "true"));
    }
    let saved = staff.send("/admin/views", &fields).await.expect(303);
    saved.header("location").to_owned()
}

/// Where the form of a page leads that removes the view that the list is in.
fn removal(page: &str) -> String {
    let id = between(page, "action=\"/admin/views/", "/remove\"");
    format!("/admin/views/{id}/remove")
}

#[tokio::test]
async fn a_shared_view_is_used_by_all_staff_and_removed_by_its_owner() {
    let panel = Panel::open().await;
    let (owner, other) = (
        panel.staff(Role::Support).await,
        panel.staff(Role::Admin).await,
    );
    let unpaid = panel
        .order(NewOrder {
            status: "pending",
            payment_status: "unpaid",
            ..NewOrder::default()
        })
        .await;
    let paid = panel.order(NewOrder::default()).await;
    let saved = save(&owner, true).await;
    assert_eq!(saved, format!("{LIST}&done=view"));
    let shared = format!("{SHOWN} (shared)");
    let page = owner.page(&saved).await;
    assert_shows(&page, &["The view is saved.", &shared, "Remove view"]);

    let page = other.page(ORDERS).await;
    assert_shows(&page, &[&shared, &unpaid.number, &paid.number]);
    assert_hides(&page, &["Remove view", "Save view"]);
    let link = format!("href=\"{}\"", LIST.replace('&', "&#38;"));
    assert!(page.contains(&link), "no link leads to its state: {page}");
    let page = other.page(LIST).await;
    assert_shows(&page, &[&unpaid.number]);
    assert_hides(&page, &[&paid.number]);
    assert!(
        page.contains(&format!("{link} aria-current=\"page\"")),
        "the list is not said to be in this view: {page}"
    );
    assert_hides(&page, &["Remove view", "Save view"]);
    assert_hides(&other.page("/admin/products").await, &[SHOWN]);

    // Not even an admin takes another's view away.
    let remove = removal(&owner.page(LIST).await);
    let _ = other.send(&remove, &[]).await.expect(404);
    assert_shows(&other.page(ORDERS).await, &[&shared]);
    let gone = owner.send(&remove, &[]).await.expect(303);
    assert_eq!(gone.header("location"), "/admin/orders?done=view_removed");
    let page = owner.page(gone.header("location")).await;
    assert_shows(&page, &["The view is removed."]);
    assert_hides(&page, &[SHOWN]);
    assert_hides(&other.page(ORDERS).await, &[SHOWN]);
    let _ = owner.send(&remove, &[]).await.expect(404);
}

#[tokio::test]
async fn a_view_of_ones_own_is_seen_by_nobody_else_until_it_is_shared() {
    let panel = Panel::open().await;
    let (owner, other) = (
        panel.staff(Role::Support).await,
        panel.staff(Role::Support).await,
    );
    let _ = save(&owner, false).await;
    let page = owner.page(LIST).await;
    assert_shows(&page, &[SHOWN, "Remove view"]);
    assert_hides(&page, &["(shared)"]);
    assert_hides(&other.page(ORDERS).await, &[SHOWN]);
    let theirs = other.page(LIST).await;
    assert_hides(&theirs, &[SHOWN, "Remove view"]);
    assert_shows(&theirs, &["Save view"]);
    let _ = other.send(&removal(&page), &[]).await.expect(404);
    assert_shows(&owner.page(ORDERS).await, &[SHOWN]);

    // Saved again, it is the same one.
    let _ = save(&owner, true).await;
    assert_shows(&other.page(ORDERS).await, &[&format!("{SHOWN} (shared)")]);
    let page = owner.page(ORDERS).await;
    assert_eq!(page.matches(&format!(">{SHOWN}")).count(), 1, "{page}");
    let _ = save(&owner, false).await;
    assert_hides(&other.page(ORDERS).await, &[SHOWN]);

    // Another's view of the same name is another view.
    let _ = save(&other, false).await;
    let _ = other
        .send(&removal(&other.page(LIST).await), &[])
        .await
        .expect(303);
    assert_hides(&other.page(ORDERS).await, &[SHOWN]);
    assert_shows(&owner.page(ORDERS).await, &[SHOWN]);
}

#[tokio::test]
async fn a_view_has_a_name_and_is_of_a_list() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let (longest, longer) = ("ä".repeat(60), "ä".repeat(61));
    for (page, name) in [
        (ORDERS, " "),
        (ORDERS, longer.as_str()),
        ("/admin/settings", "Mine"),
        ("https://elsewhere.example", "Mine"),
        ("", "Mine"),
    ] {
        let fields = [("page", page), ("name", name)];
        let refused = staff.send("/admin/views", &fields).await.expect(422);
        assert_shows(&refused.text(), &["That cannot be done"]);
    }
    let views: i64 = sqlx::query_scalar("SELECT count(*) FROM saved_views")
        .fetch_one(&panel.admin_db)
        .await
        .unwrap();
    assert_eq!(views, 0, "something was saved all the same");
    let fields = [("page", ORDERS), ("name", longest.as_str())];
    let _ = staff.send("/admin/views", &fields).await.expect(303);
    assert_shows(&staff.page(ORDERS).await, &[&longest]);
}
