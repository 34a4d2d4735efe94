//! Catalogues as files: in, out, and in again.

use std::time::Duration;

use auth_token::Role;
use serde_json::{Value, json};
use testkit::http::{Answer, Client};

use crate::world::World;

const TEE: &str = "handle,title,description,status,category,attribute:Colour,option1_name,option1_value,sku,price,compare_at_price,stock,weight_grams\r\n\
    tee,Tee,\"Soft, \"\"thick\"\"\ncotton\",active,shirts,'=red,Size,M,TEE-M,19.99,24.99,3,180\r\n\
    cup,Cup,,active,,,,,CUP,5,,0,\r\n\
    tee,,,,,,,L,TEE-L,21,,4,200\r\n";

impl World {
    /// Uploads a file, lets it be applied, and looks what came of it.
    async fn import(&self, client: &Client, query: &str, file: impl Into<Vec<u8>>) -> Value {
        let accepted = upload(client, &format!("/api/products/import{query}"), file)
            .await
            .expect(202);
        self.applied(client, &accepted.value()).await
    }

    async fn applied(&self, client: &Client, accepted: &Value) -> Value {
        self.app.apply_imports().await.unwrap();
        let import = client.get(&path(accepted)).expect(200).await.value();
        assert_eq!(import["status"], "finished");
        assert_eq!(import["processed"], import["total_rows"]);
        import
    }

    async fn category(&self, slug: &str) {
        let _ = self
            .person(Role::Admin)
            .client
            .post("/api/categories")
            .json(&json!({"name": "Shirts", "slug": slug}))
            .expect(201)
            .await;
    }

    async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
            .fetch_one(&self.pool)
            .await
            .unwrap()
    }
}

fn path(import: &Value) -> String {
    format!("/api/products/imports/{}", import["id"].as_str().unwrap())
}

async fn upload(client: &Client, path: &str, file: impl Into<Vec<u8>>) -> Answer {
    client
        .post(path)
        .header("content-type", "text/csv")
        .body(file.into())
        .send()
        .await
}

async fn export(client: &Client, query: &str) -> String {
    client
        .get(&format!("/api/products/export{query}"))
        .expect(200)
        .await
        .text()
}

/// Products created, updated, unchanged and failed.
fn counts(import: &Value) -> [i64; 4] {
    ["created", "updated", "unchanged", "failed"].map(|name| import[name].as_i64().unwrap())
}

