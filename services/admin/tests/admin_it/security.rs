use std::time::Duration;

use auth_token::Role;
use contracts::internal::users::UserSnapshot;
use serde_json::json;
use testkit::http::Answer;

use crate::html::{self, assert_hides, assert_shows};
use crate::panel::{PASSWORD, Panel, Staff, cookies};
use crate::peer::{CODE, RECOVERY_CODE};
use crate::seed::NewOrder;

/// Sends the second step with the fields of the page that asks for it.
async fn second_step(panel: &Panel, cookie: &str, page: &str, code: &str) -> Answer {
    let field = |name| html::value_of(page, name);
    let form = [
        ("csrf", field("csrf")),
        ("next", field("next")),
        ("email", field("email")),
        ("mfa_token", field("mfa_token")),
        ("code", code.to_owned()),
    ];
    let request = panel
        .client
        .post("/admin/login/code")
        .header("cookie", cookie);
    request.form(&form).send().await
}

/// The first step; the sign-in's cookie and the page that asks for the code.
async fn first_step(panel: &Panel, user: &UserSnapshot) -> (String, String) {
    let (cookie, csrf) = panel.sign_in_form(&panel.client, "/admin/login").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("next", "/admin/orders"),
        ("email", user.email.as_str()),
        ("password", PASSWORD),
    ];
    let request = panel.client.post("/admin/login").header("cookie", &cookie);
    let page = request.form(&form).expect(200).await;
    assert!(cookies(&page).is_empty(), "nobody is signed in yet");
    (cookie, page.text())
}

fn session(answer: &Answer) -> String {
    let cookies = cookies(answer).into_iter();
    let mut cookies = cookies.filter(|cookie| cookie.starts_with("mercato_admin="));
    cookies.next().unwrap()
}

#[tokio::test]
async fn a_sign_in_asks_for_the_second_factor() {
    let panel = Panel::open().await;
    let user = panel.account(Role::Support).await;
    panel.peer.world().second_factor = true;
    let (cookie, page) = first_step(&panel, &user).await;
    assert_shows(&page, &["Enter the code"]);
    assert!(!page.contains(PASSWORD));
    panel.clock.advance(Duration::from_secs(1));
    let again = second_step(&panel, &cookie, &page, "000000")
        .await
        .expect(401);
    assert_shows(&again.text(), &["The code is wrong"]);
    assert!(!again.text().contains("000000"));
    panel.clock.advance(Duration::from_secs(1));
    let done = second_step(&panel, &cookie, &again.text(), CODE)
        .await
        .expect(303);
    assert_eq!(done.header("location"), "/admin/orders");
    let _ = panel.signed_in(user.clone(), session(&done)).await;

    let logged: Vec<(Option<uuid::Uuid>, String, String, String)> = sqlx::query_as(
        "SELECT actor_id, actor_email, action, outcome FROM audit_logs ORDER BY at, id",
    )
    .fetch_all(&panel.admin_db)
    .await
    .unwrap();
    let entry = |id, action: &str, outcome: &str| {
        (
            id,
            user.email.as_str().to_owned(),
            action.to_owned(),
            outcome.to_owned(),
        )
    };
    let expected = [
        entry(None, "sign_in.password", "done"),
        entry(None, "sign_in", "invalid_credentials"),
        entry(Some(user.id.uuid()), "sign_in", "done"),
    ];
    assert_eq!(logged, expected);

    // A sign-in that does not wait any more begins again.
    let page = page.replace(user.email.as_str(), "late");
    let late = second_step(&panel, &cookie, &page, CODE).await.expect(401);
    assert_shows(&late.text(), &["Please sign in again", "Password"]);
    let forged = panel.client.post("/admin/login/code").form(&[
        ("csrf", "x"),
        ("mfa_token", "x"),
        ("code", CODE),
    ]);
    let _ = forged.expect(403).await;
}

