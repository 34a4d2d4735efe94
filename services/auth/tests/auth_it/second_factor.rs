use auth::StaffSecondFactor;
use primitives::Timestamp;
use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::support::{PASSWORD, SignedIn, TestApp, app, app_with};

/// An authenticator app, made from the standard alone.
pub(crate) struct Authenticator(Vec<u8>);

impl Authenticator {
    pub(crate) fn new(secret: &str) -> Self {
        let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
        for letter in secret.bytes() {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
                .iter()
                .position(|known| *known == letter)
                .unwrap();
            bits = bits << 5 | u32::try_from(value).unwrap();
            count += 5;
            if count >= 8 {
                count -= 8;
                bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
            }
        }
        Self(bytes)
    }

    pub(crate) fn code(&self, at: Timestamp) -> String {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = ring::hmac::sign(&key, &(at.unix() / 30).to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag[19] & 0xf);
        let word = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap());
        format!("{:06}", (word & 0x7fff_ffff) % 1_000_000)
    }
}

/// Somebody with an authenticator app.
pub(crate) struct Enrolled {
    pub(crate) user: SignedIn,
    pub(crate) phone: Authenticator,
    pub(crate) recovery_codes: Vec<String>,
}

/// Sets up an authenticator app, and lets 30 seconds pass so that the next code is another one.
pub(crate) async fn enrol(app: &TestApp, user: &SignedIn) -> Enrolled {
    let shown = user.client.post("/api/auth/mfa/totp").expect(201).await;
    let phone = Authenticator::new(shown.value()["secret"].as_str().unwrap());
    let code = json!({"code": phone.code(app.clock.now())});
    let confirmed = user.client.post("/api/auth/mfa/totp/confirm").json(&code);
    let confirmed = confirmed.expect(200).await.value();
    let mut user = user.clone();
    user.access = confirmed["tokens"]["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    user.refresh = confirmed["tokens"]["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    user.client = app.client().with_bearer(&user.access);
    app.later(30);
    Enrolled {
        user,
        phone,
        recovery_codes: serde_json::from_value(confirmed["recovery_codes"].clone()).unwrap(),
    }
}

/// The first step; the token for the second one.
pub(crate) async fn first_step(app: &TestApp, email: &str) -> String {
    let body = json!({"email": email, "password": PASSWORD});
    let answer = app
        .client()
        .post("/api/auth/login")
        .json(&body)
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&answer["mfa_required"], &answer["tokens"]),
        (&json!(true), &json!(null))
    );
    answer["mfa_token"].as_str().unwrap().to_owned()
}

async fn second_step(client: &Client, mfa_token: &str, code: &str) -> Answer {
    let body = json!({"mfa_token": mfa_token, "code": code});
    client.post("/api/auth/mfa/verify").json(&body).send().await
}

const ANNA: &str = "anna@example.com";