#[tokio::test]
async fn a_file_makes_products_and_the_same_file_again_changes_nothing() {
    let world = World::new().await;
    world.category("shirts").await;
    let admin = world.person(Role::Admin).client;
    let import = world.import(&admin, "", TEE).await;
    assert_eq!(counts(&import), [2, 0, 0, 0], "{import}");
    assert_eq!(
        (&import["total_rows"], &import["errors"]),
        (&json!(3), &json!([]))
    );
    let tee = world
        .guest()
        .get("/api/products/tee")
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&tee["title"], &tee["description"], &tee["category"]["slug"]),
        (
            &json!("Tee"),
            &json!("Soft, \"thick\"\ncotton"),
            &json!("shirts")
        )
    );
    assert_eq!(
        (
            &tee["attributes"]["Colour"],
            &tee["variants"][1]["options"]["Size"],
            &tee["variants"][1]["available"]
        ),
        (&json!("=red"), &json!("L"), &json!(4))
    );
    assert_eq!(
        (
            &tee["variants"][0]["compare_at_price"]["amount"],
            &tee["variants"][0]["weight_grams"]
        ),
        (&json!(2499), &json!(180))
    );
    let events = world.events().await;
    assert_eq!(
        events
            .iter()
            .filter(|event| *event == "product.created")
            .count(),
        2
    );

    assert_eq!(counts(&world.import(&admin, "", TEE).await), [0, 0, 2, 0]);
    assert_eq!(
        world.events().await,
        events,
        "nothing happened, so nothing is told"
    );

    // A new count is no new version of the product; a new price is.
    let import = world
        .import(&admin, "", "sku,stock,price\nTEE-M,9,\nCUP,,6.50\n")
        .await;
    assert_eq!(counts(&import), [0, 2, 0, 0], "{import}");
    let after = world
        .guest()
        .get("/api/products/tee")
        .expect(200)
        .await
        .value();
    assert_eq!(
        (
            &after["version"],
            &after["variants"][0]["available"],
            &after["variants"][1]["available"]
        ),
        (&tee["version"], &json!(9), &json!(4))
    );
    let cup = world
        .guest()
        .get("/api/products/cup")
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&cup["version"], &cup["price"]["min"]["amount"]),
        (&json!(2), &json!(650))
    );
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn an_export_goes_in_again_and_comes_out_the_same() {
    let (world, other) = (World::new().await, World::new().await);
    world.category("shirts").await;
    other.category("shirts").await;
    let (admin, elsewhere) = (
        world.person(Role::Admin).client,
        other.person(Role::Admin).client,
    );
    world.import(&admin, "", TEE).await;
    let seller = world.person(Role::Seller);
    let draft = "title,sku,price,currency,tax_class,seo_title,publish_at,unpublish_at,barcode,length_mm,width_mm,height_mm,attribute:=x\n\
                 '+1 für alle,PLUS,100,JPY,reduced,\"a;b\",2030-01-01,2031-01-01,'-123,1,2,3,'@home\n";
    assert_eq!(
        counts(&world.import(&seller.client, "", draft).await),
        [1, 0, 0, 0]
    );
    let file = export(&admin, "").await;
    assert!(
        file.contains("'+1 für alle") && file.contains("'-123") && file.contains("'@home"),
        "{file}"
    );

    assert_eq!(
        counts(&world.import(&admin, "", file.clone()).await),
        [0, 0, 3, 0]
    );
    assert_eq!(
        counts(&other.import(&elsewhere, "", file.clone()).await),
        [3, 0, 0, 0]
    );
    assert_eq!(export(&elsewhere, "").await, file);
    // Sellers see and get only theirs.
    let own = export(&seller.client, "?bom=true").await;
    assert_eq!(own.lines().count(), 2, "{own}");
    assert!(own.starts_with("\u{feff}handle,title,"));
    assert_eq!(
        counts(&world.import(&seller.client, "", own).await),
        [0, 0, 1, 0]
    );
    assert_eq!(export(&admin, "?status=draft").await.lines().count(), 2);
    assert_eq!(export(&admin, "?category=shirts").await.lines().count(), 4);
    seller
        .client
        .get("/api/products/export?seller=0190163d-8694-739b-aea5-966c26f8ad91")
        .send()
        .await
        .problem(403, "forbidden");
    for shopify in [export(&admin, "?format=shopify&status=active").await] {
        assert_eq!(
            counts(&world.import(&admin, "?format=shopify", shopify).await)[2],
            2
        );
    }
}

