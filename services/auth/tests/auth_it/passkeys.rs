//! Passkeys, with an authenticator in software.

use serde_json::{Value, json};
use testkit::passkey::{Authenticator, bytes_at, with_bytes};

use crate::support::{PASSWORD, SignedIn, TestApp, app, fields};

const ORIGIN: &str = "https://shop.example";
const PASSKEYS: &str = "/api/auth/passkeys";

impl TestApp {
    /// Options for a sign-in without a password.
    async fn passkey_options(&self) -> Value {
        let path = "/api/auth/passkeys/authentication";
        let answer = self.client().post(path).json(&json!({})).expect(200).await;
        answer.value()
    }

    async fn passkey_sign_in(&self, credential: &Value) -> testkit::http::Answer {
        let path = "/api/auth/passkeys/sign-in";
        let body = json!({"credential": credential});
        self.client().post(path).json(&body).send().await
    }
}

impl SignedIn {
    async fn registration_options(&self) -> Value {
        let path = "/api/auth/passkeys/registration";
        self.client.post(path).expect(200).await.value()
    }

    async fn send_passkey(&self, name: &str, credential: &Value) -> testkit::http::Answer {
        let body = json!({"name": name, "credential": credential});
        self.client.post(PASSKEYS).json(&body).send().await
    }

    /// Adds a passkey of an authenticator; what the API says of it.
    async fn add_passkey(&self, authenticator: &mut Authenticator, name: &str) -> Value {
        let credential = authenticator.create(&self.registration_options().await);
        let answer = self.send_passkey(name, &credential).await;
        answer.expect(201).value()
    }

    async fn passkeys(&self) -> Value {
        let list = self.client.get(PASSKEYS).expect(200).await.value();
        list["data"].clone()
    }
}

/// A passkey that was just added, without what is shown only once.
fn view(added: &Value) -> Value {
    let mut view = added.clone();
    let members = view.as_object_mut().unwrap();
    members.remove("recovery_codes");
    members.remove("tokens");
    view
}

async fn anna_with_passkey(app: &TestApp) -> (SignedIn, Authenticator) {
    let anna = app.register("anna@example.com").await;
    let mut authenticator = Authenticator::new(ORIGIN);
    anna.add_passkey(&mut authenticator, "Key ring").await;
    (anna, authenticator)
}

#[tokio::test]
async fn a_passkey_signs_in_without_a_password() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    app.later(60);
    let credential = authenticator.get(&app.passkey_options().await);
    let answer = app.passkey_sign_in(&credential).await.expect(200).value();
    let again = app.signed_in(&answer);
    assert_eq!(again.id, anna.id);
    assert_eq!(answer["user"]["email"], "anna@example.com");
    assert_eq!(claims(&again)["amr"], json!(["pop"]));
    // It is fresh, and the use was noted.
    let _ = again.registration_options().await;
    let listed = again.passkeys().await;
    assert_eq!(listed[0]["last_used_at"], app.clock.now().to_string());
}

fn claims(somebody: &SignedIn) -> Value {
    use base64::Engine;
    let payload = somebody.access.split('.').nth(1).unwrap();
    let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
    serde_json::from_slice(&engine.decode(payload).unwrap()).unwrap()
}

