//! Programs that act for people: their scopes say what they may do here.

use auth_token::Role;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_program_may_do_what_its_scopes_and_its_owners_role_allow() {
    let world = World::new().await;
    let refused = "Bearer error=\"insufficient_scope\", scope=\"catalogue";
    for (role, scopes, reads, writes) in [
        (Role::Seller, "catalogue:read", true, false),
        (Role::Seller, "catalogue:write", true, true),
        (
            Role::Seller,
            "orders:write account:write payments:refund",
            false,
            false,
        ),
        (Role::Seller, "", false, false),
        (Role::Customer, "catalogue:write", true, false),
    ] {
        let program = world.program(role, scopes);
        let read = program.get("/api/products").send().await;
        if reads {
            let _ = read.expect(200);
        } else {
            assert!(read.header("www-authenticate").starts_with(refused));
            read.problem(403, "insufficient_scope");
        }
        let write = program.post("/api/products").json(&json!({})).send().await;
        match (role, writes) {
            (_, true) => drop(write.problem(422, "validation_failed")),
            (Role::Customer, _) => drop(write.problem(403, "forbidden")),
            _ => drop(write.problem(403, "insufficient_scope")),
        }
    }
}

#[tokio::test]
async fn a_token_that_nobody_knows_is_refused() {
    let world = World::new().await;
    let stranger = world.guest().with_bearer("mk_stranger");
    stranger
        .get("/api/products")
        .send()
        .await
        .problem(401, "unauthenticated");
}
