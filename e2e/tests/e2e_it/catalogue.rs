//! A product's way through the catalogue, by nginx and every hop behind it: drafted with variants and a picture, approved, found,
//! bought, reviewed, wished for, recommended, and taken off again.

use serde_json::{Value, json};
use testkit::http::Answer;

use crate::shop::{OnSale, PATIENCE, Person, Shop, unique};

/// 64 × 48 pixels of blue.
const PICTURE: &[u8] = include_bytes!("mug.png");

#[tokio::test]
async fn a_product_goes_from_draft_to_recommendation() {
    let shop = Shop::open();
    let admin = shop.admin().await;
    let seller = shop.seller(&admin).await;
    let mug = Mug::draft(&shop, &admin, &seller).await;
    mug.gets_a_picture(&seller).await;
    mug.is_approved(&seller, &admin).await;
    mug.is_found(&seller).await;

    // Bought with something else.
    let tray = shop.put_on_sale(&seller, &admin, 9).await;
    let (emma, paul) = (shop.register("Emma").await, shop.register("Paul").await);
    shop.buy_all(&emma, &[(&mug.variant_id, 1), (&tray.variant_id, 1)])
        .await;
    mug.is_reviewed(&emma).await;
    is_wished_for(&shop, &emma, &mug).await;

    // Whoever looks at one is shown the other, and whoever bought one too.
    let bought_together = async || mug.shown_with(&tray).await.contains(&mug.id);
    eventually("the mug is shown with the tray", async || {
        bought_together().await
    })
    .await;
    shop.buy(&paul, &tray, 1).await;
    eventually("the mug is recommended to who has the tray", async || {
        let path = "/api/products/recommended?limit=24";
        let page = shop
            .client
            .get(path)
            .bearer(&paul.token)
            .expect(200)
            .await
            .value();
        page["personalised"] == true && ids(&page["data"]).contains(&mug.id)
    })
    .await;
    let guest = shop
        .client
        .get("/api/products/recommended")
        .expect(200)
        .await
        .value();
    assert_eq!(guest["personalised"], false);

    // What leaves the shop is recommended no longer.
    let path = format!("/api/products/{}", mug.id);
    shop.client
        .delete(&path)
        .bearer(&seller.token)
        .expect(204)
        .await;
    eventually("the mug is gone", async || {
        !bought_together().await && shop.client.get(&path).send().await.status == 404
    })
    .await;
}

/// A mug in two sizes and two glazes, in a category of its own.
struct Mug<'a> {
    shop: &'a Shop,
    id: String,
    name: String,
    category: String,
    variant_id: String,
}

impl<'a> Mug<'a> {
    /// A seller drafts it.
    async fn draft(shop: &'a Shop, admin: &Person, seller: &Person) -> Self {
        let name = unique();
        let category = json!({ "name": format!("Mugs {name}") });
        let category = shop
            .client
            .post("/api/categories")
            .bearer(&admin.token)
            .json(&category)
            .expect(201)
            .await
            .value();
        let variant = |size: &str, glaze: &str, amount: i64, stock: i64| {
            json!({
                "sku": format!("MUG-{name}-{size}-{glaze}"), "price": { "amount": amount, "currency": "EUR" }, "stock": stock,
                "options": { "size": size, "glaze": glaze },
            })
        };
        let body = json!({
            "title": format!("Stoneware Mug {name}"),
            "description": "Holds a pint, keeps it warm, and stands on four small feet.",
            "category_id": category["id"],
            "attributes": { "material": "stoneware", "microwave": true },
            "options": ["size", "glaze"],
            "variants": [variant("S", "blue", 1200, 5), variant("L", "blue", 1500, 5), variant("S", "green", 1100, 0)],
        });
        let product = shop
            .client
            .post("/api/products")
            .bearer(&seller.token)
            .json(&body)
            .expect(201)
            .await
            .value();
        assert_eq!(product["status"], "draft");
        let id = product["id"].as_str().unwrap().to_owned();
        shop.client
            .get(&format!("/api/products/{id}"))
            .send()
            .await
            .problem(404, "not_found");
        Self {
            shop,
            id,
            name,
            category: category["slug"].as_str().unwrap().to_owned(),
            variant_id: product["variants"][0]["id"].as_str().unwrap().to_owned(),
        }
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/products/{}{rest}", self.id)
    }

    /// It is drawn anew and served by nginx, for ever.
    async fn gets_a_picture(&self, seller: &Person) {
        let image = upload(self.shop, seller, &self.path("/images"), PICTURE)
            .await
            .expect(201)
            .value();
        assert_eq!(
            (&image["width"], &image["height"]),
            (&json!(64), &json!(48)),
            "{image}"
        );
        assert!(
            image["placeholder"]
                .as_str()
                .unwrap()
                .starts_with("data:image/"),
            "{image}"
        );
        let size = &image["sizes"][0];
        for (kind, url) in [
            ("image/jpeg", &image["url"]),
            ("image/jpeg", &size["jpeg"]),
            ("image/webp", &size["webp"]),
        ] {
            let url = url.as_str().unwrap();
            let path = url.strip_prefix(self.shop.stack.base_url()).unwrap_or(url);
            let answer = self.shop.client.get(path).expect(200).await;
            assert_eq!(answer.header("content-type"), kind, "{url}");
            assert!(
                answer.header("cache-control").contains("immutable"),
                "{url}: {}",
                answer.header("cache-control")
            );
        }
        upload(self.shop, seller, &self.path("/images"), b"#!/bin/sh")
            .await
            .problem(415, "unsupported_media_type");
    }