#[tokio::test]
async fn passkeys_are_named_listed_and_deleted() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let (mut phone, mut key) = (Authenticator::new(ORIGIN), Authenticator::new(ORIGIN));
    (phone.backup_eligible, phone.backed_up) = (true, true);
    phone.sign_count = 0;
    let options = anna.registration_options().await;
    assert_eq!(options["rp"]["id"], "shop.example");
    assert_eq!(options["user"]["name"], "anna@example.com");
    assert_eq!(options["excludeCredentials"], json!([]));
    let handle = bytes_at(&options, "/user/id");
    assert_eq!(handle.len(), 64);
    let first = anna.add_passkey(&mut phone, " Phone ").await;
    assert_eq!(
        (&first["name"], &first["backed_up"]),
        (&json!("Phone"), &json!(true))
    );
    // The user is the same to all authenticators, and who has a passkey is not asked to make another.
    let options = anna.registration_options().await;
    assert_eq!(bytes_at(&options, "/user/id"), handle);
    let known =
        json!([{"type": "public-key", "id": first["credential_id"], "transports": ["nfc", "usb"]}]);
    assert_eq!(options["excludeCredentials"], known);
    app.later(1);
    let second = anna.add_passkey(&mut key, "Key").await;
    assert_eq!(anna.passkeys().await, json!([view(&second), view(&first)]));

    let path = format!("{PASSKEYS}/{}", second["id"].as_str().unwrap());
    let renamed = anna.client.patch(&path).json(&json!({"name": "Blue key"}));
    assert_eq!(renamed.expect(200).await.value()["name"], "Blue key");
    let nameless = anna.client.patch(&path).json(&json!({"name": " "}));
    let problem = nameless.send().await.problem(422, "validation_failed");
    assert_eq!(fields(&problem), ["name"]);
    let _ = anna.client.delete(&path).expect(204).await;
    anna.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(anna.passkeys().await, json!([view(&first)]));
    let credential = key.get(&app.passkey_options().await);
    let gone = app.passkey_sign_in(&credential).await;
    gone.problem(401, "invalid_credentials");
    let mails = app.mails("anna@example.com", "second_factor_changed").await;
    let changes: Vec<&Value> = mails.iter().map(|mail| &mail["change"]).collect();
    assert_eq!(
        changes,
        ["passkey_added", "passkey_added", "passkey_removed"]
    );
}

#[tokio::test]
async fn a_challenge_is_answered_once_in_time_and_for_its_purpose() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    let refused = async |credential: &Value| {
        let answer = app.passkey_sign_in(credential).await;
        answer.problem(401, "invalid_credentials")
    };
    let options = app.passkey_options().await;
    let credential = authenticator.get(&options);
    let _ = app.passkey_sign_in(&credential).await.expect(200);
    refused(&credential).await;
    // A wrong answer uses it up as well.
    let options = app.passkey_options().await;
    let mut signature = bytes_at(&authenticator.get(&options), "/response/signature");
    signature[9] ^= 1;
    let wrong = with_bytes(
        authenticator.get(&options),
        "/response/signature",
        &signature,
    );
    refused(&wrong).await;
    refused(&authenticator.get(&options)).await;
    // Too late.
    let options = app.passkey_options().await;
    app.later(301);
    refused(&authenticator.get(&options)).await;
    // Nobody gave it out, or not for this.
    let mut invented = app.passkey_options().await;
    invented["challenge"] = json!("A".repeat(43));
    refused(&authenticator.get(&invented)).await;
    let anna = app.login_by_passkey(&mut authenticator, &anna).await;
    let mut options = app.passkey_options().await;
    options["challenge"] = anna.registration_options().await["challenge"].clone();
    refused(&authenticator.get(&options)).await;
    let mut options = anna.registration_options().await;
    options["challenge"] = app.passkey_options().await["challenge"].clone();
    let credential = Authenticator::new(ORIGIN).create(&options);
    let answer = anna.send_passkey("Key", &credential).await;
    answer.problem(422, "invalid_passkey");
}

impl TestApp {
    async fn login_by_passkey(
        &self,
        authenticator: &mut Authenticator,
        who: &SignedIn,
    ) -> SignedIn {
        let credential = authenticator.get(&self.passkey_options().await);
        let answer = self.passkey_sign_in(&credential).await.expect(200).value();
        let again = self.signed_in(&answer);
        assert_eq!(again.id, who.id);
        again
    }
}

#[tokio::test]
async fn a_registration_belongs_to_who_began_it() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let bert = app.register("bert@example.com").await;
    let credential = Authenticator::new(ORIGIN).create(&anna.registration_options().await);
    let stolen = bert.send_passkey("Mine", &credential).await;
    stolen.problem(422, "invalid_passkey");
    // Nor does a credential that somebody has become somebody else's.
    let mut authenticator = Authenticator::new(ORIGIN);
    let passkey = anna.add_passkey(&mut authenticator, "Key").await;
    let mut credential = Authenticator::new(ORIGIN).create(&bert.registration_options().await);
    let object = bytes_at(&credential, "/response/attestationObject");
    let (own, hers) = (
        bytes_at(&credential, "/id"),
        bytes_at(&passkey, "/credential_id"),
    );
    let at = object.windows(32).position(|bytes| bytes == own).unwrap();
    let object = [&object[..at], &hers, &object[at + 32..]].concat();
    credential["id"] = passkey["credential_id"].clone();
    let copied = with_bytes(credential, "/response/attestationObject", &object);
    let answer = bert.send_passkey("Hers", &copied).await;
    answer.problem(409, "passkey_exists");
    assert_eq!(bert.passkeys().await, json!([]));
    // What is hers, he can neither rename nor delete.
    let path = format!("{PASSKEYS}/{}", passkey["id"].as_str().unwrap());
    let rename = bert.client.patch(&path).json(&json!({"name": "Mine"}));
    rename.send().await.problem(404, "not_found");
    bert.client
        .delete(&path)
        .send()
        .await
        .problem(404, "not_found");
    assert_eq!(anna.passkeys().await, json!([view(&passkey)]));
}