#[tokio::test]
async fn bad_rows_are_named_mended_and_sent_again() {
    let world = World::new().await;
    let seller = world.person(Role::Seller).client;
    let file = "handle;title;option1_name;option1_value;sku;price;note\n";
    let wrong = upload(&seller, "/api/products/import", file)
        .await
        .problem(422, "validation_failed");
    assert_eq!(
        wrong["errors"],
        json!([{"field": "note", "code": "unknown_column", "message": "is not a column of this format"}])
    );

    let file = "handle;title;option1_name;option1_value;sku;price\n\
                good;Good;;;G;1\n\
                tee;Tee;Size;M;T-M;cheap\n\
                tee;;;L;T-L;7\n\
                other;Other;;;G;2\n\
                '=x;;;;X;1\n\
                short;Short\n";
    let import = world.import(&seller, "", file).await;
    assert_eq!(counts(&import), [1, 0, 0, 4], "{import}");
    let errors: Vec<(i64, &str, &str)> = import["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| {
            (
                error["row"].as_i64().unwrap(),
                error["column"].as_str().unwrap(),
                error["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        errors,
        [
            (3, "price", "invalid"),
            (5, "sku", "duplicate"),
            (6, "title", "required"),
            (7, "", "wrong_cell_count")
        ]
    );
    let answer = seller
        .get(&format!("{}/errors", path(&import)))
        .expect(200)
        .await;
    assert_eq!(
        answer.header("content-type"),
        "text/csv; charset=utf-8; header=present"
    );
    let lines = answer.text();
    let lines: Vec<&str> = lines.trim_start_matches('\u{feff}').lines().collect();
    assert_eq!(
        lines[0],
        "handle;title;option1_name;option1_value;sku;price;import_row;import_error"
    );
    assert!(
        lines[1].starts_with("tee;Tee;Size;M;T-M;cheap;3;")
            && lines[1].contains("price: must be an amount such as 1999.00"),
        "{}",
        lines[1]
    );
    assert_eq!(
        lines[2], "tee;;;L;T-L;7;4;",
        "the rest of the product is there too, and it is right"
    );
    assert!(
        lines[4].starts_with("'=x;;;;X;1;6;") && lines[5].starts_with("short;Short;;;;;7;"),
        "{lines:?}"
    );

    // Only the mended row of the tee, the others as they are.
    let mended = format!(
        "{}\n{}\n{}\n",
        lines[0],
        lines[1].replace("cheap", "6.50"),
        lines[3].replace(";G;2", ";O;2")
    );
    let accepted = upload(&seller, &format!("{}/retry", path(&import)), mended)
        .await
        .expect(202);
    assert_eq!(accepted.value()["id"], import["id"]);
    let again = world.applied(&seller, &import).await;
    assert_eq!(
        (counts(&again), &again["total_rows"]),
        ([3, 0, 0, 2], &json!(6)),
        "{again}"
    );
    let found: Value = seller.get("/api/products/tee").expect(200).await.value();
    let skus: Vec<&str> = found["variants"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variant| variant["sku"].as_str().unwrap())
        .collect();
    assert_eq!(skus, ["T-M", "T-L"]);
    assert_eq!(found["status"], "draft");
    // Of others' imports nobody knows.
    let stranger = world.person(Role::Seller).client;
    for path in [path(&import), format!("{}/errors", path(&import))] {
        stranger.get(&path).send().await.problem(404, "not_found");
    }
    assert_eq!(
        stranger
            .get("/api/products/imports")
            .expect(200)
            .await
            .value()["data"],
        json!([])
    );
    assert_eq!(
        seller
            .get("/api/products/imports")
            .expect(200)
            .await
            .value()["data"][0]["id"],
        import["id"]
    );
}

#[tokio::test]
async fn shopifys_file_is_understood() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    let file = include_str!("shopify.csv");
    let import = upload(
        &seller.client,
        "/api/products/import?format=shopify&currency=USD",
        file,
    )
    .await
    .expect(202)
    .value();
    assert_eq!(
        import["ignored_columns"].as_array().unwrap().len(),
        11,
        "{}",
        import["ignored_columns"]
    );
    let import = world.applied(&seller.client, &import).await;
    assert_eq!(counts(&import), [3, 0, 0, 0], "{import}");
    let shirt = seller
        .client
        .get("/api/products/example-t-shirt")
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&shirt["title"], &shirt["status"]),
        (&json!("Example T-Shirt"), &json!("pending_review")),
        "a seller's product is looked at first"
    );
    assert_eq!(
        shirt["description"],
        "Soft cotton.\n\n- Machine wash\n- Tumble dry & iron"
    );
    assert_eq!(
        (&shirt["attributes"]["vendor"], &shirt["attributes"]["tags"]),
        (&json!("Acme"), &json!("mens, tee"))
    );
    let variants = shirt["variants"].as_array().unwrap();
    assert_eq!(
        (
            variants.len(),
            &variants[0]["price"],
            &variants[0]["compare_at_price"]["amount"],
            &variants[1]["compare_at_price"]
        ),
        (
            2,
            &json!({"amount": 2500, "currency": "USD"}),
            &json!(3000),
            &Value::Null
        )
    );
    assert_eq!(
        (
            &variants[1]["sku"],
            &variants[0]["available"],
            &variants[1]["available"]
        ),
        (&json!("example-t-shirt-small"), &json!(10), &json!(0)),
        "{variants:?}"
    );
    let mug = seller
        .client
        .get("/api/products/example-mug")
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&mug["status"], &mug["variants"][0]["options"]),
        (&json!("draft"), &json!({}))
    );
    assert_eq!(
        counts(
            &world
                .import(&seller.client, "?format=shopify&currency=USD", file)
                .await
        ),
        [0, 0, 3, 0]
    );
}