#[tokio::test]
async fn an_app_is_set_up_and_signs_in() {
    let app = app().await;
    let anna = app.register(ANNA).await;
    let state = async |client: &Client| client.get("/api/auth/mfa").expect(200).await.value();
    let none = json!({"enabled": false, "totp": false, "passkeys": false, "recovery_codes": 0, "required": false});
    assert_eq!(state(&anna.client).await, none);

    let shown = anna
        .client
        .post("/api/auth/mfa/totp")
        .expect(201)
        .await
        .value();
    let secret = shown["secret"].as_str().unwrap();
    assert_eq!(secret.len(), 32);
    let uri = shown["otpauth_uri"].as_str().unwrap();
    assert!(
        uri.starts_with("otpauth://totp/Mercato:anna%40example.com?secret="),
        "{uri}"
    );
    assert!(uri.contains(secret));
    let svg = shown["qr_svg"].as_str().unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
    assert!(!svg.contains("style"), "it must fit a strict CSP");
    assert_eq!(
        state(&anna.client).await,
        none,
        "not before it is confirmed"
    );
    let _ = app.login(ANNA, PASSWORD).await;

    let wrong = json!({"code": "12 34 5x"});
    let confirm = anna.client.post("/api/auth/mfa/totp/confirm");
    confirm
        .json(&wrong)
        .send()
        .await
        .problem(401, "invalid_credentials");
    let enrolled = enrol(&app, &anna).await;
    assert_eq!(enrolled.recovery_codes.len(), 10);
    let claims = enrolled
        .user
        .client
        .get("/api/auth/mfa")
        .expect(200)
        .await
        .value();
    assert_eq!(
        claims,
        json!({"enabled": true, "totp": true, "passkeys": false, "recovery_codes": 10, "required": false})
    );

    let body = json!({"email": ANNA, "password": PASSWORD});
    let answer = app
        .client()
        .post("/api/auth/login")
        .json(&body)
        .expect(200)
        .await
        .value();
    assert_eq!(answer["methods"], json!(["totp", "recovery_code"]));
    let token = answer["mfa_token"].as_str().unwrap();
    let answer = second_step(&app.client(), token, &enrolled.phone.code(app.clock.now())).await;
    let signed_in = app.signed_in(&answer.expect(200).value());
    assert_eq!(signed_in.id, anna.id);
    let _ = signed_in.client.get("/api/users/me").expect(200).await;
    assert_eq!(methods(&app, &signed_in).await, ["pwd", "otp"]);

    // The secret is nowhere in the database.
    let sealed: Vec<u8> = sqlx::query_scalar("SELECT sealed FROM totp_secrets")
        .fetch_one(&app.root().await)
        .await
        .unwrap();
    let secret = &enrolled.phone.0;
    assert!(!sealed.windows(secret.len()).any(|window| window == secret));

    let mails = app.mails(ANNA, "second_factor_changed").await;
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0]["change"], "totp_added");
}

/// How the user proved who they are, from the newest session.
async fn methods(app: &TestApp, user: &SignedIn) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT methods FROM sessions WHERE user_id = $1::uuid ORDER BY id DESC LIMIT 1",
    )
    .bind(&user.id)
    .fetch_one(&app.root().await)
    .await
    .unwrap()
}

#[tokio::test]
async fn a_code_is_good_once_and_for_a_minute_and_a_half() {
    let app = app().await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    // To the beginning of a step, so that the edges are where the test thinks.
    app.later(30 - u64::try_from(app.clock.now().unix() % 30).unwrap());
    app.later(60);
    let now = app.clock.now();
    let at = |seconds: i64| anna.phone.code(Timestamp::from_unix(now.unix() + seconds));
    for (seconds, status) in [
        (-31, 401),
        (60, 401),
        (-30, 200),
        (-30, 401),
        (0, 200),
        (0, 401),
        (59, 200),
        (30, 401),
        (0, 401),
    ] {
        let token = first_step(&app, ANNA).await;
        let answer = second_step(&app.client(), &token, &at(seconds)).await;
        assert_eq!(answer.status, status, "{seconds} {}", answer.text());
    }
}

#[tokio::test]
async fn five_wrong_codes_end_a_sign_in_and_ten_make_all_wait() {
    let app = app().await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    let good = || anna.phone.code(app.clock.now());
    let wrong = if good() == "000000" {
        "000001"
    } else {
        "000000"
    };
    let token = first_step(&app, ANNA).await;
    for _ in 0..5 {
        second_step(&app.client(), &token, wrong)
            .await
            .problem(401, "invalid_credentials");
    }
    second_step(&app.client(), &token, &good())
        .await
        .problem(401, "invalid_mfa_token");

    // Beginning again and again does not help.
    let token = first_step(&app, ANNA).await;
    for _ in 0..5 {
        second_step(&app.client(), &token, wrong)
            .await
            .problem(401, "invalid_credentials");
    }
    let token = first_step(&app, ANNA).await;
    let answer = second_step(&app.client(), &token, &good()).await;
    let wait: u64 = answer.header("retry-after").parse().unwrap();
    assert!((890..=900).contains(&wait), "{wait}");
    answer.problem(429, "rate_limited");
    let recovery = second_step(&app.client(), &token, &anna.recovery_codes[0]).await;
    recovery.problem(429, "rate_limited");
    app.later(wait);
    let token = first_step(&app, ANNA).await;
    let _ = second_step(&app.client(), &token, &good())
        .await
        .expect(200);
}

