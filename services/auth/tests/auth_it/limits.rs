//! Guesses and mails are limited, by account and by address.

use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::support::{PASSWORD, TestApp, app, app_with};

async fn try_login(client: &Client, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    client.post("/api/auth/login").json(&body).send().await
}

fn retry_after(answer: &Answer) -> u64 {
    answer.header("retry-after").parse().unwrap()
}

fn from(app: &TestApp, address: &str) -> Client {
    app.client().with_header("x-real-ip", address)
}

#[tokio::test]
async fn failures_delay_even_the_right_password_until_it_is_given() {
    let app = app().await;
    app.register("anna@example.com").await;
    for left in (0..5).rev() {
        let answer = try_login(&app.client(), "anna@example.com", "wrong").await;
        let expected = format!("\"account\";r={left};t=");
        assert!(
            answer.header("ratelimit").starts_with(&expected),
            "{:?}",
            answer.headers
        );
        answer.problem(401, "invalid_credentials");
    }
    // The sixth is not free any more: delays double from one second to a quarter of an hour.
    for delay in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
        try_login(&app.client(), "anna@example.com", "wrong")
            .await
            .problem(401, "invalid_credentials");
        let answer = try_login(&app.client(), "anna@example.com", PASSWORD).await;
        assert_eq!(retry_after(&answer), delay);
        answer.problem(429, "rate_limited");
        app.later(delay);
    }
    // Waiting is enough, and a success forgives all.
    let answer = try_login(&app.client(), "anna@example.com", PASSWORD).await;
    assert!(
        answer.header("ratelimit").starts_with("\"account\";r=5;"),
        "{:?}",
        answer.headers
    );
    let _ = answer.expect(200);
    for _ in 0..6 {
        try_login(&app.client(), "Anna@Example.com", "wrong")
            .await
            .problem(401, "invalid_credentials");
    }
    try_login(&app.client(), "anna@example.com", PASSWORD)
        .await
        .problem(429, "rate_limited");
    // Nobody else is held up, at the same address or elsewhere.
    app.register("bert@example.com").await;
    app.login("bert@example.com", PASSWORD).await;
}

#[tokio::test]
async fn accounts_that_do_not_exist_are_limited_alike() {
    let app = app().await;
    app.register("anna@example.com").await;
    let mut answers = Vec::new();
    for email in ["anna@example.com", "nobody@example.com"] {
        let mut seen = Vec::new();
        for _ in 0..7 {
            // Addresses of their own, so that only the account's limit is compared.
            let client = from(&app, &format!("192.0.2.{}", answers.len() + 1));
            let answer = try_login(&client, email, "wrong").await;
            let problem = answer.value();
            seen.push((
                answer.status,
                problem["code"].clone(),
                problem["detail"].clone(),
                answer.header("retry-after").to_owned(),
                answer.header("ratelimit").to_owned(),
                answer.header("ratelimit-policy").to_owned(),
            ));
        }
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0][6].0, 429);
    assert_eq!(
        answers[0][0].5,
        "\"account\";q=5;w=18000, \"address\";q=50;w=15000"
    );
}

