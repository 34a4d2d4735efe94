//! What the tests of the running shop do again and again: sign people up, put something on sale, wait for the mail.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};
use testkit::http::{Client, Request};

use crate::stack::{Stack, database_url};

/// A good password that zxcvbn does not know.
pub(crate) const PASSWORD: &str = "walnut-harbour-drifts-eleven";

/// How long something may take that goes through the broker.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The running shop, seen from outside.
pub(crate) struct Shop {
    pub(crate) stack: Stack,
    pub(crate) client: Client,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh_token: String,
}

/// What is on sale.
#[derive(Clone, Debug)]
pub(crate) struct OnSale {
    pub(crate) id: String,
    pub(crate) slug: String,
    pub(crate) title: String,
    pub(crate) variant_id: String,
}

impl Shop {
    /// The shop that `MERCATO_STATUS` names.
    pub(crate) fn open() -> Self {
        let stack = Stack::running();
        let client = Client::new(stack.base_url());
        Self { stack, client }
    }

    /// Registers somebody new.
    pub(crate) async fn register(&self, name: &str) -> Person {
        let email = format!("{}-{}@example.com", name.to_lowercase(), unique());
        let body = json!({ "email": email, "password": PASSWORD, "name": name });
        let answer = self
            .client
            .post("/api/auth/register")
            .json(&body)
            .expect(201)
            .await
            .value();
        assert_eq!(answer["user"]["email"], *email);
        assert_eq!(answer["user"]["role"], "customer");
        Person::new(&answer)
    }

    /// Signs in.
    pub(crate) async fn sign_in(&self, email: &str, password: &str) -> Person {
        let body = json!({ "email": email, "password": password });
        Person::new(
            &self
                .client
                .post("/api/auth/login")
                .json(&body)
                .expect(200)
                .await
                .value(),
        )
    }

    /// E-mail and password of the stack's administrator.
    pub(crate) fn admin_sign_in(&self) -> (String, String) {
        let signins = self.stack.value("/signins").as_array().expect("sign-ins");
        let admin = signins
            .iter()
            .find(|signin| signin["role"] == "admin")
            .expect("an administrator");
        (
            admin["email"].as_str().unwrap().to_owned(),
            admin["password"].as_str().unwrap().to_owned(),
        )
    }

    /// The administrator, signed in.
    pub(crate) async fn admin(&self) -> Person {
        let (email, password) = self.admin_sign_in();
        self.sign_in(&email, &password).await
    }

    /// Somebody new whom the administrator makes a seller.
    pub(crate) async fn seller(&self, admin: &Person) -> Person {
        let person = self.register("Seller").await;
        let body = json!({ "role": "seller" });
        self.client
            .patch(&format!("/api/users/{}", person.id))
            .bearer(&admin.token)
            .json(&body)
            .expect(200)
            .await;
        // The role is in the token.
        self.sign_in(&person.email, PASSWORD).await
    }

    /// Puts something new on sale at 19.99 €: a seller drafts and submits it, an administrator approves it.
    pub(crate) async fn put_on_sale(&self, seller: &Person, admin: &Person, units: u32) -> OnSale {
        let name = unique();
        let title = format!("Walnut Tray {name}");
        let body = json!({
            "title": title,
            "description": "A tray that carries breakfast for two and hangs on a nail for the rest of the day.",
            "price": { "amount": 1999, "currency": "EUR" },
            "sku": format!("TRAY-{}", name.to_uppercase()),
            "stock": units,
            "attributes": { "material": "walnut" },
        });
        let product = self
            .client
            .post("/api/products")
            .bearer(&seller.token)
            .json(&body)
            .expect(201)
            .await
            .value();
        assert_eq!(product["status"], "draft");
        let id = product["id"].as_str().unwrap().to_owned();
        // Nobody sees it yet.
        self.client
            .get(&format!("/api/products/{id}"))
            .expect(404)
            .await;
        let submit = format!("/api/products/{id}/submit");
        let product = self
            .client
            .post(&submit)
            .bearer(&seller.token)
            .expect(200)
            .await
            .value();
        assert_eq!(product["status"], "pending_review");
        let approve = format!("/api/products/{id}/approve");
        self.client
            .post(&approve)
            .bearer(&seller.token)
            .send()
            .await
            .problem(403, "forbidden");
        let product = self
            .client
            .post(&approve)
            .bearer(&admin.token)
            .expect(200)
            .await
            .value();
        assert_eq!(product["status"], "active");
        OnSale {
            id,
            slug: product["slug"].as_str().unwrap().to_owned(),
            title,
            variant_id: product["variants"][0]["id"].as_str().unwrap().to_owned(),
        }
    }

