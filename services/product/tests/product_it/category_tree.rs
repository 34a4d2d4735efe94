//! The tree under change: moves, counts and deletions that happen at the same time.

use std::collections::{BTreeMap, BTreeSet};

use auth_token::Role;
use futures::future::join_all;
use serde_json::{Value, json};
use testkit::http::Client;

use crate::world::World;

async fn category(admin: &Client, name: &str, parent: Option<&str>) -> String {
    let made = admin
        .post("/api/categories")
        .json(&json!({"name": name, "parent_id": parent}))
        .expect(201)
        .await
        .value();
    made["id"].as_str().unwrap().to_owned()
}

async fn product(world: &World, sku: &str, category: &str, status: &str) -> String {
    let price = json!({"amount": 100, "currency": "EUR"});
    let body = json!({"title": sku, "description": "", "sku": sku, "price": price, "category_id": category, "status": status});
    let made = world.product_of(&body).await;
    made["id"].as_str().unwrap().to_owned()
}

/// The counts of the tree's answer by slug.
async fn counts(world: &World) -> BTreeMap<String, i64> {
    fn walk(nodes: &Value, into: &mut BTreeMap<String, i64>) {
        for node in nodes.as_array().unwrap() {
            into.insert(
                node["slug"].as_str().unwrap().to_owned(),
                node["product_count"].as_i64().unwrap(),
            );
            walk(&node["children"], into);
        }
    }
    let tree = world
        .guest()
        .get("/api/categories")
        .expect(200)
        .await
        .value();
    let mut counts = BTreeMap::new();
    walk(&tree["data"], &mut counts);
    counts
}

/// The closure is what the parents say, and nobody is above himself.
async fn assert_closure(world: &World) {
    let parents: BTreeMap<uuid::Uuid, Option<uuid::Uuid>> =
        sqlx::query_as::<_, (uuid::Uuid, Option<uuid::Uuid>)>(
            "SELECT id, parent_id FROM categories",
        )
        .fetch_all(&world.pool)
        .await
        .unwrap()
        .into_iter()
        .collect();
    let mut expected = BTreeSet::new();
    for id in parents.keys() {
        let mut above = Some(*id);
        while let Some(ancestor) = above {
            assert!(expected.insert((ancestor, *id)), "a circle");
            above = parents[&ancestor];
        }
    }
    let found: BTreeSet<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("SELECT ancestor_id, descendant_id FROM category_closure")
            .fetch_all(&world.pool)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn concurrent_moves_never_make_a_circle() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let mut ids = Vec::new();
    for name in ["A", "B", "C", "D", "E", "F"] {
        ids.push(category(&admin, name, None).await);
    }
    let ids = &ids;
    // Each wants to hang below its neighbour: all of it would be a circle.
    for round in 0..4 {
        let moves = (0..ids.len()).map(|at| {
            let (admin, to) = (admin.clone(), (at + 1 + round) % ids.len());
            async move {
                let body = json!({"name": format!("{at}"), "parent_id": ids[to]});
                let path = format!("/api/categories/{}", ids[at]);
                let answer = admin.put(&path).json(&body).send().await;
                assert!(matches!(answer.status, 200 | 422), "{}", answer.text());
                answer.status == 200
            }
        });
        let moved = join_all(moves)
            .await
            .into_iter()
            .filter(|moved| *moved)
            .count();
        assert!(moved < ids.len(), "one must have been refused");
        assert_closure(&world).await;
    }
    // Two that want to hang below each other.
    for id in ids {
        admin
            .put(&format!("/api/categories/{id}"))
            .json(&json!({"name": "top"}))
            .expect(200)
            .await;
    }
    let under = async |child: &str, parent: &str| {
        admin
            .put(&format!("/api/categories/{child}"))
            .json(&json!({"name": "x", "parent_id": parent}))
            .send()
            .await
            .status
    };
    let (a, b) = tokio::join!(under(&ids[0], &ids[1]), under(&ids[1], &ids[0]));
    assert_eq!(BTreeSet::from([a, b]), BTreeSet::from([200, 422]));
    assert_closure(&world).await;
}