#[tokio::test]
async fn a_sign_in_waits_five_minutes_and_ends_once() {
    let app = app().await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    let good = || anna.phone.code(app.clock.now());
    let token = first_step(&app, ANNA).await;
    app.later(300);
    second_step(&app.client(), &token, &good())
        .await
        .problem(401, "invalid_mfa_token");
    second_step(&app.client(), "nonsense", &good())
        .await
        .problem(401, "invalid_mfa_token");
    let token = first_step(&app, ANNA).await;
    app.later(299);
    let client = app.client();
    let _ = second_step(&client, &token, &good()).await.expect(200);
    app.later(30);
    second_step(&client, &token, &good())
        .await
        .problem(401, "invalid_mfa_token");
}

#[tokio::test]
async fn one_code_wins_once_however_many_try_at_once() {
    let app = app().await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    for code in [
        anna.recovery_codes[3].clone(),
        anna.phone.code(app.clock.now()),
    ] {
        let tokens = [
            first_step(&app, ANNA).await,
            first_step(&app, ANNA).await,
            first_step(&app, ANNA).await,
        ];
        let mut tries = tokio::task::JoinSet::new();
        for token in tokens {
            let (client, code) = (app.client(), code.clone());
            tries.spawn(async move { second_step(&client, &token, &code).await.status });
        }
        let mut statuses = tries.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 401, 401]);
    }
    let left = anna
        .user
        .client
        .get("/api/auth/mfa")
        .expect(200)
        .await
        .value();
    assert_eq!(left["recovery_codes"], 9);
    let mails = app.mails(ANNA, "second_factor_changed").await;
    assert_eq!(mails.last().unwrap()["change"], "recovery_code_used");
}

#[tokio::test]
async fn a_sign_in_that_waits_ends_with_what_ends_all_sessions() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    let good = || anna.phone.code(app.clock.now());

    let token = first_step(&app, ANNA).await;
    let new = json!({"current_password": PASSWORD, "new_password": "another good one"});
    let change = anna.user.client.post("/api/auth/password/change");
    change.json(&new).expect(204).await;
    second_step(&app.client(), &token, &good())
        .await
        .problem(401, "invalid_mfa_token");

    let body = json!({"email": ANNA, "password": "another good one"});
    let answer = app
        .client()
        .post("/api/auth/login")
        .json(&body)
        .expect(200)
        .await
        .value();
    let path = format!("/api/users/{}", anna.user.id);
    let disable = admin.client.patch(&path).json(&json!({"disabled": true}));
    let _ = disable.expect(200).await;
    let token = answer["mfa_token"].as_str().unwrap();
    second_step(&app.client(), token, &good())
        .await
        .problem(401, "invalid_mfa_token");
    // Nor does it come back to life with the account.
    let enable = admin.client.patch(&path).json(&json!({"disabled": false}));
    let _ = enable.expect(200).await;
    second_step(&app.client(), token, &good())
        .await
        .problem(401, "invalid_mfa_token");
}