#[tokio::test]
async fn a_dry_run_says_all_and_leaves_nothing() {
    let world = World::new().await;
    world.category("shirts").await;
    let admin = world.person(Role::Admin);
    let file = format!("{TEE}bad,,,,,,,,,,,,\r\n");
    let import = world.import(&admin.client, "?dry_run=true", file).await;
    assert_eq!(
        (counts(&import), &import["dry_run"]),
        ([2, 0, 0, 1], &json!(true))
    );
    for table in [
        "products",
        "product_variants",
        "stock_movements",
        "product_slugs",
    ] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    assert!(
        !world
            .events()
            .await
            .iter()
            .any(|event| event.starts_with("product.") || event.starts_with("inventory."))
    );
}

#[tokio::test]
async fn who_may_import_what() {
    let world = World::new().await;
    let (seller, other, admin) = (
        world.person(Role::Seller),
        world.person(Role::Seller),
        world.person(Role::Admin),
    );
    let file = "title,status,sku,price\nA,active,A,1\nB,draft,B,1\nC,,C,1\n";
    upload(
        &seller.client,
        &format!("/api/products/import?seller={}", other.id),
        file,
    )
    .await
    .problem(403, "forbidden");
    world.import(&seller.client, "", file).await;
    let status = async |client: &Client, slug: &str| {
        client
            .get(&format!("/api/products/{slug}"))
            .expect(200)
            .await
            .value()["status"]
            .clone()
    };
    assert_eq!(
        [
            status(&seller.client, "a").await,
            status(&seller.client, "b").await,
            status(&seller.client, "c").await
        ],
        ["pending_review", "draft", "draft"]
    );
    // The same SKUs are another seller's own; their addresses differ.
    let import = world
        .import(&admin.client, &format!("?seller={}", other.id), file)
        .await;
    assert_eq!(
        (counts(&import), &import["seller_id"]),
        ([3, 0, 0, 0], &json!(other.id))
    );
    let own = export(&other.client, "").await;
    assert!(own.contains("\r\na-") && own.contains("active"), "{own}");
    let foreign = format!("seller,title,sku,price\n{},D,D,1\n", other.id);
    let import = world.import(&seller.client, "", foreign.clone()).await;
    assert_eq!(
        (counts(&import), &import["errors"][0]["code"]),
        ([0, 0, 0, 1], &json!("forbidden"))
    );
    assert_eq!(
        counts(&world.import(&admin.client, "", foreign).await),
        [1, 0, 0, 0]
    );
    let acts: i64 = world.count("outbox WHERE event_type = 'staff.acted' AND envelope->'data'->>'action' = 'product.import'").await;
    assert_eq!(acts, 2, "what staff do is told once for each file");
}

