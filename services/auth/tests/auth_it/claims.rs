//! An address belongs to whoever verifies it; until then several accounts may claim it.

use serde_json::{Value, json};
use testkit::http::Answer;

use crate::second_factor;
use crate::support::{PASSWORD, SignedIn, TestApp, app_with};

const ANNA: &str = "anna@example.com";
const HERS: &str = "seventeen purple kettles";
const THEIRS: &str = "a stranger's umbrella";

/// Where an address gets as many mails in an hour as a test wants.
async fn app() -> TestApp {
    app_with(|settings| settings.limits.limit_mails_per_hour = 1000).await
}

impl TestApp {
    async fn claim(&self, email: &str, password: &str) -> SignedIn {
        // So that it is clear which is the newest.
        self.later(1);
        let body = json!({"email": email, "password": password, "name": "Anna Schmidt"});
        let answer = self.client().post("/api/auth/register").json(&body);
        self.signed_in(&answer.expect(201).await.value())
    }

    async fn verify(&self, token: &str) -> Answer {
        let body = json!({"token": token});
        let verify = self.client().post("/api/auth/email/verify").json(&body);
        verify.send().await
    }

    async fn verified(&self, email: &str, password: &str) -> SignedIn {
        let user = self.claim(email, password).await;
        let token = self.mailed_token(email, "verify_email").await;
        let _ = self.verify(&token).await.expect(204);
        user
    }

    async fn forgot(&self, email: &str) {
        let body = json!({"email": email});
        let forgot = self.client().post("/api/auth/password/forgot").json(&body);
        let _ = forgot.expect(202).await;
    }

    async fn reset(&self, email: &str, password: &str) {
        self.forgot(email).await;
        let token = self.mailed_token(email, "reset_password").await;
        let body = json!({"token": token, "password": password});
        let reset = self.client().post("/api/auth/password/reset").json(&body);
        let _ = reset.expect(204).await;
    }

    async fn accounts(&self, email: &str) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM users WHERE email = $1").bind(email);
        count.fetch_one(&self.root().await).await.unwrap()
    }
}

async fn me(user: &SignedIn) -> Value {
    user.client.get("/api/users/me").expect(200).await.value()
}

#[tokio::test]
async fn a_second_account_is_opened_and_the_owner_is_told() {
    let app = app().await;
    let anna = app.verified(ANNA, HERS).await;
    let other = app.claim("ANNA@example.com", THEIRS).await;
    assert_ne!(anna.id, other.id);
    assert_eq!(me(&other).await["email_verified"], false);

    assert_eq!(app.mails(ANNA, "verify_email").await.len(), 1, "hers");
    let told = app.mails(ANNA, "account_exists").await;
    let expected = json!({"name": "Anna Schmidt", "sign_in_url": "https://shop.example/",
        "reset_url": "https://shop.example/reset-password"});
    assert_eq!(told, [expected]);

    // Asking for the mail again tells the stranger nothing and gives them nothing.
    let resend = other.client.post("/api/auth/email/resend");
    let _ = resend.expect(202).await;
    assert_eq!(app.mails(ANNA, "verify_email").await.len(), 1);
    assert_eq!(app.mails(ANNA, "account_exists").await.len(), 2);

    // Each signs in with the own password.
    assert_eq!(app.login(ANNA, HERS).await.id, anna.id);
    assert_eq!(app.login(ANNA, THEIRS).await.id, other.id);
}

#[tokio::test]
async fn the_first_who_verifies_has_the_address() {
    let app = app().await;
    let first = app.claim(ANNA, HERS).await;
    let token = app.mailed_token(ANNA, "verify_email").await;
    let second = app.claim(ANNA, THEIRS).await;
    let later = app.mailed_token(ANNA, "verify_email").await;
    assert_ne!(token, later);
    let _ = app.verify(&later).await.expect(204);
    app.verify(&token).await.problem(422, "invalid_token");
    assert_eq!(me(&second).await["email_verified"], true);
    assert_eq!(me(&first).await["email_verified"], false);
    assert_eq!(app.events("user.updated").await.len(), 1);
}

