//! Programs that act for people: their scopes say what they may do here.

use auth_token::Role;
use serde_json::json;

use crate::shop::Shop;

#[tokio::test]
async fn a_program_may_do_what_its_scopes_allow() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 5);
    for (scopes, reads, writes) in [
        ("orders:read", true, false),
        ("orders:write", true, true),
        ("catalogue:write account:write", false, false),
        ("", false, false),
    ] {
        let token = shop.program(Role::Customer, scopes);
        for path in ["/api/orders", "/api/cart"] {
            let answer = shop.client.get(path).bearer(&token).send().await;
            if reads {
                let _ = answer.expect(200);
            } else {
                answer.problem(403, "insufficient_scope");
            }
        }
        let add = shop.client.post("/api/cart").bearer(&token);
        let added = add
            .json(&json!({"variant_id": variant, "quantity": 1}))
            .send()
            .await;
        if writes {
            let _ = added.expect(200);
        } else {
            assert_eq!(
                added.header("www-authenticate"),
                "Bearer error=\"insufficient_scope\", scope=\"orders:write\""
            );
            added.problem(403, "insufficient_scope");
        }
    }
}

/// People prove again who they are before they give money back; a program has a scope for it, or does not do it.
#[tokio::test]
async fn a_program_refunds_only_by_the_scope_for_it() {
    let shop = Shop::open().await;
    let path = "/api/payments/019f0000-0000-7000-8000-000000000000/refund";
    for (role, scopes, status, code) in [
        (Role::Support, "orders:write", 403, "insufficient_scope"),
        (Role::Support, "payments:refund", 404, "not_found"),
        (Role::Customer, "payments:refund", 403, "forbidden"),
    ] {
        let token = shop.program(role, scopes);
        let refund = shop
            .client
            .post(path)
            .header("idempotency-key", "1")
            .bearer(&token);
        refund
            .json(&json!({"reason": "broken"}))
            .send()
            .await
            .problem(status, code);
    }
}
