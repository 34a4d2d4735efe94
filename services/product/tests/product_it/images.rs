//! Pictures of products.

use std::io::Cursor;

use auth_token::Role;
use axum::http::Method;
use image::ImageFormat;
use serde_json::json;
use testkit::http::{Answer, Client};

use crate::world::{World, keys};

fn encode(image: &image::RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    image
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    encode(&image::RgbImage::new(8, 6), format)
}

pub(crate) async fn upload(client: &Client, path: &str, parts: &[(&str, &[u8])]) -> Answer {
    send(client, Method::POST, path, parts).await
}

async fn send(client: &Client, method: Method, path: &str, parts: &[(&str, &[u8])]) -> Answer {
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
        .request(method, path)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
}

fn id(value: &serde_json::Value) -> &str {
    value["id"].as_str().unwrap()
}

fn files(world: &World) -> usize {
    std::fs::read_dir(world.media.path()).unwrap().count()
}

#[tokio::test]
async fn pictures_are_drawn_in_all_sizes_and_kept() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/images", id(&product));
    let big = encode(&image::RgbImage::new(1200, 900), ImageFormat::Jpeg);
    let parts: [(&str, &[u8]); 2] = [("alt", b"A thing"), ("file", &big)];
    let first = upload(&admin, &path, &parts).await.expect(201).value();
    let members = [
        "alt",
        "height",
        "id",
        "placeholder",
        "sizes",
        "url",
        "variant_ids",
        "width",
    ];
    assert_eq!(keys(&first), members);
    assert_eq!(
        (&first["alt"], &first["width"], &first["height"]),
        (&json!("A thing"), &json!(1200), &json!(900))
    );
    let name = |size: u32, kind: &str| format!("/media/{}-{size}.{kind}", id(&first));
    let size = |width: u32, height: u32| json!({"width": width, "height": height, "webp": name(width, "webp"), "jpeg": name(width, "jpg")});
    assert_eq!(
        first["sizes"],
        json!([
            size(1200, 900),
            size(960, 720),
            size(480, 360),
            size(160, 120)
        ])
    );
    assert_eq!(first["url"], name(1200, "jpg"));
    let placeholder = first["placeholder"].as_str().unwrap();
    assert!(placeholder.starts_with("data:image/webp;base64,"));
    assert_eq!(files(&world), 8);
    for size in first["sizes"].as_array().unwrap() {
        for kind in ["webp", "jpeg"] {
            let name = size[kind]
                .as_str()
                .unwrap()
                .strip_prefix("/media/")
                .unwrap();
            let file = std::fs::read(world.media.path().join(name)).unwrap();
            let image = image::load_from_memory(&file).unwrap();
            assert_eq!(json!(image.width()), size["width"]);
        }
    }

    world.clock.advance(std::time::Duration::from_millis(2));
    let png: [(&str, &[u8]); 1] = [("file", &picture(ImageFormat::Png))];
    let second = upload(&admin, &path, &png).await.expect(201).value();
    let shown = world
        .guest()
        .get(&format!("/api/products/{}", id(&product)));
    let shown = shown.expect(200).await.value();
    assert_eq!(shown["images"], json!([first, second]));
    assert_eq!(shown["version"], 3);

    // The files go after the commit.
    let image = format!("{path}/{}", id(&first));
    admin.delete(&image).expect(204).await;
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 1);
    assert_eq!(files(&world), 2);
    admin.delete(&image).send().await.problem(404, "not_found");
}

#[tokio::test]
async fn a_category_has_one_picture_or_none() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let new = json!({"name": "Mugs"});
    let category = admin.post("/api/categories").json(&new).expect(201).await;
    let category = category.value();
    assert_eq!(category["image"], json!(null));
    let path = format!("/api/categories/{}/image", id(&category));
    let parts: [(&str, &[u8]); 2] = [("alt", b"A mug"), ("file", &picture(ImageFormat::Png))];
    let first = send(&admin, Method::PUT, &path, &parts).await.expect(200);
    let first = first.value();
    assert_eq!(
        (
            &first["image"]["alt"],
            &first["image"]["width"],
            &first["version"]
        ),
        (&json!("A mug"), &json!(8), &json!(2))
    );
    assert!(
        world
            .media
            .path()
            .join(format!("{}-8.webp", id(&first["image"])))
            .exists()
    );

    // It is in all answers, whatever else of the category changes.
    let category_path = format!("/api/categories/{}", id(&category));
    let renamed = json!({"name": "Cups"});
    let renamed = admin.put(&category_path).json(&renamed).expect(200).await;
    assert_eq!(renamed.value()["image"], first["image"]);
    let guest = world.guest();
    let shown = guest.get(&category_path).expect(200).await.value();
    assert_eq!(shown["image"], first["image"]);
    let tree = guest.get("/api/categories").expect(200).await.value();
    assert_eq!(tree["data"][0]["image"], first["image"]);

    // Another takes its place, and the former one's files go.
    world.clock.advance(std::time::Duration::from_millis(2));
    let parts: [(&str, &[u8]); 1] = [("file", &picture(ImageFormat::WebP))];
    let second = send(&admin, Method::PUT, &path, &parts).await.expect(200);
    let second = second.value();
    assert_ne!(second["image"]["id"], first["image"]["id"]);
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 1);
    assert_eq!(files(&world), 2);

    // What is refused changes nothing, and leaves no files once its time is over.
    let variants: [(&str, &[u8]); 2] = [
        ("variant_ids", id(&category).as_bytes()),
        ("file", &picture(ImageFormat::WebP)),
    ];
    let answer = send(&admin, Method::PUT, &path, &variants).await;
    let problem = answer.problem(422, "validation_failed");
    assert_eq!(problem["errors"][0]["field"], "variant_ids");
    let stale = admin.delete(&path).header("if-match", "\"2\"").send().await;
    stale.problem(412, "stale_version");
    let unknown = format!("/api/categories/{}/image", uuid::Uuid::new_v4());
    let answer = send(&admin, Method::PUT, &unknown, &parts).await;
    answer.problem(404, "not_found");
    let shown = guest.get(&category_path).expect(200).await.value();
    assert_eq!(shown["image"], second["image"]);

    for _ in 0..2 {
        let without = admin.delete(&path).expect(200).await.value();
        assert_eq!(
            (&without["image"], &without["version"]),
            (&json!(null), &json!(5))
        );
    }
    let _ = send(&admin, Method::PUT, &path, &parts).await.expect(200);
    admin.delete(&category_path).expect(204).await;
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 2);
    assert_eq!(files(&world), 0);
}

