//! Pictures of products.

use std::io::Cursor;

use auth_token::Role;
use image::ImageFormat;
use serde_json::json;
use testkit::http::{Answer, Client};

use crate::world::{World, keys};

fn picture(format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::new(8, 6)
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

async fn upload(client: &Client, path: &str, parts: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, content) in parts {
        let file = if *name == "file" {
            "; filename=\"../../evil.sh\"\r\nContent-Type: text/html"
        } else {
            ""
        };
        body.extend(
            format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
                .as_bytes(),
        );
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--b--\r\n");
    client
        .post(path)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
}

#[tokio::test]
async fn pictures_are_kept_and_shown_in_order() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/images", product["id"].as_str().unwrap());
    let first = upload(
        &admin,
        &path,
        &[
            ("alt", "A thing".as_bytes()),
            ("file", &picture(ImageFormat::Jpeg)),
        ],
    )
    .await
    .expect(201)
    .value();
    assert_eq!(keys(&first), ["alt", "height", "id", "url", "width"]);
    assert_eq!(
        (&first["alt"], &first["width"], &first["height"]),
        (&json!("A thing"), &json!(8), &json!(6))
    );
    let url = first["url"].as_str().unwrap();
    assert_eq!(url, format!("/media/{}.jpg", first["id"].as_str().unwrap()));
    let file = world
        .media
        .path()
        .join(url.strip_prefix("/media/").unwrap());
    assert_eq!(std::fs::read(&file).unwrap(), picture(ImageFormat::Jpeg));
    world.clock.advance(std::time::Duration::from_millis(2));
    let second = upload(&admin, &path, &[("file", &picture(ImageFormat::Png))])
        .await
        .expect(201)
        .value();
    let shown = world
        .guest()
        .get(&format!(
            "/api/products/{}",
            product["id"].as_str().unwrap()
        ))
        .expect(200)
        .await
        .value();
    assert_eq!(shown["images"], json!([first, second]));
    assert_eq!(shown["version"], 3);

    let image = format!("{path}/{}", first["id"].as_str().unwrap());
    admin.delete(&image).expect(204).await;
    assert!(!file.exists());
    admin.delete(&image).send().await.problem(404, "not_found");
    assert_eq!(std::fs::read_dir(world.media.path()).unwrap().count(), 1);
}

#[tokio::test]
async fn what_is_not_a_picture_is_refused() {
    let world = World::new().await;
    let (admin, stranger) = (
        world.person(Role::Admin).client,
        world.person(Role::Seller).client,
    );
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/images", product["id"].as_str().unwrap());
    let png = picture(ImageFormat::Png);
    upload(&admin, &path, &[("file", b"<svg onload=alert(1)>")])
        .await
        .problem(415, "unsupported_media_type");
    upload(&admin, &path, &[("file", &png[..40])])
        .await
        .problem(422, "validation_failed");
    upload(&admin, &path, &[("file", &vec![0xFF; 6 * 1024 * 1024])])
        .await
        .problem(413, "payload_too_large");
    let problem = upload(
        &admin,
        &path,
        &[("alt", "a".repeat(301).as_bytes()), ("caption", b"x")],
    )
    .await
    .problem(422, "validation_failed");
    let fields: Vec<_> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["field"])
        .collect();
    assert_eq!(fields, ["alt", "caption", "file"]);
    admin
        .post(&path)
        .json(&json!({}))
        .send()
        .await
        .problem(415, "unsupported_media_type");
    upload(&stranger, &path, &[("file", &png)])
        .await
        .problem(403, "forbidden");
    assert_eq!(std::fs::read_dir(world.media.path()).unwrap().count(), 0);
    for _ in 0..20 {
        let _ = upload(&admin, &path, &[("file", &png)]).await.expect(201);
    }
    upload(&admin, &path, &[("file", &png)])
        .await
        .problem(409, "too_many_images");
}