/// Products come, go and change their category while categories move and the counts are added up: they are exact all the time.
#[tokio::test]
async fn counts_are_exact_under_concurrent_changes() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let top = category(&admin, "Top", None).await;
    let (left, right) = (
        category(&admin, "Left", Some(&top)).await,
        category(&admin, "Right", Some(&top)).await,
    );
    let mut products = Vec::new();
    for number in 0..8 {
        products.push(product(&world, &format!("S-{number}"), &left, "draft").await);
    }
    let (left, right, top) = (left.as_str(), right.as_str(), top.as_str());
    let lives = products.iter().enumerate().map(|(number, id)| {
        let admin = admin.clone();
        async move {
            let path = format!("/api/products/{id}");
            for round in 0..4 {
                admin.post(&format!("{path}/approve")).expect(200).await;
                let read = admin.get(&path).expect(200).await;
                let category = if (number + round) % 3 == 0 { left } else { right };
                let price = json!({"amount": 100, "currency": "EUR"});
                let body = json!({"title": "T", "description": "", "sku": format!("S-{number}"), "price": price, "category_id": category});
                admin
                    .put(&path)
                    .header("if-match", read.header("etag"))
                    .json(&body)
                    .expect(200)
                    .await;
                if (number + round) % 2 == 0 {
                    admin
                        .post(&format!("{path}/reject"))
                        .json(&json!({"reason": "No"}))
                        .expect(200)
                        .await;
                }
            }
        }
    });
    let adding_up = async {
        for _ in 0..30 {
            let (a, b) = tokio::join!(world.app.add_up_counts(), world.app.add_up_counts());
            a.unwrap();
            b.unwrap();
            let (told, counted): (i64, i64) = sqlx::query_as(
                "SELECT (SELECT coalesce(sum(products), 0)::bigint FROM category_counts), \
                        (SELECT count(*) FROM products WHERE status = 'active' AND category_id IS NOT NULL)",
            )
            .fetch_one(&world.pool)
            .await
            .unwrap();
            assert_eq!(told, counted, "at every instant");
        }
    };
    let moving = async {
        for round in 0..6 {
            let parent = if round % 2 == 0 {
                Some(right)
            } else {
                Some(top)
            };
            admin
                .put(&format!("/api/categories/{left}"))
                .json(&json!({"name": "Left", "parent_id": parent}))
                .expect(200)
                .await;
        }
    };
    tokio::join!(join_all(lives), adding_up, moving);
    world.app.add_up_counts().await.unwrap();
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT c.slug, (SELECT count(*) FROM products p JOIN category_closure b ON b.descendant_id = p.category_id \
          WHERE b.ancestor_id = c.id AND p.status = 'active') FROM categories c",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    assert_eq!(counts(&world).await, rows.into_iter().collect());
    assert_closure(&world).await;
}

#[tokio::test]
async fn deleting_asks_what_to_do_with_what_is_in_it() {
    let world = World::new().await;
    let admin = world.person(Role::Admin).client;
    let top = category(&admin, "Top", None).await;
    let middle = category(&admin, "Middle", Some(&top)).await;
    let leaf = category(&admin, "Leaf", Some(&middle)).await;
    let in_middle = product(&world, "A", &middle, "active").await;
    let in_leaf = product(&world, "B", &leaf, "active").await;
    let draft = product(&world, "C", &leaf, "draft").await;
    let path = format!("/api/categories/{middle}");
    let problem = admin
        .delete(&path)
        .send()
        .await
        .problem(409, "category_not_empty");
    assert_eq!(
        (&problem["products"], &problem["children"]),
        (&json!(1), &json!(1))
    );
    admin
        .delete(&format!("{path}?products=move_to_parent"))
        .send()
        .await
        .problem(409, "category_not_empty");
    admin
        .delete(&format!("{path}?children=delete"))
        .send()
        .await
        .problem(409, "category_not_empty");
    admin
        .delete(&format!("{path}?products=burn"))
        .send()
        .await
        .problem(422, "validation_failed");
    admin
        .delete(&format!(
            "/api/categories/{top}?products=move_to_parent&children=delete"
        ))
        .send()
        .await
        .problem(422, "validation_failed");
    admin
        .delete(&format!("{path}?products=uncategorise&children=delete"))
        .header("if-match", "\"7\"")
        .send()
        .await
        .problem(412, "stale_version");
    let category_of = async |id: &str| {
        let product = admin
            .get(&format!("/api/products/{id}"))
            .expect(200)
            .await
            .value();
        product["category"]["id"].as_str().map(str::to_owned)
    };
    assert_eq!(
        category_of(&in_middle).await.as_deref(),
        Some(middle.as_str()),
        "nothing was changed"
    );

    admin
        .delete(&format!(
            "{path}?products=move_to_parent&children=move_to_parent"
        ))
        .expect(204)
        .await;
    assert_eq!(category_of(&in_middle).await.as_deref(), Some(top.as_str()));
    assert_eq!(category_of(&in_leaf).await.as_deref(), Some(leaf.as_str()));
    assert_eq!(
        counts(&world).await,
        BTreeMap::from([("top".to_owned(), 2), ("leaf".to_owned(), 1)])
    );
    assert_closure(&world).await;
    let listed = world
        .guest()
        .get("/api/products?category=top")
        .expect(200)
        .await
        .value();
    assert_eq!(listed["data"].as_array().unwrap().len(), 2);

    admin
        .delete(&format!(
            "/api/categories/{top}?products=uncategorise&children=delete"
        ))
        .expect(204)
        .await;
    for id in [&in_middle, &in_leaf, &draft] {
        assert_eq!(category_of(id).await, None);
    }
    assert_eq!(counts(&world).await, BTreeMap::new());
    let gone: Vec<bool> = sqlx::query_scalar(
        "SELECT (envelope->'data'->>'deleted')::boolean FROM outbox WHERE event_type = 'category.changed' ORDER BY seq",
    )
    .fetch_all(&world.pool)
    .await
    .unwrap();
    assert_eq!(gone, [false, false, false, false, true, true, true]);
}