#[tokio::test]
async fn adding_and_deleting_need_a_fresh_proof() {
    let app = app().await;
    let (anna, _) = anna_with_passkey(&app).await;
    let path = format!(
        "{PASSKEYS}/{}",
        anna.passkeys().await[0]["id"].as_str().unwrap()
    );
    app.later(301);
    let code = "insufficient_user_authentication";
    let begin = anna.client.post("/api/auth/passkeys/registration").send();
    begin.await.problem(401, code);
    let answer = anna.send_passkey("Key", &json!({})).await;
    answer.problem(401, code);
    anna.client.delete(&path).send().await.problem(401, code);
    assert_eq!(anna.passkeys().await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_registration_that_does_not_fit_is_refused() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let elsewhere =
        Authenticator::new("https://shop.example.evil").create(&anna.registration_options().await);
    let mut options = anna.registration_options().await;
    options["rp"]["id"] = json!("evil.example");
    let other_party = Authenticator::new(ORIGIN).create(&options);
    let truncated = Authenticator::new(ORIGIN).create(&anna.registration_options().await);
    let object = bytes_at(&truncated, "/response/attestationObject");
    let truncated = with_bytes(
        truncated,
        "/response/attestationObject",
        &object[..object.len() - 9],
    );
    for credential in [elsewhere, other_party, truncated] {
        let answer = anna.send_passkey("Key", &credential).await;
        answer.problem(422, "invalid_passkey");
    }
    let shapeless = json!({"id": "AA==", "type": "password", "response": {"clientDataJSON": 1, "attestationObject": null}});
    let answer = anna.send_passkey("", &shapeless).await;
    let problem = answer.problem(422, "validation_failed");
    let expected = [
        "credential.id",
        "credential.response.attestationObject",
        "credential.response.clientDataJSON",
        "credential.type",
        "name",
    ];
    assert_eq!(fields(&problem), expected);
    assert_eq!(anna.passkeys().await, json!([]));
}

#[tokio::test]
async fn a_sign_in_that_does_not_fit_is_refused_without_saying_why() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    let bert = app.register("bert@example.com").await;
    let mut his = Authenticator::new(ORIGIN);
    bert.add_passkey(&mut his, "Key").await;

    let mut credentials = Vec::new();
    authenticator.origin = "https://shop.example.evil".to_owned();
    credentials.push(authenticator.get(&app.passkey_options().await));
    authenticator.origin = ORIGIN.to_owned();
    authenticator.cross_origin = true;
    credentials.push(authenticator.get(&app.passkey_options().await));
    authenticator.cross_origin = false;
    authenticator.user_verified = false;
    credentials.push(authenticator.get(&app.passkey_options().await));
    authenticator.user_verified = true;
    let mut options = app.passkey_options().await;
    options["rpId"] = json!("evil.example");
    credentials.push(authenticator.get(&options));
    let good = authenticator.get(&app.passkey_options().await);
    let data = bytes_at(&good, "/response/authenticatorData");
    credentials.push(with_bytes(good, "/response/authenticatorData", &data[..30]));
    // His key, for her.
    let (hers, mut forged) = (
        authenticator.get(&app.passkey_options().await),
        his.get(&app.passkey_options().await),
    );
    forged["id"] = hers["id"].clone();
    forged["response"]["userHandle"] = hers["response"]["userHandle"].clone();
    credentials.push(forged);
    // Her key, for him.
    let mut forged = authenticator.get(&app.passkey_options().await);
    let his = his.get(&app.passkey_options().await);
    forged["response"]["userHandle"] = his["response"]["userHandle"].clone();
    credentials.push(forged);
    // A key that nobody has.
    let mut unknown = authenticator.get(&app.passkey_options().await);
    unknown["id"] = json!("AAAA");
    credentials.push(unknown);
    let mut problems = Vec::new();
    for credential in credentials {
        let answer = app.passkey_sign_in(&credential).await;
        let mut problem = answer.problem(401, "invalid_credentials");
        problem["request_id"] = Value::Null;
        problems.push(problem);
    }
    problems.dedup();
    assert_eq!(problems.len(), 1, "{problems:?}");
    app.login_by_passkey(&mut authenticator, &anna).await;
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    authenticator.sign_count = 9;
    app.login_by_passkey(&mut authenticator, &anna).await;
    for count in [9, 5, 0] {
        authenticator.sign_count = count;
        let credential = authenticator.get(&app.passkey_options().await);
        let answer = app.passkey_sign_in(&credential).await;
        answer.problem(401, "invalid_credentials");
    }
    authenticator.sign_count = 10;
    app.login_by_passkey(&mut authenticator, &anna).await;
}