#[tokio::test]
async fn an_authenticator_app_is_set_up_and_removed() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    let page = staff.page("/admin/security").await;
    assert_shows(&page, &["Authenticator app off", "Set it up"]);
    assert_hides(&page, &["Remove it", "Recovery codes"]);

    let page = staff
        .send("/admin/security/totp", &[])
        .await
        .expect(200)
        .text();
    assert_shows(&page, &["GEZD GNBV GY3T"]);
    assert!(page.contains("<div class=\"qr\"><svg viewBox="), "{page}");
    let wrong = staff
        .send("/admin/security/totp/confirm", &[("code", "000000")])
        .await
        .expect(422);
    assert_shows(&wrong.text(), &["That is not the code"]);
    let codes = staff
        .send("/admin/security/totp/confirm", &[("code", CODE)])
        .await
        .expect(200)
        .text();
    assert_eq!(codes.matches(RECOVERY_CODE).count(), 10);
    let page = staff.page("/admin/security").await;
    assert_shows(&page, &["Authenticator app on", "Remove it", "10 left"]);

    let codes = staff
        .send("/admin/security/recovery-codes", &[])
        .await
        .expect(200)
        .text();
    assert_eq!(codes.matches(RECOVERY_CODE).count(), 10);
    let removed = staff
        .send("/admin/security/totp/remove", &[])
        .await
        .expect(303);
    assert_shows(
        &staff.page(removed.header("location")).await,
        &["is removed", "Authenticator app off"],
    );
    let audit = panel.audit().await.into_iter();
    let mut audit: Vec<_> = audit
        .map(|(action, _, outcome)| (action, outcome))
        .collect();
    let entry = |action: &str, outcome: &str| (action.to_owned(), outcome.to_owned());
    let mut expected = vec![
        entry("totp.begin", "done"),
        entry("totp.add", "invalid_credentials"),
        entry("totp.add", "done"),
        entry("recovery_codes.replace", "done"),
        entry("totp.remove", "done"),
    ];
    audit.sort();
    expected.sort();
    assert_eq!(audit, expected);
    let details: Vec<serde_json::Value> = sqlx::query_scalar("SELECT details FROM audit_logs")
        .fetch_all(&panel.admin_db)
        .await
        .unwrap();
    assert!(
        details.iter().all(|details| *details == json!({})),
        "no code is in the log"
    );
}

#[tokio::test]
async fn staff_without_the_factor_that_the_shop_wants_set_it_up_first() {
    let panel = Panel::open().await;
    panel.peer.world().factor_required = true;
    let user = panel.account(Role::Admin).await;
    let answer = panel
        .send_sign_in(&panel.client, user.email.as_str(), PASSWORD, "")
        .await
        .expect(303);
    let staff = panel.signed_in(user, session(&answer)).await;
    for page in [
        "/admin",
        "/admin/orders",
        "/admin/customers",
        "/admin/securityx",
    ] {
        let away = staff.get(page).send().await;
        assert!([303, 404].contains(&away.status), "{page}");
    }
    let cancel = "/admin/orders/01890a5d-ac96-774b-bcce-b302099a8057/cancel";
    let away = staff.send(cancel, &[("key", "k")]).await.expect(303);
    assert_eq!(away.header("location"), "/admin/security");
    assert!(panel.peer.calls().is_empty());
    let page = staff.page("/admin/security").await;
    assert_shows(&page, &["Set up an authenticator app to go on"]);
    let _ = staff.send("/admin/security/totp", &[]).await.expect(200);
    let _ = staff
        .send("/admin/security/totp/confirm", &[("code", CODE)])
        .await
        .expect(200);
    let _ = staff.page("/admin/orders").await;
    assert_hides(&staff.page("/admin/security").await, &["Remove it"]);
    let _ = staff.send("/admin/logout", &[]).await.expect(303);
}

/// The fields of a page that asks for a proof, with the proof.
fn proof<'a>(
    fields: &'a [(String, String)],
    name: &'a str,
    value: &'a str,
) -> Vec<(&'a str, &'a str)> {
    let fields = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    fields.chain([(name, value)]).collect()
}

/// Every hidden field of the form in `main`.
fn hidden(page: &str) -> Vec<(String, String)> {
    let main = page.split_once("<main").unwrap().1;
    main.split("<input type=\"hidden\" ")
        .skip(1)
        .map(|field| {
            let name = html::between(field, "name=\"", "\"");
            let value = html::between(field, "value=\"", "\"")
                .replace("&#38;", "&")
                .replace("&#60;", "<");
            (name.to_owned(), value)
        })
        .collect()
}

async fn refund(panel: &Panel, staff: &Staff) -> (String, String) {
    let order = panel.order(NewOrder::default()).await;
    let form = format!("/admin/orders/{}/refund", order.id);
    let fields = [
        ("key", "the key"),
        ("amount", "1.00"),
        ("reason", "a < b & c"),
    ];
    let page = staff.send(&form, &fields).await.expect(401).text();
    assert!(page.contains(&format!("action=\"{form}\"")), "{page}");
    (form, page)
}