    /// A customer buys so many and pays; the order once it is confirmed.
    pub(crate) async fn buy(&self, customer: &Person, product: &OnSale, quantity: u32) -> Value {
        let lines = [(product.variant_id.as_str(), quantity)];
        self.buy_all(customer, &lines).await
    }

    /// The same with several variants in one order.
    pub(crate) async fn buy_all(&self, customer: &Person, lines: &[(&str, u32)]) -> Value {
        let token = &customer.token;
        for (variant_id, quantity) in lines {
            let line = json!({ "variant_id": variant_id, "quantity": quantity });
            self.client
                .post("/api/cart")
                .bearer(token)
                .json(&line)
                .expect(200)
                .await;
        }
        let order = self
            .client
            .post("/api/orders")
            .bearer(token)
            .header("idempotency-key", &unique());
        let order = order
            .json(&json!({ "shipping_address": address() }))
            .expect(201)
            .await
            .value();
        let id = order["id"].as_str().unwrap();
        let card = json!({ "method": "card", "test_payment_method": "pm_card_visa" });
        self.client
            .post(&format!("/api/orders/{id}/payment"))
            .bearer(token)
            .json(&card)
            .expect(200)
            .await;
        confirmed(id, |path| self.client.get(path).bearer(token)).await
    }

    /// The newest mail to that address, once it is there.
    pub(crate) async fn mail_to(&self, email: &str, subject_has: &str) -> Value {
        let url = format!(
            "{}/api/messages",
            self.stack.text("/mailbox_url").trim_end_matches('/')
        );
        testkit::eventually_within(
            PATIENCE,
            &format!("a mail about {subject_has:?} to {email}"),
            async || {
                let mails = self.client.get(&url).expect(200).await.value();
                mails
                    .as_array()
                    .expect("a list of mails")
                    .iter()
                    .find(|mail| {
                        let to = mail["to"]
                            .as_array()
                            .is_some_and(|to| to.iter().any(|to| to == email));
                        to && mail["subject"]
                            .as_str()
                            .is_some_and(|subject| subject.contains(subject_has))
                    })
                    .cloned()
            },
        )
        .await
    }
}

impl Person {
    fn new(answer: &Value) -> Self {
        let text = |pointer: &str| {
            answer
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_else(|| panic!("no {pointer}: {answer}"))
                .to_owned()
        };
        assert_eq!(answer["tokens"]["token_type"], "Bearer");
        Self {
            id: text("/user/id"),
            email: text("/user/email"),
            token: text("/tokens/access_token"),
            refresh_token: text("/tokens/refresh_token"),
        }
    }
}

/// Waits until the webhook has confirmed the order.
pub(crate) async fn confirmed(id: &str, get: impl Fn(&str) -> Request) -> Value {
    becomes("the webhook confirms the order", id, get, |order| {
        order["status"] == "confirmed"
    })
    .await
}

/// Waits until the order is as it shall be.
pub(crate) async fn becomes(
    what: &str,
    id: &str,
    get: impl Fn(&str) -> Request,
    done: impl Fn(&Value) -> bool,
) -> Value {
    testkit::eventually_within(PATIENCE, what, async || {
        let order = get(&format!("/api/orders/{id}")).expect(200).await.value();
        done(&order).then_some(order)
    })
    .await
}

/// Units on hand, once nothing is reserved any more.
pub(crate) async fn on_hand(product: &OnSale) -> i32 {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut db = PgConnection::connect(&database_url("product_db"))
        .await
        .unwrap();
    testkit::eventually_within(PATIENCE, "nothing is reserved any more", async || {
        let (on_hand, reserved): (i32, i32) = sqlx::query_as(
            "SELECT sum(on_hand)::int, sum(reserved)::int FROM stock_levels WHERE variant_id = $1::text::uuid",
        )
        .bind(&product.variant_id)
        .fetch_one(&mut db)
        .await
        .unwrap();
        (reserved == 0).then_some(on_hand)
    })
    .await
}

/// Where parcels go.
pub(crate) fn address() -> Value {
    json!({
        "name": "Emma Fischer", "line1": "Gneisenaustraße 41", "city": "Berlin", "postal_code": "10961", "country": "DE",
    })
}

/// Letters and digits that were never used before: tests run against a shop that has a past.
pub(crate) fn unique() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}
