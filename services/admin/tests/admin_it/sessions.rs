use std::time::Duration;

use auth_token::Role;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use redis::AsyncCommands as _;
use sha2::{Digest as _, Sha256};

use crate::forms;
use crate::panel::{Panel, Staff};

/// Besides those of the route table.
const PAGES: [&str; 7] = [
    "/admin/orders?status=pending",
    "/admin/products?q=a&status=active",
    "/admin/customers?q=a",
    "/admin/coupons/new",
    "/admin/promotions/01890a5d-ac96-774b-bcce-b302099a8057",
    "/admin/shipping/methods/standard",
    "/admin/taxes/new?country=DE",
];

#[tokio::test]
async fn every_page_and_every_form_needs_a_sign_in() {
    let panel = Panel::open().await;
    for cookie in ["", "mercato_admin=guess", "mercato_admin="] {
        for page in PAGES.map(str::to_owned).into_iter().chain(forms::pages()) {
            let answer = panel
                .client
                .get(&page)
                .header("cookie", cookie)
                .expect(303)
                .await;
            let next = serde_html_form::to_string([("next", &page)]).unwrap();
            assert_eq!(answer.header("location"), format!("/admin/login?{next}"));
            assert!(answer.body.is_empty());
        }
        for form in forms::addresses() {
            let answer = panel
                .client
                .post(&form)
                .header("cookie", cookie)
                .form(&[("csrf", "")])
                .expect(303)
                .await;
            assert_eq!(
                answer.header("location"),
                "/admin/login?next=%2Fadmin",
                "a form is not sent by following a link"
            );
        }
    }
    assert!(panel.peer.calls().is_empty());
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let panel = Panel::open().await;
    let (staff, other) = (
        panel.staff(Role::Support).await,
        panel.staff(Role::Support).await,
    );
    let answer = staff.send("/admin/logout", &[]).await.expect(303);
    assert_eq!(answer.header("location"), "/admin/login");
    let cookie = answer.header("set-cookie");
    assert!(
        cookie.starts_with("mercato_admin=;")
            && cookie.contains("Max-Age=0")
            && cookie.contains("Path=/"),
        "{cookie}"
    );
    let _ = staff.get("/admin").expect(303).await;
    let _ = other.page("/admin").await;
    // Nor is it a session of the account any more.
    let why: Option<String> =
        sqlx::query_scalar("SELECT revoked_why FROM sessions WHERE user_id = $1")
            .bind(staff.id.uuid())
            .fetch_one(&panel.auth_db)
            .await
            .unwrap();
    assert_eq!(why.as_deref(), Some("logout"));
}

#[tokio::test]
async fn what_ends_the_sessions_of_the_account_ends_the_panels() {
    let panel = Panel::open().await;
    let (staff, other) = (
        panel.staff(Role::Admin).await,
        panel.staff(Role::Admin).await,
    );
    let _ = staff.page("/admin").await;
    sqlx::query(
        "UPDATE sessions SET revoked_at = now(), revoked_why = 'password' WHERE user_id = $1",
    )
    .bind(staff.id.uuid())
    .execute(&panel.auth_db)
    .await
    .unwrap();
    let _ = staff.get("/admin").expect(303).await;
    let _ = other.page("/admin").await;
}

#[tokio::test]
async fn a_session_ends_when_idle_and_after_a_day_of_work() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let mut redis = redis::Client::open(testkit::env::var("REDIS_URL"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let key = redis_key(&staff);

    let _: () = redis.expire(&key, 100).await.unwrap();
    let _ = staff.page("/admin").await;
    let left: i64 = redis.ttl(&key).await.unwrap();
    assert!(
        (1790..=1800).contains(&left),
        "using it puts the end off: {left}"
    );

    panel.clock.advance(Duration::from_secs(12 * 3600 - 1));
    let _ = staff.page("/admin").await;
    panel.clock.advance(Duration::from_secs(1));
    let _ = staff.get("/admin").expect(303).await;

    let staff = panel.staff(Role::Support).await;
    // A time to live of nothing ends it at once.
    let _: () = redis.pexpire(redis_key(&staff), 0).await.unwrap();
    let _ = staff.get("/admin").expect(303).await;
}

#[tokio::test]
async fn redis_keeps_no_token_that_opens_anything() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let mut redis = redis::Client::open(testkit::env::var("REDIS_URL"))
        .unwrap()
        .get_multiplexed_async_connection()
        .await
        .unwrap();
    let key = redis_key(&staff);
    let value: String = redis.get(&key).await.unwrap();
    let token = staff.cookie.trim_start_matches("mercato_admin=");
    assert!(
        !key.contains(token) && !value.contains(token),
        "{key} {value}"
    );
}

#[tokio::test]
async fn whoever_is_staff_no_more_is_out_at_once() {
    let panel = Panel::open().await;
    for change in ["role = 'customer'", "disabled_at = now()"] {
        let staff = panel.staff(Role::Admin).await;
        let update = format!("UPDATE users SET {change} WHERE id = $1");
        sqlx::query(sqlx::AssertSqlSafe(update))
            .bind(staff.id.uuid())
            .execute(&panel.auth_db)
            .await
            .unwrap();
        let _ = staff.get("/admin").expect(303).await;
        let _ = staff
            .send(
                "/admin/orders/01890a5d-ac96-774b-bcce-b302099a8057/cancel",
                &[("key", "k")],
            )
            .await
            .expect(303);
    }
    assert!(panel.peer.calls().is_empty());
}

pub(crate) fn redis_key(staff: &Staff) -> String {
    let token = staff.cookie.trim_start_matches("mercato_admin=");
    format!(
        "admin:session:{}",
        URL_SAFE_NO_PAD.encode(Sha256::digest(token))
    )
}

#[tokio::test]
async fn letters_do_nothing_for_who_has_switched_them_off() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let page = staff.page("/admin/keys").await;
    assert!(!page.contains("data-letters") && page.contains("Switch letters off"));
    let done = staff.send("/admin/keys", &[("letters", "off")]).await;
    let done = done.expect(303);
    let letters = done.header("set-cookie").split(';').next().unwrap();
    let both = format!("{}; {letters}", staff.cookie);
    let page = panel.client.get("/admin").header("cookie", &both);
    assert!(
        page.expect(200)
            .await
            .text()
            .contains("data-letters=\"off\"")
    );
    let _ = staff
        .send("/admin/keys", &[("letters", "maybe")])
        .await
        .expect(422);
}
