//! Requests that nobody would think of, made from the OpenAPI documents by schemathesis: no 5xx, and no answer that the document
//! does not announce.

use std::path::PathBuf;
use std::process::Command;

use crate::shop::Shop;

/// What would end the session that the run needs, or go on for ever.
const LEFT_OUT: [&str; 4] = [
    "--exclude-path-regex=logout|/events$|/stream$",
    "--exclude-operation-id=delete_me",
    "--exclude-operation-id=end_session",
    "--exclude-operation-id=reauthenticate",
];

/// The documents of the services with a REST API.
const DOCUMENTS: [&str; 4] = ["auth", "product", "order", "admin"];

/// Runs schemathesis against services as somebody, or as a guest.
fn fuzz(shop: &Shop, services: &[&str], token: Option<&str>) {
    let tools = PathBuf::from(testkit::env::var("MERCATO_TEST_TOOLS"));
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/schemathesis.toml");
    for service in services {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut command = Command::new(tools.join("venv/bin/schemathesis"));
        command
            .args(["--config-file", config, "run"])
            .arg(format!("{root}/services/{service}/openapi.json"))
            .args(["--url", shop.stack.base_url()])
            .args(LEFT_OUT)
            .current_dir(std::env::temp_dir());
        if let Some(token) = token {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        let output = command.output().expect("schemathesis runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{service}:\n{said}\n{complained}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_gets_only_documented_answers() {
    let shop = Shop::open();
    let token = shop.register("Fuzz").await.token;
    tokio::task::block_in_place(|| fuzz(&shop, &DOCUMENTS, Some(&token)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_gets_only_documented_answers() {
    let shop = Shop::open();
    tokio::task::block_in_place(|| fuzz(&shop, &DOCUMENTS, None));
}

/// Who may write in the catalogue gets further than others.
#[tokio::test(flavor = "multi_thread")]
async fn a_seller_gets_only_documented_answers() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let token = shop.seller(&admin).await.token;
    tokio::task::block_in_place(|| fuzz(&shop, &["product"], Some(&token)));
}