#[tokio::test]
async fn two_who_verify_at_once_do_not_both_have_the_address() {
    let app = app().await;
    app.claim(ANNA, HERS).await;
    let one = app.mailed_token(ANNA, "verify_email").await;
    app.claim(ANNA, THEIRS).await;
    let other = app.mailed_token(ANNA, "verify_email").await;
    let (one, other) = tokio::join!(app.verify(&one), app.verify(&other));
    let mut statuses = [one.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 422]);
}

/// Somebody opens an account with Anna's address and waits for her to use it.
#[tokio::test]
async fn nobody_waits_in_an_account_for_its_owner() {
    let app = app().await;
    let stranger = app.claim(ANNA, THEIRS).await;
    let change = stranger.client.post("/api/auth/email/change");
    let change = change.json(&json!({"new_email": "stranger@example.com"}));
    let _ = change.expect(202).await;
    let to_stranger = app
        .mailed_token("stranger@example.com", "email_change_confirm")
        .await;
    let verify = app.mailed_token(ANNA, "verify_email").await;

    // She does not know of it, and forgets her password, as she believes.
    app.reset(ANNA, HERS).await;
    let anna = app.login(ANNA, HERS).await;
    assert_eq!(me(&anna).await["email_verified"], true);

    let get = stranger.client.get("/api/users/me").send().await;
    get.problem(401, "token_revoked");
    let refresh = json!({"refresh_token": stranger.refresh});
    let refresh = app.client().post("/api/auth/refresh").json(&refresh);
    refresh.send().await.problem(401, "invalid_refresh_token");
    let login = json!({"email": ANNA, "password": THEIRS});
    let login = app.client().post("/api/auth/login").json(&login);
    login.send().await.problem(401, "invalid_credentials");
    let confirm = app.client().post("/api/auth/email/change/confirm");
    let confirm = confirm.json(&json!({"token": to_stranger}));
    confirm.send().await.problem(422, "invalid_token");
    app.verify(&verify).await.problem(422, "invalid_token");
}

/// What else signs somebody in goes with the password, if whoever set it up never proved the address; if they did, it stays,
/// or a mailbox alone would open the account.
#[tokio::test]
async fn a_reset_takes_a_strangers_factors_and_leaves_the_owners() {
    let app = app().await;
    let stranger = app.claim(ANNA, THEIRS).await;
    second_factor::enrol(&app, &stranger).await;
    let root = app.root().await;
    let link = "INSERT INTO external_identities (id, user_id, provider, issuer, subject, created_at, last_used_at, claims_at)
        SELECT gen_random_uuid(), id, 'x', 'https://x.example', 'stranger', now(), now(), now() FROM users";
    sqlx::query(link).execute(&root).await.unwrap();
    app.reset(ANNA, HERS).await;
    let anna = app.login(ANNA, HERS).await;
    assert_eq!(anna.id, stranger.id);
    let left = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM external_identities");
    assert_eq!(left.fetch_one(&root).await.unwrap(), 0);
    second_factor::enrol(&app, &anna).await;
    app.reset(ANNA, PASSWORD).await;
    // It asks for the code.
    second_factor::first_step(&app, ANNA).await;
}

/// Verifying must be as safe: a change that was asked for while nobody had the address does not go through afterwards.
#[tokio::test]
async fn a_change_from_before_the_verification_dies_with_it() {
    let app = app().await;
    let anna = app.claim(ANNA, HERS).await;
    let change = anna.client.post("/api/auth/email/change");
    let change = change.json(&json!({"new_email": "other@example.com"}));
    let _ = change.expect(202).await;
    let confirm = app
        .mailed_token("other@example.com", "email_change_confirm")
        .await;
    let verify = app.mailed_token(ANNA, "verify_email").await;
    let _ = app.verify(&verify).await.expect(204);
    let request = app.client().post("/api/auth/email/change/confirm");
    let request = request.json(&json!({"token": confirm}));
    request.send().await.problem(422, "invalid_token");
}

#[tokio::test]
async fn a_reset_goes_to_the_owner_else_to_the_newest() {
    let app = app().await;
    let first = app.claim(ANNA, HERS).await;
    let second = app.claim(ANNA, THEIRS).await;
    app.reset(ANNA, "three green lanterns").await;
    let found = app.login(ANNA, "three green lanterns").await;
    assert_eq!(found.id, second.id);
    app.claim(ANNA, "yet another stranger").await;
    app.reset(ANNA, "four yellow lanterns").await;
    assert_eq!(app.login(ANNA, "four yellow lanterns").await.id, second.id);
    // The other claims go on, without the address.
    assert_eq!(app.login(ANNA, HERS).await.id, first.id);
}