#[tokio::test]
async fn guesses_at_once_do_not_slip_through() {
    let app = app().await;
    app.register("anna@example.com").await;
    let client = app.client();
    let guesses: Vec<_> = (0..40)
        .map(|guess| {
            let client = client.clone();
            let guess = format!("guess {guess}");
            tokio::spawn(async move { try_login(&client, "anna@example.com", &guess).await.status })
        })
        .collect();
    let mut looked_at = 0;
    for guess in guesses {
        match guess.await.unwrap() {
            401 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    // Five are free, and the one after them may begin once they are known to have failed.
    assert!((5..=6).contains(&looked_at), "{looked_at}");
}

/// A guard, not a measurement: a hash takes tens of milliseconds.
#[tokio::test]
async fn a_delayed_attempt_costs_no_hash() {
    let app = app().await;
    app.register("anna@example.com").await;
    let hashes = async |times: usize, status: u16| {
        let before = app.backstage.password_hashes();
        for _ in 0..times {
            let answer = try_login(&app.client(), "anna@example.com", "wrong").await;
            assert_eq!(answer.status, status);
        }
        app.backstage.password_hashes() - before
    };
    assert_eq!((hashes(6, 401).await, hashes(10, 429).await), (6, 0));
}

#[tokio::test]
async fn one_address_cannot_try_many_accounts() {
    let app = app_with(|settings| settings.limits.limit_free_failures_per_client = 3).await;
    app.register("anna@example.com").await;
    // Successes never count.
    for _ in 0..6 {
        app.login("anna@example.com", PASSWORD).await;
    }
    for guess in 0..4 {
        let client = from(&app, &format!("2001:db8:1:2::{guess}"));
        try_login(&client, &format!("user{guess}@example.com"), "wrong")
            .await
            .problem(401, "invalid_credentials");
    }
    let neighbour = from(&app, "2001:db8:1:2:aaaa::1");
    let answer = try_login(&neighbour, "anna@example.com", PASSWORD).await;
    assert!(answer.header("ratelimit").ends_with("\"address\";r=0;t=1"));
    answer.problem(429, "rate_limited");
    for elsewhere in ["2001:db8:1:3::1", "192.0.2.1"] {
        let _ = try_login(&from(&app, elsewhere), "anna@example.com", PASSWORD)
            .await
            .expect(200);
    }
    // A success does not clear the address: who owns one account could guess at all others for ever.
    app.later(1);
    let _ = try_login(&neighbour, "anna@example.com", PASSWORD)
        .await
        .expect(200);
    try_login(&neighbour, "user9@example.com", "wrong")
        .await
        .problem(401, "invalid_credentials");
    let answer = try_login(&neighbour, "anna@example.com", PASSWORD).await;
    assert_eq!(retry_after(&answer), 2);
    // But time does.
    app.later(3600);
    for guess in 0..3 {
        try_login(&neighbour, &format!("user{guess}@example.com"), "wrong")
            .await
            .problem(401, "invalid_credentials");
    }
}

#[tokio::test]
async fn the_admin_panel_and_a_stolen_session_are_no_way_around() {
    let app = app().await;
    app.with_role("support@example.com", "support").await;
    let login = |password: &str| {
        app.panel()
            .post("/internal/staff/login")
            .header("x-real-ip", "192.0.2.1")
            .json(&json!({"email": "support@example.com", "password": password}))
            .send()
    };
    for _ in 0..3 {
        login("wrong").await.problem(401, "invalid_credentials");
        try_login(&app.client(), "support@example.com", "wrong")
            .await
            .problem(401, "invalid_credentials");
    }
    login(PASSWORD).await.problem(429, "rate_limited");

    let anna = app.register("anna@example.com").await;
    let change = |current: &str| {
        let body = json!({"current_password": current, "new_password": "another good one"});
        anna.client
            .post("/api/auth/password/change")
            .json(&body)
            .send()
    };
    for _ in 0..6 {
        change("wrong").await.problem(401, "invalid_credentials");
    }
    let answer = change(PASSWORD).await;
    assert_eq!(retry_after(&answer), 1);
    answer.problem(429, "rate_limited");
    app.later(1);
    let _ = change(PASSWORD).await.expect(204);
}

#[tokio::test]
async fn a_new_password_makes_old_guesses_forgotten() {
    let app = app().await;
    app.register("anna@example.com").await;
    for _ in 0..6 {
        try_login(&app.client(), "anna@example.com", "wrong").await;
    }
    try_login(&app.client(), "anna@example.com", PASSWORD)
        .await
        .problem(429, "rate_limited");
    let _ = forgot(&app.client(), "anna@example.com").await.expect(202);
    let token = app.mailed_token("anna@example.com", "reset_password").await;
    let body = json!({"token": token, "password": "a better password"});
    let _ = app
        .client()
        .post("/api/auth/password/reset")
        .json(&body)
        .expect(204)
        .await;
    app.login("anna@example.com", "a better password").await;
}

async fn forgot(client: &Client, email: &str) -> Answer {
    let body: Value = json!({"email": email});
    client
        .post("/api/auth/password/forgot")
        .json(&body)
        .send()
        .await
}

#[tokio::test]
async fn mails_are_limited_by_target_and_by_client() {
    let app = app_with(|settings| settings.limits.limit_mails_per_hour_and_client = 12).await;
    app.register("anna@example.com").await;
    app.later(3600);
    let anna = app.login("anna@example.com", PASSWORD).await;
    let mut answers = Vec::new();
    for (network, email) in ["anna@example.com", "nobody@example.com"]
        .iter()
        .enumerate()
    {
        let client = from(&app, &format!("192.0.2.{network}"));
        let mut seen = Vec::new();
        for _ in 0..6 {
            let answer = forgot(&client, email).await;
            seen.push((
                answer.status,
                answer.header("retry-after").to_owned(),
                answer.header("ratelimit").to_owned(),
            ));
        }
        answers.push(seen);
    }
    assert_eq!(answers[0], answers[1], "whether there is such an account");
    let statuses: Vec<u16> = answers[0].iter().map(|answer| answer.0).collect();
    assert_eq!(statuses, [202, 202, 202, 202, 202, 429]);
    assert_eq!(
        (answers[0][5].1.as_str(), answers[0][4].2.as_str()),
        (
            "720",
            "\"mails\";r=0;t=3600, \"mails-by-address\";r=7;t=1500"
        )
    );
    // Those that wait for their answer at the same time get one.
    let sent = app.mails("anna@example.com", "reset_password").await.len();
    assert!((1..=5).contains(&sent), "{sent}");
    // Other ways to ask for a mail count as well.
    anna.client
        .post("/api/auth/email/resend")
        .send()
        .await
        .problem(429, "rate_limited");
    app.later(720);
    let _ = forgot(&app.client(), "anna@example.com").await.expect(202);
    let answer = forgot(&app.client(), "anna@example.com").await;
    answer.problem(429, "rate_limited");

    // Many addresses from one client.
    let client = from(&app, "192.0.2.200");
    let mut sent = 0;
    while forgot(&client, &format!("user{sent}@example.com"))
        .await
        .status
        == 202
    {
        sent += 1;
    }
    assert_eq!(sent, 12);
    let body = json!({"email": "new@example.com", "password": PASSWORD, "name": "New"});
    client
        .post("/api/auth/register")
        .json(&body)
        .send()
        .await
        .problem(429, "rate_limited");
}