#[tokio::test]
async fn changing_factors_needs_a_fresh_proof_by_the_factor() {
    let app = app().await;
    let before = app.register(ANNA).await;
    let elsewhere = app.login(ANNA, PASSWORD).await;
    let anna = enrol(&app, &before).await;
    let changes = [
        ("POST", "/api/auth/mfa/totp"),
        ("DELETE", "/api/auth/mfa/totp"),
        ("POST", "/api/auth/mfa/recovery-codes"),
    ];
    let tried = async |client: &Client| {
        for (method, path) in changes {
            let answer = client.request(method.parse().unwrap(), path).send().await;
            assert!(answer.header("www-authenticate").contains("max_age=300"));
            answer.problem(401, "insufficient_user_authentication");
        }
    };
    // A session by the password alone, though it is young.
    tried(&elsewhere.client).await;
    app.later(271);
    tried(&anna.user.client).await;

    let code = json!({"code": anna.phone.code(app.clock.now())});
    let again = anna
        .user
        .client
        .post("/api/auth/reauthenticate")
        .json(&code);
    let access = again.expect(200).await.value()["tokens"]["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let client = app.client().with_bearer(&access);
    let codes = client
        .post("/api/auth/mfa/recovery-codes")
        .expect(200)
        .await
        .value();
    let codes: Vec<String> = serde_json::from_value(codes["recovery_codes"].clone()).unwrap();
    assert_eq!(codes.len(), 10);
    let token = first_step(&app, ANNA).await;
    second_step(&app.client(), &token, &anna.recovery_codes[0])
        .await
        .problem(401, "invalid_credentials");
    let upper = codes[0].to_uppercase().replace('-', " ");
    let _ = second_step(&app.client(), &token, &upper).await.expect(200);

    // A new app takes the place of the old one, and keeps the codes.
    let shown = client.post("/api/auth/mfa/totp").expect(201).await.value();
    let phone = Authenticator::new(shown["secret"].as_str().unwrap());
    app.later(30);
    let code = json!({"code": phone.code(app.clock.now())});
    let confirmed = client
        .post("/api/auth/mfa/totp/confirm")
        .json(&code)
        .expect(200)
        .await;
    assert_eq!(confirmed.value()["recovery_codes"], json!([]));
    app.later(30);
    let token = first_step(&app, ANNA).await;
    let old = second_step(&app.client(), &token, &anna.phone.code(app.clock.now())).await;
    old.problem(401, "invalid_credentials");
    let _ = second_step(&app.client(), &token, &phone.code(app.clock.now()))
        .await
        .expect(200);

    client.delete("/api/auth/mfa/totp").expect(204).await;
    client
        .delete("/api/auth/mfa/totp")
        .send()
        .await
        .problem(404, "not_found");
    client
        .post("/api/auth/mfa/recovery-codes")
        .send()
        .await
        .problem(409, "no_second_factor");
    let _ = app.login(ANNA, PASSWORD).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM recovery_codes")
        .fetch_one(&app.root().await)
        .await
        .unwrap();
    assert_eq!(left, 0, "without a factor there is nothing to recover");
    let mails = app.mails(ANNA, "second_factor_changed").await;
    let changes: Vec<&Value> = mails.iter().map(|mail| &mail["change"]).collect();
    assert_eq!(
        changes,
        [
            "totp_added",
            "recovery_codes_replaced",
            "recovery_code_used",
            "totp_added",
            "totp_removed"
        ]
    );
}

#[tokio::test]
async fn an_app_is_confirmed_within_ten_minutes() {
    let app = app().await;
    let anna = app.register(ANNA).await;
    let confirm = async |phone: &Authenticator| {
        let code = json!({"code": phone.code(app.clock.now())});
        anna.client
            .post("/api/auth/mfa/totp/confirm")
            .json(&code)
            .send()
            .await
    };
    let phone = Authenticator::new("AAAAAAAAAAAAAAAA");
    confirm(&phone).await.problem(409, "not_started");
    let shown = anna
        .client
        .post("/api/auth/mfa/totp")
        .expect(201)
        .await
        .value();
    let phone = Authenticator::new(shown["secret"].as_str().unwrap());
    app.later(600);
    confirm(&phone).await.problem(409, "not_started");
}

#[tokio::test]
async fn staff_help_whoever_lost_the_phone() {
    let app = app().await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let anna = enrol(&app, &app.register(ANNA).await).await;
    let token = first_step(&app, ANNA).await;
    let path = format!("/api/users/{}/mfa", anna.user.id);
    admin.client.delete(&path).expect(204).await;
    admin.client.delete(&path).expect(204).await;
    let me = anna.user.client.get("/api/users/me").send().await;
    me.problem(401, "token_revoked");
    let code = anna.phone.code(app.clock.now());
    second_step(&app.client(), &token, &code)
        .await
        .problem(401, "invalid_mfa_token");
    let _ = app.login(ANNA, PASSWORD).await;
    let mails = app.mails(ANNA, "second_factor_changed").await;
    assert_eq!(mails.last().unwrap()["change"], "reset_by_staff");
    assert_eq!(mails.len(), 2);
    let acts = app.events("staff.acted").await;
    assert_eq!(acts.len(), 1, "{acts:#?}");
    assert_eq!(acts[0]["action"], "user.reset_second_factor");
    assert_eq!(acts[0]["actor"]["user_id"], json!(admin.id));

    let own = format!("/api/users/{}/mfa", admin.id);
    admin
        .client
        .delete(&own)
        .send()
        .await
        .problem(409, "cannot_change_self");
    let nobody = "/api/users/019f0000-0000-7000-8000-000000000000/mfa";
    admin
        .client
        .delete(nobody)
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn staff_without_the_factor_that_the_shop_wants_are_no_staff() {
    let app = app_with(|settings| settings.staff_second_factor = StaffSecondFactor::Required).await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let elsewhere = app.login("admin@example.com", PASSWORD).await;
    let staff = async |client: &Client| client.get("/api/users").send().await;
    staff(&admin.client)
        .await
        .problem(403, "second_factor_required");
    let state = admin.client.get("/api/auth/mfa").expect(200).await.value();
    assert_eq!(state["required"], true);

    let admin = enrol(&app, &admin).await;
    let _ = staff(&admin.user.client).await.expect(200);
    // Where the factor was not used it counts for nothing, however often the token is refreshed.
    let refreshed = async |token: &str| {
        let body = json!({"refresh_token": token});
        let tokens = app
            .client()
            .post("/api/auth/refresh")
            .json(&body)
            .expect(200)
            .await
            .value();
        app.client()
            .with_bearer(tokens["tokens"]["access_token"].as_str().unwrap())
    };
    let elsewhere = refreshed(&elsewhere.refresh).await;
    staff(&elsewhere)
        .await
        .problem(403, "second_factor_required");
    let code = json!({"code": admin.phone.code(app.clock.now())});
    let again = elsewhere.post("/api/auth/reauthenticate").json(&code);
    let again = again.expect(200).await.value();
    let access = again["tokens"]["access_token"].as_str().unwrap();
    let _ = staff(&app.client().with_bearer(access)).await.expect(200);

    // The factor can be replaced, not removed.
    let client = refreshed(&admin.user.refresh).await;
    let _ = staff(&client).await.expect(200);
    client
        .delete("/api/auth/mfa/totp")
        .send()
        .await
        .problem(409, "second_factor_required");
    let _ = client.post("/api/auth/mfa/totp").expect(201).await;
    let state = client.get("/api/auth/mfa").expect(200).await.value();
    assert_eq!(state["enabled"], true);
    let refresh = again["tokens"]["refresh_token"].as_str().unwrap();
    let _ = staff(&refreshed(refresh).await).await.expect(200);

    // Customers do as they like.
    let anna = app.register(ANNA).await;
    let _ = anna.client.get("/api/users/me").expect(200).await;
    let state = anna.client.get("/api/auth/mfa").expect(200).await.value();
    assert_eq!(state["required"], false);
}
