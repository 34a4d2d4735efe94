use std::time::Duration;

use auth_token::Role;
use serde_json::{Value, json};
use testkit::http::Answer;

use crate::html::{self, assert_shows};
use crate::panel::{PASSWORD, Panel, cookies};

#[tokio::test]
async fn a_member_of_staff_signs_in_and_lands_where_they_wanted() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Support).await;
    let wanted = "/admin/orders?status=pending&q=a+b";
    let page = panel.client.get(wanted).expect(303).await;
    let sign_in = page.header("location").to_owned();
    assert!(sign_in.starts_with("/admin/login?next="), "{sign_in}");

    let form = panel.client.get(&sign_in).expect(200).await.text();
    let next = html::value_of(&form, "next").replace("&#38;", "&");
    assert_eq!(next, wanted);
    let answer = panel
        .send_sign_in(&panel.client, user.email.as_str(), PASSWORD, &next)
        .await
        .expect(303);
    assert_eq!(answer.header("location"), wanted);
    let session = set_cookie(&answer, "mercato_admin=");
    assert!(
        session.contains("; HttpOnly")
            && session.contains("; SameSite=Lax")
            && session.contains("; Path=/"),
        "{session}"
    );
    assert!(
        !session.contains("Secure") && !session.contains("Max-Age") && !session.contains("Domain"),
        "{session}"
    );
    assert!(
        set_cookie(&answer, "mercato_admin_login=").contains("Max-Age=0"),
        "the sign-in's own cookie ends"
    );

    let logged: Vec<(String, String, Value)> =
        sqlx::query_as("SELECT actor_email, outcome, details FROM audit_logs")
            .fetch_all(&panel.admin_db)
            .await
            .unwrap();
    assert_eq!(
        logged,
        [(user.email.as_str().to_owned(), "done".to_owned(), json!({}))]
    );
}

#[tokio::test]
async fn over_https_cookies_have_the_prefix_that_browsers_guard() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Admin).await;
    let https = panel
        .client
        .clone()
        .with_header("x-forwarded-proto", "https");
    let answer = panel
        .send_sign_in(&https, user.email.as_str(), PASSWORD, "")
        .await
        .expect(303);
    let session = set_cookie(&answer, "__Host-mercato_admin=");
    for flag in ["; Secure", "; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(session.contains(flag), "{flag} is not in {session}");
    }
    assert!(!session.contains("Domain"), "{session}");
    let cookie = session.split(';').next().unwrap();
    let _ = https
        .get("/admin")
        .header("cookie", cookie)
        .expect(200)
        .await;
    // A neighbouring site can set a cookie without the prefix: it is not looked at.
    let tossed = cookie.trim_start_matches("__Host-");
    let _ = https
        .get("/admin")
        .header("cookie", tossed)
        .expect(303)
        .await;
}

#[tokio::test]
async fn wrong_passwords_strangers_and_customers_are_refused_alike() {
    let panel = Panel::open().await;
    let staff = panel.account(Role::Admin).await;
    let customer = panel.account(Role::Customer).await;
    let tries = [
        (staff.email.as_str(), "wrong", "invalid_credentials"),
        ("nobody@example.com", PASSWORD, "invalid_credentials"),
        (customer.email.as_str(), PASSWORD, "not_staff"),
        (
            "a password in the wrong field",
            PASSWORD,
            "invalid_credentials",
        ),
    ];
    for (email, password, outcome) in tries {
        panel.clock.advance(Duration::from_secs(1));
        let answer = panel
            .send_sign_in(&panel.client, email, password, "")
            .await
            .expect(401);
        assert_shows(&answer.text(), &["do not belong to a member of staff"]);
        assert!(
            !answer.text().contains(password),
            "a password never comes back"
        );
        assert!(
            !cookies(&answer)
                .iter()
                .any(|cookie| cookie.starts_with("mercato_admin="))
        );
        let logged: (String, String) =
            sqlx::query_as("SELECT actor_email, outcome FROM audit_logs ORDER BY at DESC LIMIT 1")
                .fetch_one(&panel.admin_db)
                .await
                .unwrap();
        let noted = if email.contains('@') { email } else { "" };
        assert_eq!(logged, (noted.to_owned(), outcome.to_owned()));
    }
    let page = panel
        .send_sign_in(&panel.client, "<b>@example.com", "x", "")
        .await
        .text();
    assert!(!page.contains("<b>@"), "{page}");
}