#[tokio::test]
async fn only_who_has_the_passkey_learns_that_the_account_is_shut() {
    let app = app().await;
    let (_, mut authenticator) = anna_with_passkey(&app).await;
    sqlx::query("UPDATE users SET disabled_at = now()")
        .execute(&app.root().await)
        .await
        .unwrap();
    let credential = authenticator.get(&app.passkey_options().await);
    let answer = app.passkey_sign_in(&credential).await;
    answer.problem(403, "account_disabled");
    let credential = authenticator.get(&app.passkey_options().await);
    let wrong = with_bytes(credential, "/response/signature", &[0; 70]);
    let answer = app.passkey_sign_in(&wrong).await;
    answer.problem(401, "invalid_credentials");
}

#[tokio::test]
async fn options_for_a_sign_in_say_nothing_about_accounts() {
    let app = app().await;
    let mut before = app.passkey_options().await;
    let _ = anna_with_passkey(&app).await;
    let mut after = app.passkey_options().await;
    assert_ne!(before["challenge"], after["challenge"]);
    for options in [&mut before, &mut after] {
        options["challenge"] = Value::Null;
    }
    assert_eq!(before, after);
    assert_eq!(after["allowCredentials"], json!([]));
    assert_eq!(after["userVerification"], "required");
}

#[tokio::test]
async fn a_user_keeps_at_most_twenty() {
    let app = app().await;
    let (anna, _) = anna_with_passkey(&app).await;
    sqlx::query(
        "INSERT INTO passkeys SELECT gen_random_uuid(), user_id, decode(md5(n::text), 'hex'), public_key, 0, aaguid, transports,
                verifies_user, backup_eligible, backed_up, name, created_at FROM passkeys, generate_series(1, 18) n",
    )
    .execute(&app.root().await)
    .await
    .unwrap();
    let options = anna.registration_options().await;
    let mut authenticator = Authenticator::new(ORIGIN);
    let last = anna.add_passkey(&mut authenticator, "The last").await;
    assert_eq!(last["name"], "The last");
    let begin = anna.client.post("/api/auth/passkeys/registration").send();
    begin.await.problem(409, "too_many_passkeys");
    // Nor by options from before.
    let credential = Authenticator::new(ORIGIN).create(&options);
    let answer = anna.send_passkey("One more", &credential).await;
    answer.problem(409, "too_many_passkeys");
}

#[tokio::test]
async fn a_passkey_outlives_a_new_password() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    let body = json!({"current_password": PASSWORD, "new_password": "another battery horse"});
    let change = anna.client.post("/api/auth/password/change").json(&body);
    let _ = change.expect(204).await;
    app.login_by_passkey(&mut authenticator, &anna).await;
}

/// The first step of a sign-in by the password, when there is a second.
async fn password_step(app: &TestApp) -> Value {
    let body = json!({"email": "anna@example.com", "password": PASSWORD});
    let answer = app.client().post("/api/auth/login").json(&body);
    let answer = answer.expect(200).await.value();
    assert_eq!(answer["mfa_required"], true, "{answer}");
    answer
}

