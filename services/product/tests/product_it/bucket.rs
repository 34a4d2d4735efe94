//! Pictures in a bucket: an S3 of the test's own (moto, from the tests' tools).

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use auth_token::Role;
use image::ImageFormat;
use secrecy::SecretString;
use testkit::eventually_within;

use crate::images::{picture, upload};
use crate::world::World;

/// A server that ends with the test.
struct S3 {
    server: Child,
    address: String,
}

impl S3 {
    /// None where the tools are not installed.
    async fn start() -> Option<Self> {
        let Some(tools) = std::env::var_os("MERCATO_TEST_TOOLS").map(PathBuf::from) else {
            eprintln!("left out: MERCATO_TEST_TOOLS is not set, as `cargo xtask test` does");
            return None;
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        // Free again at once, for the server to take.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .and_then(|listener| listener.local_addr())
            .unwrap()
            .port();
        let server = Command::new(tools.join("venv/bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = format!("http://127.0.0.1:{port}");
        let s3 = Self { server, address };
        let client = reqwest::Client::builder()
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        // Python takes its time to start when all tests start at once.
        eventually_within(Duration::from_secs(60), "the S3 answers", async || {
            let bucket = client.put(format!("{}/shop", s3.address)).body("");
            bucket.send().await.ok()?.error_for_status().ok()
        })
        .await;
        let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop/*"}]}"#;
        let policy = client
            .put(format!("{}/shop?policy", s3.address))
            .body(policy);
        policy.send().await.unwrap().error_for_status().unwrap();
        Some(s3)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

#[tokio::test]
async fn pictures_are_kept_in_a_bucket_and_served_by_it() {
    let Some(s3) = S3::start().await else { return };
    let base = format!("{}/shop/pictures", s3.address);
    let world = World::with(|settings| {
        let media = &mut settings.media;
        media.media_store_url = Some("s3://shop/pictures/".to_owned());
        media.media_s3_endpoint = Some(s3.address.clone());
        media.media_s3_access_key_id = Some("test".to_owned());
        media.media_s3_secret_access_key = Some(SecretString::from("test"));
        media.media_base_url.clone_from(&base);
    })
    .await;
    let admin = world.person(Role::Admin).client;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/images", product["id"].as_str().unwrap());
    let parts: [(&str, &[u8]); 1] = [("file", &picture(ImageFormat::Png))];
    let image = upload(&admin, &path, &parts).await.expect(201).value();
    let webp = image["sizes"][0]["webp"].as_str().unwrap();
    assert!(webp.starts_with(&base), "{webp}");
    let served = reqwest::get(webp).await.unwrap();
    assert_eq!(served.status(), 200);
    assert_eq!(served.headers()["content-type"], "image/webp");
    assert_eq!(
        served.headers()["cache-control"],
        "public, max-age=31536000, immutable"
    );
    let bytes = served.bytes().await.unwrap();
    assert!(image::load_from_memory(&bytes).is_ok());
    // A folder's files are nobody's business then.
    assert_eq!(std::fs::read_dir(world.media.path()).unwrap().count(), 0);

    let one = format!("{path}/{}", image["id"].as_str().unwrap());
    admin.delete(&one).expect(204).await;
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 1);
    assert_eq!(reqwest::get(webp).await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_store_that_is_away_refuses_pictures_and_nothing_else() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let world = World::with(|settings| {
        let media = &mut settings.media;
        media.media_store_url = Some("s3://shop".to_owned());
        media.media_s3_endpoint = Some("http://127.0.0.1:9".to_owned());
        media.media_s3_access_key_id = Some("test".to_owned());
        media.media_s3_secret_access_key = Some(SecretString::from("test"));
    })
    .await;
    let admin = world.person(Role::Admin).client;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}", product["id"].as_str().unwrap());
    let parts: [(&str, &[u8]); 1] = [("file", &picture(ImageFormat::Png))];
    upload(&admin, &format!("{path}/images"), &parts)
        .await
        .problem(503, "unavailable");
    let shown = world.guest().get(&path).expect(200).await.value();
    assert_eq!(shown["images"], serde_json::json!([]));
}