#[tokio::test]
async fn what_is_no_catalogue_is_refused_at_once() {
    let world = World::new().await;
    let seller = world.person(Role::Seller).client;
    for (file, code) in [
        (&b"sku,title\nA,K\xf6ln\n"[..], "not_utf8"),
        (b"\xff\xfes\0k\0u\0", "not_utf8"),
        (b"sku,title\nA,\0\n", "not_text"),
        (b"", "empty_file"),
        (b"sku,title\n", "empty_file"),
        (b"%PDF-1.7 \n\n", "validation_failed"),
    ] {
        upload(&seller, "/api/products/import", file)
            .await
            .problem(422, code);
    }
    let problem = upload(
        &seller,
        "/api/products/import",
        &b"sku,title\nA,K\xf6ln\n"[..],
    )
    .await
    .value();
    assert!(
        problem["detail"].as_str().unwrap().contains("Latin-1"),
        "{problem}"
    );
    seller
        .post("/api/products/import")
        .json(&json!({}))
        .send()
        .await
        .problem(415, "unsupported_media_type");
    upload(&seller, "/api/products/import?format=excel", TEE)
        .await
        .problem(422, "validation_failed");
    upload(&seller, "/api/products/import", vec![b'x'; 9 * 1024 * 1024])
        .await
        .problem(413, "payload_too_large");
    let rows = format!("sku\n{}", "A\n".repeat(20_001));
    upload(&seller, "/api/products/import", rows)
        .await
        .problem(413, "too_many_rows");
    for table in ["imports", "import_rows", "import_products"] {
        assert_eq!(world.count(table).await, 0, "{table}");
    }
    let form = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\nContent-Type: text/csv\r\n\r\n\u{feff}title\tsku\tprice\r\nForm\tF\t1\r\n\r\n--b--\r\n";
    let accepted = seller
        .post("/api/products/import")
        .header("content-type", "multipart/form-data; boundary=b")
        .body(form)
        .expect(202)
        .await
        .value();
    assert_eq!(
        counts(&world.applied(&seller, &accepted).await),
        [1, 0, 0, 0]
    );
}

fn many(products: usize, variants: usize) -> String {
    let mut file = "handle,title,status,option1_name,option1_value,sku,price,stock\n".to_owned();
    // The rows of a product are far apart.
    for variant in 0..variants {
        for product in 0..products {
            let first = if variant == 0 {
                format!("Product {product},active,Size")
            } else {
                ",,".to_owned()
            };
            file.push_str(&format!(
                "p-{product},{first},{variant},P-{product}-{variant},{}.50,{variant}\n",
                product + 1
            ));
        }
    }
    file
}

#[tokio::test]
async fn a_killed_worker_is_followed_by_another_and_every_row_is_applied_once() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let import = upload(&admin, "/api/products/import", many(120, 2))
        .await
        .expect(202)
        .value();
    world.app.abandon_import(1).await.unwrap();
    let halfway = admin.get(&path(&import)).expect(200).await.value();
    assert_eq!(
        (
            &halfway["status"],
            &halfway["processed"],
            &halfway["created"]
        ),
        (&json!("running"), &json!(100), &json!(50))
    );
    assert_eq!(
        world.app.apply_imports().await.unwrap(),
        0,
        "somebody may still be at work on it"
    );
    world.clock.advance(Duration::from_secs(61));
    let import = world.applied(&admin, &import).await;
    assert_eq!(counts(&import), [120, 0, 0, 0]);
    assert_eq!(
        (
            world.count("products").await,
            world.count("product_variants").await
        ),
        (120, 240)
    );
    assert_eq!(
        world
            .events()
            .await
            .iter()
            .filter(|event| *event == "product.created")
            .count(),
        120
    );
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn a_cancelled_import_stops_where_it_is() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let import = upload(&admin, "/api/products/import", many(120, 1))
        .await
        .expect(202)
        .value();
    world.app.abandon_import(1).await.unwrap();
    let cancelled = admin
        .post(&format!("{}/cancel", path(&import)))
        .expect(200)
        .await
        .value();
    assert_eq!(
        (&cancelled["status"], &cancelled["created"]),
        (&json!("cancelled"), &json!(50))
    );
    world.clock.advance(Duration::from_secs(61));
    assert_eq!(world.app.apply_imports().await.unwrap(), 0);
    assert_eq!(world.count("products").await, 50);
    upload(&admin, &format!("{}/retry", path(&import)), "sku\nA\n")
        .await
        .problem(409, "import_not_finished");
    let again = world.import(&admin, "", many(120, 1)).await;
    assert_eq!(
        counts(&again),
        [70, 0, 50, 0],
        "the rest, when the file is sent again"
    );
    admin
        .post(&format!("{}/cancel", path(&again)))
        .send()
        .await
        .problem(409, "import_finished");
}