async fn second_step_options(app: &TestApp, first: &Value) -> testkit::http::Answer {
    let body = json!({"mfa_token": first["mfa_token"]});
    let path = "/api/auth/passkeys/authentication";
    app.client().post(path).json(&body).send().await
}

async fn second_step(app: &TestApp, first: &Value, credential: &Value) -> testkit::http::Answer {
    let body = json!({"mfa_token": first["mfa_token"], "credential": credential});
    let path = "/api/auth/passkeys/sign-in";
    app.client().post(path).json(&body).send().await
}

#[tokio::test]
async fn a_passkey_is_a_second_factor_with_recovery_codes() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let mut authenticator = Authenticator::new(ORIGIN);
    let added = anna.add_passkey(&mut authenticator, "Key").await;
    let codes = added["recovery_codes"].as_array().unwrap();
    assert_eq!(codes.len(), 10);
    let factors = anna.client.get("/api/auth/mfa").expect(200).await.value();
    assert_eq!(
        (&factors["enabled"], &factors["passkeys"]),
        (&json!(true), &json!(true))
    );
    app.later(1);
    // Once is enough.
    let more = anna
        .add_passkey(&mut Authenticator::new(ORIGIN), "Spare")
        .await;
    assert_eq!(more["recovery_codes"], json!([]));

    let first = password_step(&app).await;
    assert_eq!(first["methods"], json!(["passkey", "recovery_code"]));
    let options = second_step_options(&app, &first).await.expect(200).value();
    let allowed = options["allowCredentials"].as_array().unwrap();
    assert_eq!(allowed.len(), 2);
    assert_eq!(allowed[1]["id"], added["credential_id"]);
    assert_eq!(options["userVerification"], "preferred");
    // The password was the one factor, so holding the key is enough for the other.
    authenticator.user_verified = false;
    let mut credential = authenticator.get(&options);
    credential["response"]["userHandle"] = Value::Null;
    let answer = second_step(&app, &first, &credential).await;
    let again = app.signed_in(&answer.expect(200).value());
    assert_eq!(again.id, anna.id);
    assert_eq!(claims(&again)["amr"], json!(["pwd", "pop"]));
    // The sign-in is over.
    let answer = second_step_options(&app, &first).await;
    answer.problem(401, "invalid_mfa_token");
}

#[tokio::test]
async fn a_second_step_is_of_the_same_user_and_sign_in() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    let bert = app.register("bert@example.com").await;
    let mut his = Authenticator::new(ORIGIN);
    bert.add_passkey(&mut his, "Key").await;
    let first = password_step(&app).await;
    let options = second_step_options(&app, &first).await.expect(200).value();
    let answer = second_step(&app, &first, &his.get(&options)).await;
    answer.problem(401, "invalid_credentials");
    // A challenge for one purpose is none for another.
    let alone = authenticator.get(&app.passkey_options().await);
    let answer = second_step(&app, &first, &alone).await;
    answer.problem(401, "invalid_credentials");
    let options = second_step_options(&app, &first).await.expect(200).value();
    let answer = app.passkey_sign_in(&authenticator.get(&options)).await;
    answer.problem(401, "invalid_credentials");
    let options = second_step_options(&app, &first).await.expect(200).value();
    let credential = authenticator.get(&options);
    let answer = reauthenticate(&anna, &credential).await;
    answer.problem(401, "invalid_credentials");
    let made_up = json!({"mfa_token": "A".repeat(43)});
    let answer = second_step_options(&app, &made_up).await;
    answer.problem(401, "invalid_mfa_token");
    let answer = second_step(&app, &made_up, &credential).await;
    answer.problem(401, "invalid_mfa_token");
    let answer = second_step(&app, &first, &credential).await;
    let _ = answer.expect(200);
}