#[tokio::test]
async fn pictures_are_reordered_and_described() {
    let world = World::new().await;
    let seller = world.person(Role::Admin).client;
    let size = |sku: &str, size: &str| json!({"sku": sku, "options": {"size": size}, "stock": 1, "price": {"amount": 1, "currency": "EUR"}});
    let product = world
        .product_of(
            &json!({"title": "Shirt", "description": "", "status": "active", "options": ["size"],
            "variants": [size("S", "S"), size("M", "M")]}),
        )
        .await;
    let path = format!("/api/products/{}/images", id(&product));
    let mut made = Vec::new();
    for _ in 0..3 {
        world.clock.advance(std::time::Duration::from_millis(2));
        let parts: [(&str, &[u8]); 1] = [("file", &picture(ImageFormat::Gif))];
        made.push(upload(&seller, &path, &parts).await.expect(201).value());
    }
    let [first, second, third] = [0, 1, 2].map(|n: usize| id(&made[n]));
    let order = json!({"ids": [third, first, second]});
    let list = seller.put(&path).json(&order).expect(200).await.value();
    assert_eq!(list["data"], json!([made[2], made[0], made[1]]));
    let again = seller.put(&path).json(&order).expect(200).await.value();
    assert_eq!(again, list);
    for bad in [
        json!([third, first]),
        json!([third, first, first]),
        json!([third, first, id(&product)]),
    ] {
        let bad = json!({ "ids": bad });
        seller
            .put(&path)
            .json(&bad)
            .send()
            .await
            .problem(422, "validation_failed");
    }

    let one = format!("{path}/{third}");
    let medium = &product["variants"][1]["id"];
    let body = json!({"alt": "In medium", "variant_ids": [medium]});
    let described = seller.put(&one).json(&body).expect(200).await.value();
    assert_eq!(
        (&described["alt"], &described["variant_ids"]),
        (&body["alt"], &body["variant_ids"])
    );
    let shown = world
        .guest()
        .get(&format!("/api/products/{}", id(&product)));
    let shown = shown.expect(200).await.value();
    assert_eq!(shown["images"], json!([described, made[0], made[1]]));
    // Three pictures, one order, one description.
    assert_eq!(shown["version"], 6);
    let foreign = json!({"alt": "", "variant_ids": [id(&product)]});
    seller
        .put(&one)
        .json(&foreign)
        .send()
        .await
        .problem(422, "validation_failed");
    let parts: [(&str, &[u8]); 2] = [
        ("variant_ids", third.as_bytes()),
        ("file", &picture(ImageFormat::WebP)),
    ];
    upload(&seller, &path, &parts)
        .await
        .problem(422, "validation_failed");
    let other = format!("{path}/{}", id(&product));
    seller
        .put(&other)
        .json(&json!({"alt": ""}))
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_picture_that_is_sent_twice_is_added_once() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let admin = admin.with_header("idempotency-key", "form-0");
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}", id(&product));
    let images = format!("{path}/images");
    let (png, gif) = (picture(ImageFormat::Png), picture(ImageFormat::Gif));
    let first = upload(&admin, &images, &[("file", &png)]).await;
    let first = first.expect(201).value();
    let again = upload(&admin, &images, &[("file", &png)]).await;
    assert_eq!(again.expect(201).value(), first);
    upload(&admin, &images, &[("file", &gif)])
        .await
        .problem(422, "idempotency_key_reused");
    let shown = world.guest().get(&path).expect(200).await.value();
    assert_eq!(shown["images"], json!([first]));

    // The files of the others go.
    world.clock.advance(std::time::Duration::from_secs(901));
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 2);
    assert_eq!(files(&world), 2);
}

#[tokio::test]
async fn an_upload_that_becomes_no_picture_leaves_no_file() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let product = world.product("A", 100, 5).await;
    let path = format!("/api/products/{}/images", id(&product));
    let unknown = id(&product).as_bytes();
    let parts: [(&str, &[u8]); 2] = [
        ("variant_ids", unknown),
        ("file", &picture(ImageFormat::Png)),
    ];
    upload(&admin, &path, &parts)
        .await
        .problem(422, "validation_failed");
    assert_eq!(files(&world), 2);
    // It might still become one.
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 0);
    world.clock.advance(std::time::Duration::from_secs(901));
    assert_eq!(world.app.remove_leftovers().await.unwrap(), 1);
    assert_eq!(files(&world), 0);
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
    upload(
        &admin,
        &path,
        &[("file", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1")],
    )
    .await
    .problem(415, "unsupported_media_type");
    upload(&admin, &path, &[("file", &png[..40])])
        .await
        .problem(422, "validation_failed");
    upload(
        &admin,
        &path,
        &[("file", &[&png[..], &vec![0; 10 * 1024 * 1024]].concat())],
    )
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
    upload(&admin, &path, &[("file", &png), ("file", &png)])
        .await
        .problem(422, "validation_failed");
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
