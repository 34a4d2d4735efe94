//! Every operation of the OpenAPI document has a case here that says who may call it.

use std::collections::BTreeSet;

use auth_token::Role;
use runtime::Service as _;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::shop::{Shop, address};

/// What an operation answers to nobody, a customer to whom nothing of it belongs, a seller, support and admin.
pub(crate) struct Case {
    pub(crate) operation: &'static str,
    pub(crate) body: Value,
    answers: [u16; 5],
}

fn case(operation: &'static str, body: Value, answers: [u16; 5]) -> Case {
    Case {
        operation,
        body,
        answers,
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let place = json!({"shipping_address": address(), "email": "a@example.com"});
    let coupon = json!({"code": "ABC", "kind": "free_shipping"});
    let promotion = json!({"name": "Free", "kind": "free_shipping"});
    let tax = json!({"country": "SE", "tax_class": "standard", "name": "VAT", "percent": 25});
    vec![
        // A cart is one's own, also a guest's.
        case("GET /api/cart", json!(null), [200; 5]),
        case(
            "POST /api/cart",
            json!({"variant_id": "VARIANT", "quantity": 1}),
            [200; 5],
        ),
        case("DELETE /api/cart", json!(null), [204; 5]),
        case(
            "PATCH /api/cart/items/{id}",
            json!({"quantity": 2}),
            [404; 5],
        ),
        case("DELETE /api/cart/items/{id}", json!(null), [404; 5]),
        case("POST /api/cart/coupon", json!({"code": "ABC"}), [409; 5]),
        case("DELETE /api/cart/coupon", json!(null), [200; 5]),
        case("DELETE /api/cart/notices", json!(null), [200; 5]),
        case("POST /api/cart/checkout", place.clone(), [409; 5]),
        case("POST /api/orders", place, [409; 5]),
        case("GET /api/orders", json!(null), [401, 200, 200, 200, 200]),
        // Somebody else's order.
        case(
            "GET /api/orders/{id}",
            json!(null),
            [404, 404, 404, 200, 200],
        ),
        case(
            "GET /api/orders/{id}/events",
            json!(null),
            [404, 404, 404, 200, 200],
        ),
        case(
            "GET /api/orders/{id}/events/stream",
            json!(null),
            [404, 404, 404, 200, 200],
        ),
        case(
            "PATCH /api/orders/{id}",
            json!({"shipping_address": address()}),
            [401, 403, 403, 428, 428],
        ),
        // There is no such account.
        case(
            "POST /api/orders/claims",
            json!({"user_id": Uuid::from_u128(7)}),
            [401, 403, 403, 404, 404],
        ),
        case(
            "POST /api/orders/{id}/notes",
            json!({"message": "x"}),
            [401, 403, 403, 201, 201],
        ),
        case(
            "PUT /api/orders/{id}/tags/{tag}",
            json!(null),
            [401, 403, 403, 200, 200],
        ),
        case(
            "DELETE /api/orders/{id}/tags/{tag}",
            json!(null),
            [401, 403, 403, 200, 200],
        ),
        // Nothing was paid, so there is no invoice.
        case(
            "GET /api/orders/{id}/invoice",
            json!(null),
            [404, 404, 404, 409, 409],
        ),
        case(
            "GET /api/orders/{id}/documents",
            json!(null),
            [404, 404, 404, 200, 200],
        ),
        case(
            "GET /api/orders/{id}/documents/{number}",
            json!(null),
            [404; 5],
        ),
        case(
            "GET /api/orders/{id}/packing-slip",
            json!(null),
            [401, 403, 403, 200, 200],
        ),
        case(
            "GET /api/orders/{id}/returns",
            json!(null),
            [404, 404, 404, 200, 200],
        ),
        case(
            "POST /api/orders/{id}/returns",
            json!({"items": []}),
            [404, 404, 404, 409, 409],
        ),
        case("GET /api/returns", json!(null), [401, 403, 403, 200, 200]),
        case("GET /api/returns/{id}", json!(null), [404; 5]),
        case("POST /api/returns/{id}/withdraw", json!(null), [404; 5]),
        case(
            "POST /api/returns/{id}/approve",
            json!({}),
            [401, 403, 403, 404, 404],
        ),
        case(
            "POST /api/returns/{id}/reject",
            json!({"answer": "x"}),
            [401, 403, 403, 404, 404],
        ),
        case(
            "POST /api/returns/{id}/receive",
            json!({"items": []}),
            [401, 403, 403, 404, 404],
        ),
        case(
            "POST /api/returns/{id}/refund",
            json!({}),
            [401, 403, 403, 404, 404],
        ),
        case(
            "GET /api/payments/{id}",
            json!(null),
            [404, 404, 404, 200, 200],
        ),
        case(
            "POST /api/orders/{id}/payment",
            json!({}),
            [404, 404, 404, 200, 200],
        ),
        case(
            "PUT /api/orders/{id}/cancel",
            json!({}),
            [404, 404, 404, 200, 200],
        ),
        case(
            "POST /api/orders/{id}/shipments",
            json!({"carrier": "x", "tracking_number": "x"}),
            [401, 403, 403, 409, 409],
        ),
        case(
            "POST /api/shipments/{id}/deliver",
            json!(null),
            [401, 403, 403, 404, 404],
        ),
        case(
            "POST /api/payments/{id}/refund",
            json!({}),
            [401, 403, 403, 409, 409],
        ),
        case(
            "POST /api/payments/{id}/capture",
            json!({}),
            [401, 403, 403, 409, 409],
        ),
        case(
            "POST /api/payments/{id}/void",
            json!(null),
            [401, 403, 403, 409, 409],
        ),
        case(
            "POST /api/payments/{id}/mark-paid",
            json!({}),
            [401, 403, 403, 409, 409],
        ),
        case(
            "POST /api/refunds/{id}/mark-paid",
            json!(null),
            [401, 403, 403, 404, 404],
        ),
        // One's own saved cards.
        case(
            "GET /api/payment-methods",
            json!(null),
            [401, 200, 200, 200, 200],
        ),
        case(
            "DELETE /api/payment-methods/{id}",
            json!(null),
            [401, 404, 404, 404, 404],
        ),
        case("GET /api/disputes", json!(null), [401, 403, 403, 200, 200]),
        case("GET /api/coupons", json!(null), [401, 403, 403, 403, 200]),
        case(
            "POST /api/coupons",
            coupon.clone(),
            [401, 403, 403, 403, 201],
        ),
        case(
            "GET /api/coupons/{id}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        case("PUT /api/coupons/{id}", coupon, [401, 403, 403, 403, 404]),
        case(
            "DELETE /api/coupons/{id}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        case(
            "GET /api/promotions",
            json!(null),
            [401, 403, 403, 403, 200],
        ),
        case(
            "POST /api/promotions",
            promotion.clone(),
            [401, 403, 403, 403, 201],
        ),
        case(
            "GET /api/promotions/{id}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        case(
            "PUT /api/promotions/{id}",
            promotion,
            [401, 403, 403, 403, 404],
        ),
        case(
            "DELETE /api/promotions/{id}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        // What is offered is for everybody to see.
        case("GET /api/shipping-methods", json!(null), [200; 5]),
        case(
            "GET /api/shipping-methods/all",
            json!(null),
            [401, 403, 403, 403, 200],
        ),
        case(
            "POST /api/shipping-methods",
            json!({"code": "new", "name": "New", "price": {"amount": 1, "currency": "EUR"}}),
            [401, 403, 403, 403, 201],
        ),
        case(
            "GET /api/shipping-methods/{code}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        case(
            "PUT /api/shipping-methods/{code}",
            json!({"name": "New", "price": {"amount": 1, "currency": "EUR"}}),
            [401, 403, 403, 403, 404],
        ),
        case(
            "DELETE /api/shipping-methods/{code}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        case("GET /api/tax-rates", json!(null), [401, 403, 403, 403, 200]),
        case(
            "POST /api/tax-rates",
            tax.clone(),
            [401, 403, 403, 403, 201],
        ),
        case(
            "GET /api/tax-rates/{id}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        case("PUT /api/tax-rates/{id}", tax, [401, 403, 403, 403, 404]),
        case(
            "DELETE /api/tax-rates/{id}",
            json!(null),
            [401, 403, 403, 403, 404],
        ),
        // Stripe proves itself by its signature.
        case("POST /api/webhooks/stripe", json!({}), [400; 5]),
    ]
}

fn operations() -> BTreeSet<String> {
    let document: Value =
        serde_json::from_str(&order::App::openapi().expect("a document")).unwrap();
    let methods = ["get", "post", "put", "patch", "delete"];
    let of_path = |(path, item): (&String, &Value)| {
        let path = path.clone();
        let known = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|method| methods.contains(&method.as_str()))
            .cloned()
            .collect::<Vec<_>>();
        known
            .into_iter()
            .map(move |method| format!("{} {path}", method.to_uppercase()))
    };
    document["paths"]
        .as_object()
        .unwrap()
        .iter()
        .flat_map(of_path)
        .collect()
}

#[test]
fn every_operation_has_a_case() {
    let known: BTreeSet<String> = cases()
        .iter()
        .map(|case| case.operation.to_owned())
        .collect();
    assert_eq!(known, operations());
}

#[tokio::test]
async fn operations_answer_to_whom_they_should() {
    let shop = Shop::open().await;
    let variant = shop.peer.sell(1000, 1000);
    let roles = [
        None,
        Some(Role::Customer),
        Some(Role::Seller),
        Some(Role::Support),
        Some(Role::Admin),
    ];
    for case in cases() {
        for (role, expected) in roles.into_iter().zip(case.answers) {
            // A fresh order of somebody else for each call.
            let owner = shop.person(Role::Customer);
            let order = shop.placed(&owner, variant, 1).await;
            let (method, path) = case.operation.split_once(' ').unwrap();
            let id = if path.starts_with("/api/payments") {
                &order["payment_id"]
            } else {
                &order["id"]
            };
            let path = path
                .replace("{id}", id.as_str().unwrap())
                .replace("{tag}", "vip")
                .replace("{code}", "nothing");
            let body = case
                .body
                .to_string()
                .replace("VARIANT", &variant.to_string());
            let mut request = shop.client.request(method.parse().unwrap(), &path);
            if let Some(role) = role {
                request = request.bearer(&shop.person(role).token);
            }
            if !case.body.is_null() {
                request = request
                    .header("content-type", "application/json")
                    .body(body);
            }
            // A stream has no end that could be waited for.
            if path.ends_with("/stream") && expected == 200 {
                continue;
            }
            let answer = request.send().await;
            assert_eq!(
                answer.status,
                expected,
                "{} as {role:?}: {}",
                case.operation,
                answer.text()
            );
        }
    }
}

#[tokio::test]
async fn a_bad_token_is_refused_even_where_guests_are_welcome() {
    let shop = Shop::open().await;
    shop.client
        .get("/api/cart")
        .bearer("nonsense")
        .send()
        .await
        .problem(401, "unauthenticated");
}
