//! The real program under more sign-ins than it can check: memory stays bounded, whoever cannot wait is told at once, and
//! others are answered meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::process::World;
use crate::support::PASSWORD;

const MIB: u64 = 1024 * 1024;
/// What Argon2 takes for each password.
const HASH: u64 = 19 * MIB;
/// What a connection may take: its buffers and its task.
const CONNECTION: u64 = MIB / 8;

#[tokio::test]
async fn a_flood_of_sign_ins_takes_bounded_memory_and_starves_nobody() {
    let world = World::new().await;
    let process = world.start(&mut world.command("serve")).await;
    let anna = json!({"email": "anna@example.com", "password": PASSWORD, "name": "Anna"});
    let register = world.client().post("/api/auth/register").json(&anna);
    let signed_in = register.expect(201).await.value();
    let access = signed_in["tokens"]["access_token"].as_str().unwrap();
    let me = world.client().with_bearer(access);
    let before = process.peak_memory();

    // As many as may wait, and several hundred more.
    let slots = std::thread::available_parallelism().unwrap().get() as u64;
    let count = slots * 33 + 300;
    let (mut flood, client) = (tokio::task::JoinSet::new(), world.client());
    for index in 0..count {
        let client = client.clone();
        flood.spawn(async move {
            let email = match index % 2 {
                0 => "anna@example.com".to_owned(),
                _ => format!("nobody-{index}@example.com"),
            };
            let ip = format!("10.0.{}.{}", index / 250, index % 250);
            let body = json!({"email": email, "password": "wrong"});
            let login = client.post("/api/auth/login").header("x-real-ip", &ip);
            login.json(&body).send().await
        });
    }
    let over = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let over = over.clone();
        async move {
            let mut answered = 0;
            while !over.load(Ordering::Relaxed) {
                let _ = me.get("/api/users/me").expect(200).await;
                answered += 1;
            }
            answered
        }
    });
    let (mut checked, mut refused) = (0, 0);
    while let Some(answer) = flood.join_next().await {
        let answer = answer.unwrap();
        match answer.status {
            401 => checked += 1,
            // Of one account there may be too many.
            429 => {}
            503 => {
                assert_ne!(answer.header("retry-after"), "");
                refused += 1;
            }
            _ => panic!("{answer:?}"),
        }
    }
    over.store(true, Ordering::Relaxed);
    let answered = reader.await.unwrap();
    assert!(
        checked > 0 && refused > 0 && answered > 0,
        "{checked} {refused} {answered}"
    );

    let bound = before + slots * HASH + count * CONNECTION;
    let peak = process.peak_memory();
    assert!(peak < bound, "{} MiB of {} MiB", peak / MIB, bound / MIB);
    // And it goes on.
    let login = json!({"email": "anna@example.com", "password": PASSWORD});
    let login = world.client().post("/api/auth/login").json(&login);
    let answer = login.send().await;
    assert!([200, 429].contains(&answer.status), "{answer:?}");
}