    /// Its seller asks, staff say yes.
    async fn is_approved(&self, seller: &Person, admin: &Person) {
        let submitted = self
            .shop
            .client
            .post(&self.path("/submit"))
            .bearer(&seller.token)
            .expect(200)
            .await
            .value();
        assert_eq!(submitted["status"], "pending_review");
        let approved = self
            .shop
            .client
            .post(&self.path("/approve"))
            .bearer(&admin.token)
            .expect(200)
            .await
            .value();
        assert_eq!(approved["status"], "active");
    }

    /// By words, category, price and attributes, and counted.
    async fn is_found(&self, seller: &Person) {
        let name = &self.name;
        eventually("the mug is found", async || {
            self.finds(&format!("q={name}")).await
        })
        .await;
        let page = self
            .search(&format!("q={name}&category={}&facets=true", self.category))
            .await;
        let facets = &page["facets"];
        assert_eq!(facets["total"], 1, "{page}");
        assert_eq!(facets["sellers"], json!([{ "id": seller.id, "count": 1 }]));
        assert_eq!(facets["categories"][0]["slug"], *self.category);
        let attributes = facets["attributes"].as_array().unwrap();
        let keys: Vec<&str> = attributes
            .iter()
            .map(|facet| facet["key"].as_str().unwrap())
            .collect();
        for key in ["size", "glaze", "material"] {
            assert!(keys.contains(&key), "{key}: {facets}");
        }
        let category = &self.category;
        for (query, found) in [
            ("attr.glaze=blue&attr.size=S,L", true),
            ("attr.glaze=red", false),
            ("min_price=1400&max_price=1600&in_stock=true", true),
            ("min_price=1501", false),
            ("rating=1", false),
        ] {
            let query = format!("category={category}&{query}");
            assert_eq!(self.finds(&query).await, found, "{query}");
        }
        for sort in [
            "relevance",
            "newest",
            "price",
            "-price",
            "rating",
            "popular",
        ] {
            assert!(
                self.finds(&format!("category={category}&sort={sort}"))
                    .await,
                "{sort}"
            );
        }
    }

    async fn search(&self, query: &str) -> Value {
        let path = format!("/api/products?{query}");
        self.shop.client.get(&path).expect(200).await.value()
    }

    async fn finds(&self, query: &str) -> bool {
        ids(&self.search(query).await["data"]).contains(&self.id)
    }

    /// Who bought it says what they think, once.
    async fn is_reviewed(&self, buyer: &Person) {
        let review =
            json!({ "rating": 4, "title": "A good pint", "body": "Warm to the last drop." });
        let send = || {
            self.shop
                .client
                .post(&self.path("/reviews"))
                .bearer(&buyer.token)
                .json(&review)
        };
        eventually("the buyer may review", async || {
            send().send().await.status == 201
        })
        .await;
        send().send().await.problem(409, "already_reviewed");
        eventually("the stars are shown", async || {
            let shown = self
                .shop
                .client
                .get(&self.path(""))
                .expect(200)
                .await
                .value();
            shown["rating"] == json!({ "average": 4.0, "count": 1 })
        })
        .await;
    }

    /// What is shown as bought together with something.
    async fn shown_with(&self, other: &OnSale) -> Vec<String> {
        let path = format!("/api/products/{}/recommendations", other.slug);
        let shown = self.shop.client.get(&path).expect(200).await.value();
        ids(&shown["bought_together"])
    }
}

/// Somebody notes it, and finds it noted.
async fn is_wished_for(shop: &Shop, person: &Person, mug: &Mug<'_>) {
    let wish = format!("/api/wishlist/{}", mug.id);
    shop.client
        .put(&wish)
        .bearer(&person.token)
        .expect(201)
        .await;
    let list = shop
        .client
        .get("/api/wishlist")
        .bearer(&person.token)
        .expect(200)
        .await
        .value();
    assert_eq!(list["data"][0]["product"]["id"], *mug.id, "{list}");
    shop.client
        .delete(&wish)
        .bearer(&person.token)
        .expect(204)
        .await;
}

async fn upload(shop: &Shop, seller: &Person, path: &str, file: &[u8]) -> Answer {
    let mut body = Vec::new();
    body.extend(b"--b\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\nA blue mug\r\n");
    body.extend(b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"mug.png\"\r\nContent-Type: image/png\r\n\r\n");
    body.extend(file);
    body.extend(b"\r\n--b--\r\n");
    let request = shop.client.post(path).bearer(&seller.token);
    request
        .header("content-type", "multipart/form-data; boundary=b")
        .body(body)
        .send()
        .await
}

fn ids(list: &Value) -> Vec<String> {
    let products = list
        .as_array()
        .unwrap_or_else(|| panic!("not a list: {list}"));
    products
        .iter()
        .map(|product| product["id"].as_str().unwrap().to_owned())
        .collect()
}

/// Events and caches take their time.
async fn eventually(what: &str, done: impl AsyncFn() -> bool) {
    testkit::eventually_within(PATIENCE, what, async || done().await.then_some(())).await;
}