#[tokio::test]
async fn another_site_cannot_sign_anybody_in() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Admin).await;
    let (cookie, csrf) = panel.sign_in_form(&panel.client, "/admin/login").await;
    let form = |csrf| {
        [
            ("csrf", csrf),
            ("email", user.email.as_str().to_owned()),
            ("password", PASSWORD.to_owned()),
        ]
    };
    let forged = [
        panel.client.post("/admin/login").form(&form(csrf.clone())),
        panel
            .client
            .post("/admin/login")
            .form(&form(String::new()))
            .header("cookie", "mercato_admin_login="),
        panel
            .client
            .post("/admin/login")
            .form(&form("guess".to_owned()))
            .header("cookie", &cookie),
        panel
            .client
            .post("/admin/login")
            .form(&form(csrf.clone())[1..])
            .header("cookie", &cookie),
    ];
    for request in forged {
        let answer = request.expect(403).await;
        assert_shows(&answer.text(), &["The form is out of date"]);
    }
    assert!(panel.peer.world().calls.is_empty(), "no password was tried");
}

#[tokio::test]
async fn a_sign_in_never_leads_to_another_site() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Admin).await;
    for next in [
        "https://evil.example/admin",
        "//evil.example",
        "/admin\\evil.example",
        "/administrator",
        "javascript:alert(1)",
        "/admin/\r\nx: y",
    ] {
        let answer = panel
            .send_sign_in(&panel.client, user.email.as_str(), PASSWORD, next)
            .await
            .expect(303);
        assert_eq!(answer.header("location"), "/admin", "{next}");
    }
}

#[tokio::test]
async fn two_tabs_can_show_the_form() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Admin).await;
    let (cookie, csrf) = panel.sign_in_form(&panel.client, "/admin/login").await;
    let second = panel
        .client
        .get("/admin/login")
        .header("cookie", &cookie)
        .expect(200)
        .await;
    assert_eq!(
        (cookies(&second).remove(0), html::csrf(&second.text())),
        (cookie.clone(), csrf.clone())
    );
    let form = [
        ("csrf", csrf.as_str()),
        ("email", user.email.as_str()),
        ("password", PASSWORD),
    ];
    let _ = panel
        .client
        .post("/admin/login")
        .header("cookie", &cookie)
        .form(&form)
        .expect(303)
        .await;
}

#[tokio::test]
async fn a_sign_in_waits_for_auth_in_words() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Admin).await;
    panel.peer.refuse(503, "unavailable", "secret detail");
    let page = panel
        .send_sign_in(&panel.client, user.email.as_str(), PASSWORD, "")
        .await
        .expect(503)
        .text();
    assert_shows(&page, &["Not available right now", "Request"]);
    assert!(!page.contains("secret detail"));
}

#[tokio::test]
async fn too_many_tries_are_told_with_the_time_to_wait() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Admin).await;
    panel.peer.refuse(429, "rate_limited", "secret detail");
    let page = panel
        .send_sign_in(&panel.client, user.email.as_str(), PASSWORD, "")
        .await
        .expect(429)
        .text();
    assert_shows(&page, &["Too many tries", "Try again in 2 minutes."]);
}

fn set_cookie(answer: &Answer, start: &str) -> String {
    let set: Vec<_> = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|cookie| cookie.to_str().unwrap())
        .collect();
    let found = set.iter().find(|cookie| cookie.starts_with(start));
    found
        .unwrap_or_else(|| panic!("no {start} in {set:?}"))
        .to_string()
}