/// Whoever asks without being signed in could be meant to verify a stranger's account: they choose a password instead.
#[tokio::test]
async fn the_mail_can_be_asked_for_again_without_signing_in() {
    let app = app().await;
    let resend = async |email: &str| {
        let resend = app.client().post("/api/auth/email/resend");
        let _ = resend.json(&json!({"email": email})).expect(202).await;
    };
    resend(ANNA).await;
    assert!(app.events("email.notification").await.is_empty());
    app.claim(ANNA, HERS).await;
    resend(ANNA).await;
    assert_eq!(app.mails(ANNA, "verify_email").await.len(), 2);
    app.claim(ANNA, THEIRS).await;
    resend(ANNA).await;
    assert_eq!(app.mails(ANNA, "verify_email").await.len(), 3);
    assert_eq!(app.mails(ANNA, "reset_password").await.len(), 1);
    app.reset(ANNA, "three green lanterns").await;
    resend(ANNA).await;
    assert_eq!(app.mails(ANNA, "verify_email").await.len(), 3, "it is");

    let empty = app.client().post("/api/auth/email/resend").send().await;
    let problem = empty.problem(422, "validation_failed");
    assert_eq!(crate::support::fields(&problem), ["email"]);
}

#[tokio::test]
async fn only_so_many_accounts_are_opened_with_an_address_in_a_day() {
    let app = app().await;
    for _ in 0..20 {
        app.claim(ANNA, THEIRS).await;
    }
    let body = json!({"email": ANNA, "password": HERS, "name": "Anna"});
    let register = app.client().post("/api/auth/register").json(&body);
    let refused = register.send().await;
    assert_ne!(refused.header("retry-after"), "");
    refused.problem(429, "rate_limited");
    // Whoever reads the mail gets in all the same.
    app.reset(ANNA, HERS).await;
    app.login(ANNA, HERS).await;
    app.later(24 * 3600 + 1);
    app.claim(ANNA, THEIRS).await;
}

#[tokio::test]
async fn lost_claims_go_when_nobody_uses_them() {
    const DAY: u64 = 24 * 3600;
    let app = app().await;
    let (used, unused) = (app.claim(ANNA, HERS).await, app.claim(ANNA, THEIRS).await);
    let alone = app.claim("bert@example.com", HERS).await;
    app.later(60 * DAY);
    assert_eq!(app.accounts(ANNA).await, 2, "nobody has the address");
    let owner = app.verified(ANNA, "three green lanterns").await;
    app.later(20 * DAY);
    assert_eq!(app.login(ANNA, HERS).await.id, used.id);
    app.later(11 * DAY);
    app.backstage.settle().await.unwrap();
    assert_eq!(app.accounts(ANNA).await, 2);
    assert_eq!(
        app.events("user.deleted").await,
        [json!({"user_id": unused.id})]
    );
    assert_eq!(app.login(ANNA, HERS).await.id, used.id);
    assert_eq!(app.login(ANNA, "three green lanterns").await.id, owner.id);
    assert_eq!(app.login("bert@example.com", HERS).await.id, alone.id);
}

/// Who opened an account twice by mistake, with the same password, gets into the one that has the address.
#[tokio::test]
async fn of_equal_passwords_the_owners_counts() {
    let app = app().await;
    let owner = app.verified(ANNA, PASSWORD).await;
    app.claim(ANNA, PASSWORD).await;
    assert_eq!(app.login(ANNA, PASSWORD).await.id, owner.id);
}

#[tokio::test]
async fn salts_of_addresses_without_accounts_are_forgotten() {
    let app = app().await;
    app.claim(ANNA, HERS).await;
    app.claim("bert@example.com", HERS).await;
    let root = app.root().await;
    let gone = sqlx::query("DELETE FROM users WHERE email = $1").bind(ANNA);
    gone.execute(&root).await.unwrap();
    app.later(2 * 3600);
    app.backstage.settle().await.unwrap();
    let left: Vec<String> = sqlx::query_scalar("SELECT email FROM address_salts")
        .fetch_all(&root)
        .await
        .unwrap();
    assert_eq!(left, ["bert@example.com"]);
}