#[tokio::test]
async fn a_key_that_learns_a_pin_must_show_it_beside_the_password_first() {
    let app = app().await;
    let anna = app.register("anna@example.com").await;
    let mut authenticator = Authenticator::new(ORIGIN);
    authenticator.user_verified = false;
    anna.add_passkey(&mut authenticator, "Old key").await;
    authenticator.user_verified = true;
    let credential = authenticator.get(&app.passkey_options().await);
    let answer = app.passkey_sign_in(&credential).await;
    answer.problem(401, "invalid_credentials");
    let first = password_step(&app).await;
    let options = second_step_options(&app, &first).await.expect(200).value();
    let answer = second_step(&app, &first, &authenticator.get(&options)).await;
    let _ = answer.expect(200);
    app.login_by_passkey(&mut authenticator, &anna).await;
}

async fn reauthentication_options(who: &SignedIn) -> testkit::http::Answer {
    let path = "/api/auth/passkeys/reauthentication";
    who.client.post(path).send().await
}

async fn reauthenticate(who: &SignedIn, credential: &Value) -> testkit::http::Answer {
    let path = "/api/auth/passkeys/reauthenticate";
    let body = json!({"credential": credential});
    who.client.post(path).json(&body).send().await
}

#[tokio::test]
async fn a_passkey_makes_a_session_fresh_again() {
    let app = app().await;
    let bert = app.register("bert@example.com").await;
    let answer = reauthentication_options(&bert).await;
    answer.problem(409, "no_passkey");
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    app.later(301);
    let begin = async |client: &testkit::http::Client| {
        client.post("/api/auth/passkeys/registration").send().await
    };
    let stale = begin(&anna.client).await;
    stale.problem(401, "insufficient_user_authentication");
    let options = reauthentication_options(&anna).await.expect(200).value();
    // The challenge is hers, and good once.
    let credential = authenticator.get(&options);
    let answer = reauthenticate(&bert, &credential).await;
    answer.problem(401, "invalid_credentials");
    let answer = reauthenticate(&anna, &credential).await;
    let tokens = answer.expect(200).value()["tokens"].clone();
    let fresh = app
        .client()
        .with_bearer(tokens["access_token"].as_str().unwrap());
    let _ = begin(&fresh).await.expect(200);
    let answer = reauthenticate(&anna, &credential).await;
    answer.problem(401, "invalid_credentials");
    // Still one session, and its first refresh token is used up.
    let refresh = |token: &Value| {
        let body = json!({"refresh_token": token});
        app.client().post("/api/auth/refresh").json(&body)
    };
    let _ = refresh(&tokens["refresh_token"]).expect(200).await;
    let reused = refresh(&json!(anna.refresh)).send().await;
    reused.problem(401, "refresh_token_reused");
}

#[tokio::test]
async fn without_the_last_factor_the_password_is_enough_again() {
    let app = app().await;
    let (anna, _) = anna_with_passkey(&app).await;
    let path = format!(
        "{PASSKEYS}/{}",
        anna.passkeys().await[0]["id"].as_str().unwrap()
    );
    let _ = anna.client.delete(&path).expect(204).await;
    let factors = anna.client.get("/api/auth/mfa").expect(200).await.value();
    assert_eq!(
        (&factors["enabled"], &factors["recovery_codes"]),
        (&json!(false), &json!(0))
    );
    let _ = app.login("anna@example.com", PASSWORD).await;
}

#[tokio::test]
async fn a_session_from_before_the_passkey_cannot_take_it_off() {
    let app = app().await;
    let before = app.register("anna@example.com").await;
    let anna = app.login("anna@example.com", PASSWORD).await;
    let added = anna
        .add_passkey(&mut Authenticator::new(ORIGIN), "Key")
        .await;
    let path = format!("{PASSKEYS}/{}", added["id"].as_str().unwrap());
    let code = "insufficient_user_authentication";
    before.client.delete(&path).send().await.problem(401, code);
    let begin = before.client.post("/api/auth/passkeys/registration").send();
    begin.await.problem(401, code);
}

#[tokio::test]
async fn staff_take_passkeys_off_who_lost_them() {
    let app = app().await;
    let (anna, mut authenticator) = anna_with_passkey(&app).await;
    let admin = app.with_role("admin@example.com", "admin").await;
    let path = format!("/api/users/{}/mfa", anna.id);
    let _ = admin.client.delete(&path).expect(204).await;
    let credential = authenticator.get(&app.passkey_options().await);
    let answer = app.passkey_sign_in(&credential).await;
    answer.problem(401, "invalid_credentials");
    let _ = app.login("anna@example.com", PASSWORD).await;
}