/// More products than one transaction moves.
#[tokio::test]
async fn a_full_category_is_emptied_in_turns() {
    let world = World::new().await;
    let admin = world.person(Role::Admin);
    let (top, leaf) = {
        let top = category(&admin.client, "Top", None).await;
        let leaf = category(&admin.client, "Leaf", Some(&top)).await;
        (top, leaf)
    };
    sqlx::query(
        "INSERT INTO products (id, seller_id, category_id, slug, title, description, status, currency, price_min, price_max, created_at, updated_at)
         SELECT gen_random_uuid(), $1, $2::uuid, 'p-' || n, 'P', '', 'active', 'EUR', 1, 1, now(), now() FROM generate_series(1, 450) n",
    )
    .bind(admin.id.uuid())
    .bind(&leaf)
    .execute(&world.pool)
    .await
    .unwrap();
    assert_eq!(counts(&world).await["leaf"], 450);
    admin
        .client
        .delete(&format!("/api/categories/{leaf}?products=move_to_parent"))
        .expect(204)
        .await;
    assert_eq!(
        counts(&world).await,
        BTreeMap::from([("top".to_owned(), 450)])
    );
    let told: i64 =
        sqlx::query_scalar("SELECT count(*) FROM outbox WHERE event_type = 'product.updated'")
            .fetch_one(&world.pool)
            .await
            .unwrap();
    assert_eq!(told, 450);
    let _ = top;
}

#[tokio::test]
async fn the_tree_is_answered_fast() {
    let world = World::new().await;
    let seller = world.person(Role::Seller);
    sqlx::query(
        "INSERT INTO categories (id, parent_id, slug, name, created_at, updated_at)
         SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
                CASE WHEN n > 10 THEN ('00000000-0000-7000-8000-' || lpad(to_hex(n / 10), 12, '0'))::uuid END, 'c-' || n, 'C', now(), now()
           FROM generate_series(1, 1000) n",
    )
    .execute(&world.pool)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO products (id, seller_id, category_id, slug, title, description, status, currency, price_min, price_max, created_at, updated_at)
         SELECT gen_random_uuid(), $1, ('00000000-0000-7000-8000-' || lpad(to_hex(1 + n % 1000), 12, '0'))::uuid, 'p-' || n, 'P', '', 'active',
                'EUR', 1, 1, now(), now() FROM generate_series(1, 5000) n",
    )
    .bind(seller.id.uuid())
    .execute(&world.pool)
    .await
    .unwrap();
    world.app.add_up_counts().await.unwrap();
    let answer = world.guest().get("/api/categories").expect(200).await;
    assert_eq!(answer.statement_count(), 1);
    let all: i64 = answer.value()["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| node["product_count"].as_i64().unwrap())
        .sum();
    assert_eq!(all, 5000);
    let tag = answer.header("etag").to_owned();
    world
        .guest()
        .get("/api/categories")
        .header("if-none-match", &tag)
        .expect(304)
        .await;
}