#[tokio::test]
async fn a_file_that_is_sent_twice_is_imported_once() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let admin = admin.with_header("idempotency-key", "form");
    let path = "/api/products/import";
    let first = upload(&admin, path, many(2, 1)).await.expect(202).value();
    let again = upload(&admin, path, many(2, 1)).await.expect(202).value();
    assert_eq!(again, first);
    let _ = world.applied(&admin, &first).await;
    let later = upload(&admin, path, many(2, 1)).await.expect(202).value();
    assert_eq!(
        (&later["id"], &later["status"]),
        (&first["id"], &json!("finished"))
    );
    for (path, file) in [
        (path, many(3, 1)),
        ("/api/products/import?dry_run=true", many(2, 1)),
    ] {
        upload(&admin, path, file)
            .await
            .problem(422, "idempotency_key_reused");
    }
    assert_eq!(world.count("imports").await, 1);
}

#[tokio::test]
async fn imports_of_the_same_products_at_once_make_each_once() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let files = [many(60, 2), many(60, 2)];
    let mut imports = Vec::new();
    for file in files {
        imports.push(
            upload(&admin, "/api/products/import", file)
                .await
                .expect(202)
                .value(),
        );
    }
    let (one, two) = tokio::join!(world.app.apply_imports(), world.app.apply_imports());
    assert_eq!(one.unwrap() + two.unwrap(), 2);
    let mut sums = [0; 4];
    for import in &imports {
        let import = admin.get(&path(import)).expect(200).await.value();
        assert_eq!(import["status"], "finished");
        counts(&import)
            .iter()
            .zip(&mut sums)
            .for_each(|(count, sum)| *sum += count);
    }
    assert_eq!((sums, world.count("products").await), ([60, 0, 60, 0], 60));
    world.assert_ledger_adds_up().await;
}

#[tokio::test]
async fn five_thousand_rows_are_applied() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let import = world.import(&admin, "", many(250, 20)).await;
    assert_eq!(
        (counts(&import), &import["total_rows"]),
        ([250, 0, 0, 0], &json!(5000))
    );
    let file = export(&admin, "").await;
    assert_eq!(file.lines().count(), 5001);
    assert_eq!(
        counts(&world.import(&admin, "", file).await),
        [0, 0, 250, 0]
    );
}

#[tokio::test]
async fn stock_that_is_held_cannot_be_counted_away() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    world
        .import(&admin, "", "title,status,sku,price,stock\nA,active,A,1,5\n")
        .await;
    let product = world
        .guest()
        .get("/api/products/a")
        .expect(200)
        .await
        .value();
    let _ = world
        .reserve(world.order_id(), &[(crate::world::variant(&product), 3)])
        .await
        .expect(200);
    let import = world.import(&admin, "", "sku,stock\nA,2\n").await;
    assert_eq!(
        (
            counts(&import),
            &import["errors"][0]["code"],
            &import["errors"][0]["column"]
        ),
        ([0, 0, 0, 1], &json!("stock_reserved"), &json!("stock"))
    );
    assert_eq!(
        counts(&world.import(&admin, "", "sku,stock\nA,3\n").await),
        [0, 1, 0, 0]
    );
    assert_eq!(world.level(crate::world::variant(&product)).await, (3, 3));
}
