//! What is declared in code, in files and on the broker is the same.

use crate::world::{QUEUE, World, eventually};
use messaging::relay::Relay;
use messaging::topology::{BrokerError, Topology};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use testkit::broker::Broker;
use tokio_util::sync::CancellationToken;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[tokio::test]
async fn a_queue_with_other_settings_is_a_clear_error() {
    let world = World::new().await;
    world
        .vhost
        .declare_queue(
            QUEUE,
            json!({"x-queue-type": "quorum", "x-delivery-limit": 3}),
        )
        .await
        .unwrap();
    let error = World::topology().check(&world.url()).await.unwrap_err();
    assert!(matches!(error, BrokerError::Mismatch { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains("queue test.counted.ledger with other settings")
            && text.contains("inequivalent arg"),
        "{text}"
    );
}

#[tokio::test]
async fn what_is_declared_is_what_the_definitions_say() {
    let world = World::new().await;
    messaging::topology::check(&world.url()).await.unwrap();
    let mut actual = world.vhost.definitions().await.unwrap();
    let mut expected = Topology::standard().definitions("");
    for definitions in [&mut actual, &mut expected] {
        for part in ["exchanges", "queues", "bindings"] {
            let items = definitions[part].as_array_mut().unwrap();
            for item in items.iter_mut() {
                item.as_object_mut().unwrap().remove("vhost");
            }
            items.sort_by_key(Value::to_string);
        }
    }
    for part in ["exchanges", "queues", "bindings"] {
        assert_eq!(actual[part], expected[part], "{part}");
    }
    // Declaring what is there already is no error.
    messaging::topology::check(&world.url()).await.unwrap();
}

/// A broker of its own: the others' would be of no more use to them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_stops_in_the_middle_of_declaring_has_finished_what_it_was_at() {
    let broker = Broker::start().await.unwrap();
    let world = World::on(broker.vhost().await.unwrap()).await;
    for round in 0..20 {
        let vhost = broker.vhost().await.unwrap();
        let shutdown = CancellationToken::new();
        let relay = Relay::new(world.pool.clone(), vhost.amqp_url().into());
        let running = tokio::spawn(relay.run(shutdown.clone()));
        eventually("some queues are there", async || {
            let there = vhost.definitions().await.unwrap();
            there["queues"].as_array().unwrap().len() > round
        })
        .await;
        shutdown.cancel();
        running.await.unwrap();
    }
    // Where the virtual hosts were deleted under declarations, dead-lettering is gone, and with it every new queue.
    World::topology().check(&world.url()).await.unwrap();
}

/// `UPDATE=1 cargo nextest run --workspace -E 'test(rabbitmq_definitions)'` rewrites the file's part.
#[test]
fn rabbitmq_definitions_file_is_what_the_code_declares() {
    let path = root().join("rabbitmq/definitions.json");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|_| "{}".to_owned());
    let mut file: Value = serde_json::from_str(&text).unwrap();
    let code = Topology::standard().definitions("/");
    if std::env::var_os("UPDATE").is_some() {
        for part in ["exchanges", "queues", "bindings"] {
            file[part] = code[part].clone();
        }
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(
            &path,
            format!("{}\n", serde_json::to_string_pretty(&file).unwrap()),
        )
        .unwrap();
    }
    for part in ["exchanges", "queues", "bindings"] {
        assert_eq!(
            file[part], code[part],
            "{part} differ: run this test with UPDATE=1"
        );
    }
}

#[test]
fn every_service_creates_the_tables_of_this_crate() {
    for service in std::fs::read_dir(root().join("services")).unwrap() {
        let migrations = service.unwrap().path().join("migrations");
        let Ok(files) = std::fs::read_dir(&migrations) else {
            continue;
        };
        let mut texts = files
            .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
            .peekable();
        if texts.peek().is_some() {
            assert!(
                texts.any(|text| text.contains(messaging::MIGRATION.trim())),
                "{} lacks the text of schema.sql",
                migrations.display()
            );
        }
    }
}