#[tokio::test]
async fn dangerous_acts_of_the_panels_own_want_a_fresh_proof() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let person = panel.person(Role::Customer).await;
    let order = panel.order(NewOrder::default()).await;
    let order = order.id.to_string();
    let claim = format!("/admin/customers/{}/claim", person.id);
    let endpoint = format!("/admin/webhooks/{}", panel.id());
    let settings = admin.page("/admin/settings").await;
    let version = html::value_of(&settings, "version");
    let webhook = [
        ("url", "https://example.com/hook"),
        ("events", "order.shipped"),
        ("version", "1"),
    ];
    panel.clock.advance(Duration::from_secs(301));
    let forms: [(&str, &[(&str, &str)]); 6] = [
        ("/admin/settings", &[("version", &version)]),
        ("/admin/webhooks", &webhook),
        (&format!("{endpoint}/edit"), &webhook),
        (&format!("{endpoint}/rotate"), &[("version", "1")]),
        (&format!("{endpoint}/delete"), &[]),
        (&claim, &[("order", &order)]),
    ];
    for (path, fields) in forms {
        let asked = admin.send(path, fields).await;
        assert_eq!(asked.status, 401, "{path}: {}", asked.text());
        assert_shows(&asked.text(), &["Is it you?"]);
    }
    assert_eq!(panel.peer.calls().len(), 0);
    let written: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM webhook_endpoints) + (SELECT count(*) FROM audit_logs WHERE action ~ '^(settings|webhook)' AND outcome = 'done')",
    )
    .fetch_one(&panel.admin_db)
    .await
    .unwrap();
    assert_eq!(written, 0);
}

#[tokio::test]
async fn a_form_goes_on_after_a_fresh_proof() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    panel.peer.world().wants_fresh = true;
    panel.clock.advance(Duration::from_secs(301));
    let (form, page) = refund(&panel, &staff).await;
    assert_shows(&page, &["Is it you?", "Enter your password"]);
    let fields = hidden(&page);
    let wrong = staff
        .send_raw(&form, &proof(&fields, "proof_password", "wrong"))
        .await
        .expect(401);
    assert_shows(&wrong.text(), &["That is wrong"]);
    assert_eq!(
        hidden(&wrong.text()),
        fields,
        "nothing is lost, and the wrong password is not there"
    );
    assert!(!wrong.text().contains("value=\"wrong\""));
    let done = staff
        .send_raw(&form, &proof(&fields, "proof_password", PASSWORD))
        .await
        .expect(303);
    assert!(done.header("location").ends_with("?done=refund"));
    let calls = panel.peer.calls();
    let [stale, fresh] = &calls[..] else {
        panic!("{calls:?}")
    };
    assert_eq!((&stale.body, &stale.key), (&fresh.body, &fresh.key));
    assert_eq!(fresh.body["reason"], "a < b & c");
    assert!(
        fresh.on_behalf_of.as_ref().unwrap().auth_time
            > stale.on_behalf_of.as_ref().unwrap().auth_time
    );

    // Fresh for a while.
    let order = panel.order(NewOrder::default()).await;
    let again = format!("/admin/orders/{}/refund", order.id);
    let _ = staff
        .send(&again, &[("key", "k"), ("amount", "")])
        .await
        .expect(303);

    let outcomes: Vec<(String, String)> = sqlx::query_as(
        "SELECT action, outcome FROM audit_logs WHERE action = 'reauthenticate' ORDER BY outcome",
    )
    .fetch_all(&panel.admin_db)
    .await
    .unwrap();
    let entry = |outcome: &str| ("reauthenticate".to_owned(), outcome.to_owned());
    assert_eq!(outcomes, [entry("done"), entry("invalid_credentials")]);
}

#[tokio::test]
async fn whoever_has_a_second_factor_proves_it_by_that() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    panel.peer.world().wants_fresh = true;
    panel.peer.world().second_factor = true;
    panel.clock.advance(Duration::from_secs(301));
    let (form, page) = refund(&panel, &staff).await;
    assert_shows(&page, &["Enter the code"]);
    let fields = hidden(&page);
    let _ = staff
        .send_raw(&form, &proof(&fields, "proof_code", "000000"))
        .await
        .expect(401);
    let _ = staff
        .send_raw(&form, &proof(&fields, "proof_code", CODE))
        .await
        .expect(303);
    // So do changes of the factor itself.
    panel.clock.advance(Duration::from_secs(301));
    let page = staff
        .send("/admin/security/totp/remove", &[])
        .await
        .expect(401)
        .text();
    let fields = hidden(&page);
    let fields = proof(&fields, "proof_code", CODE);
    let _ = staff
        .send_raw("/admin/security/totp/remove", &fields)
        .await
        .expect(303);
}

#[tokio::test]
async fn a_proof_needs_the_forms_token() {
    let panel = Panel::open().await;
    let staff = panel.staff(Role::Support).await;
    panel.peer.world().calls.clear();
    let forged = staff.send_raw(
        "/admin/logout",
        &[("csrf", "x"), ("proof_password", PASSWORD)],
    );
    let _ = forged.await.expect(403);
    assert!(panel.peer.world().calls.is_empty(), "no password was tried");
}
