//! The customers of the panel.

use auth_token::Role;
use primitives::UserId;
use serde_json::json;
use uuid::Uuid;

use crate::html::{assert_hides, assert_shows, text, value_of};
use crate::panel::{Panel, Staff};
use crate::seed::NewOrder;

impl Panel {
    /// Says what auth answers about somebody's sessions.
    fn signed_in_at(&self, id: UserId, devices: &[(&str, Uuid)]) {
        let at = self.clock.now();
        let session = |(device, session): &(&str, Uuid)| {
            json!({"id": session, "device": device, "user_agent": null, "ip": "203.0.113.9", "current": false, "created_at": at,
                   "last_used_at": at, "last_seen_at": at, "expires_at": at})
        };
        let data: Vec<_> = devices.iter().map(session).collect();
        self.peer.world().answers.insert(
            format!("/internal/api/users/{id}/sessions"),
            json!({"data": data, "next_cursor": null}),
        );
    }

    async fn in_auth(&self, sql: &'static str, id: UserId) {
        let change = sqlx::query(sql).bind(id.uuid()).bind(self.clock.now());
        change.execute(&self.auth_db).await.unwrap();
    }
}

fn names(page: &str, panel_names: &[&str]) -> Vec<bool> {
    panel_names.iter().map(|name| page.contains(name)).collect()
}

#[tokio::test]
async fn a_list_is_narrowed_and_taken_along() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let people = ["Anna Ek", "Bert Öst", "Carla Ek"];
    let mut ids = Vec::new();
    for name in people {
        let user = panel.account(Role::Customer).await;
        sqlx::query("UPDATE users SET name = $2 WHERE id = $1")
            .bind(user.id.uuid())
            .bind(name)
            .execute(&panel.auth_db)
            .await
            .unwrap();
        ids.push(user.id);
    }
    let [anna, bert, carla] = ids[..] else {
        panic!()
    };
    let _ = panel
        .order(NewOrder {
            user: Some(anna.uuid()),
            ..NewOrder::default()
        })
        .await;
    panel
        .in_auth("UPDATE users SET disabled_at = $2 WHERE id = $1", bert)
        .await;
    panel
        .in_auth(
            "UPDATE users SET email_verified_at = NULL, created_at = $2::timestamptz - interval '40 days' WHERE id = $1",
            carla,
        )
        .await;
    let shown = async |query: &str| {
        let page = admin.page(&format!("/admin/customers?{query}")).await;
        names(&page, &people)
    };
    assert_eq!(shown("").await, [true, true, true]);
    assert_eq!(shown("q=ek").await, [true, false, true], "last names");
    assert_eq!(shown("q=BERT").await, [false, true, false]);
    assert_eq!(shown("q=nna").await, [false; 3], "only beginnings");
    assert_eq!(shown("q=%25").await, [false; 3], "a pattern is just text");
    assert_eq!(shown("role=admin").await, [false; 3]);
    assert_eq!(shown("status=disabled").await, [false, true, false]);
    assert_eq!(shown("status=unverified").await, [false, false, true]);
    assert_eq!(shown("status=leaving").await, [false; 3]);
    assert_eq!(shown("orders=yes").await, [true, false, false]);
    assert_eq!(shown("orders=no&role=customer").await, [false, true, true]);
    let today = panel.clock.now().to_string()[..10].to_owned();
    assert_eq!(
        shown(&format!("from={today}&to={today}")).await,
        [true, true, false]
    );
    let empty = admin.page("/admin/customers?q=nobody-at-all").await;
    assert_shows(&empty, &["Nobody matches"]);

    let export = "/admin/customers/export.csv";
    let file = admin.send(export, &[("orders", "yes")]).await.expect(200);
    assert!(file.header("content-type").starts_with("text/csv"));
    let lines: Vec<_> = file.text().lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].contains("Anna Ek,customer,false,false,"));
    assert!(lines[1].contains(",1,26.90 EUR,"), "{}", lines[1]);
    assert_eq!(panel.audit().await[0].0, "customers.export");

    let support = panel.staff(Role::Support).await;
    assert_hides(&support.page("/admin/customers").await, &["Export CSV"]);
    let _ = support.send(export, &[]).await.expect(403);
    // All addresses at once are worth a fresh proof, after which the file comes as it was asked for.
    panel.clock.advance(std::time::Duration::from_secs(301));
    let asked = admin.send(export, &[("orders", "yes")]).await.expect(401);
    assert_shows(&asked.text(), &["Is it you?"]);
    let proved = [
        ("orders", "yes"),
        ("proof_password", crate::panel::PASSWORD),
    ];
    let file = admin.send(export, &proved).await.expect(200);
    assert_eq!(file.text().lines().count(), 2);
}

#[tokio::test]
async fn who_ordered_is_found_behind_many_who_did_not() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    // The first is the newest; every second of the first sixty ordered, and nobody after them until the last ten.
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "INSERT INTO users (id, email, email_verified_at, name, role, created_at, updated_at)
         SELECT gen_random_uuid(), 'n' || n || '@example.com', at, 'Person ' || n || '.', 'customer', at, at
           FROM generate_series(1, 260) n, LATERAL (SELECT $1::timestamptz - n * interval '1 hour' AS at) a RETURNING id",
    )
    .bind(panel.clock.now())
    .fetch_all(&panel.auth_db)
    .await
    .unwrap();
    let ordered = |n: usize| (n <= 60 && n.is_multiple_of(2)) || n > 250;
    for n in (1..=260).filter(|n| ordered(*n)) {
        let user = Some(ids[n - 1]);
        let _ = panel
            .order(NewOrder {
                user,
                ..NewOrder::default()
            })
            .await;
    }
    for (wanted, first_page) in [("yes", 40), ("no", 50)] {
        let mut path = Some(format!("/admin/customers?role=customer&orders={wanted}"));
        let mut found = Vec::new();
        while let Some(next) = path {
            let page = admin.page(&next).await;
            let here = (1..=260).filter(|n| page.contains(&format!("Person {n}.")));
            found.extend(here);
            if !next.contains("cursor") {
                assert_eq!(found.len(), first_page, "{wanted}");
            }
            let link = page.split("rel=\"next\" href=\"").nth(1);
            path = link.map(|link| link.split('"').next().unwrap().replace("&#38;", "&"));
        }
        let expected: Vec<usize> = (1..=260)
            .filter(|n| ordered(*n) == (wanted == "yes"))
            .collect();
        assert_eq!(found, expected, "each once, newest first");
    }
}

#[tokio::test]
async fn a_page_tells_all_about_somebody() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let support = panel.staff(Role::Support).await;
    let person = panel.person(Role::Customer).await;
    let (id, path) = (person.id, format!("/admin/customers/{}", person.id));
    assert_shows(
        &support.page(&path).await,
        &["Nothing ordered yet", "None saved.", "auth does not answer"],
    );
    let email: String = sqlx::query_scalar("SELECT email FROM users WHERE id = $1")
        .bind(id.uuid())
        .fetch_one(&panel.auth_db)
        .await
        .unwrap();
    let user = Some(id.uuid());
    let paid = panel
        .order(NewOrder {
            user,
            email: &email,
            ..NewOrder::default()
        })
        .await;
    let _ = panel
        .order(NewOrder {
            user,
            payment_status: "partially_refunded",
            refunded: 690,
            ..NewOrder::default()
        })
        .await;
    let guest = panel
        .order(NewOrder {
            email: &email,
            ..NewOrder::default()
        })
        .await;
    panel
        .in_auth(
            "INSERT INTO addresses (id, user_id, name, line1, city, postal_code, country, is_default_shipping, created_at, updated_at)
             VALUES ($1, $1, '<b>Anna</b>', 'Gata 1', 'Umeå', '90325', 'SE', true, $2, $2)",
            id,
        )
        .await;
    panel
        .in_auth("INSERT INTO totp_secrets (user_id, sealed, last_step, confirmed_at) VALUES ($1, 'x', 0, $2)", id)
        .await;
    let _ = person.writes_to_support("Late").await;
    let session = panel.id();
    panel.signed_in_at(
        id,
        &[
            ("Firefox on Linux", session),
            ("Safari on iPhone", panel.id()),
        ],
    );
    let page = admin.page(&path).await;
    assert_shows(
        &page,
        &[
            "2 Orders",
            "46.90 EUR Spent, less what went back",
            "23.45 EUR Average",
            &paid.number,
            "1 order was placed as a guest",
            "authenticator app since",
            "Firefox on Linux 203.0.113.9",
            "End all 2",
            "Umeå",
            "ships here",
            "Late",
            "Disable the account",
            "Change the role",
            "Export all their data",
        ],
    );
    assert!(page.contains("&#60;b&#62;Anna") && !page.contains("<b>Anna"));
    assert!(!text(&page).contains(&guest.number));
    let page = support.page(&path).await;
    assert_shows(
        &page,
        &["Firefox on Linux", "Mail a link for a new password"],
    );
    assert_hides(
        &page,
        &[
            "End all",
            "Disable the account",
            "Change the role",
            "Export all their data",
            "Delete and erase",
            "What staff did",
        ],
    );
    let list = admin.page(&format!("/admin/orders?customer={id}")).await;
    assert_shows(&list, &[&paid.number, "This customer"]);
    assert_hides(&list, &[&guest.number]);

    // Other pages lead here.
    for from in [
        format!("/admin/orders/{}", paid.id),
        "/admin/messages".to_owned(),
    ] {
        assert!(admin.page(&from).await.contains(&path), "{from}");
    }
}

/// Sends a form of the page of somebody, and answers what auth was asked: method, path, version, body.
async fn sent(
    panel: &Panel,
    staff: &Staff,
    path: &str,
    fields: &[(&str, &str)],
) -> (String, String, Option<String>, serde_json::Value) {
    let _ = panel.peer.account_calls();
    let answer = staff.send(path, fields).await.expect(303);
    let _ = staff.page(answer.header("location")).await;
    let mut calls = panel.peer.account_calls();
    assert_eq!(calls.len(), 1, "{calls:?}");
    let call = calls.remove(0);
    let behalf = call.on_behalf_of.unwrap();
    assert_eq!((call.caller.as_str(), behalf.user_id), ("admin", staff.id));
    let to = call.path.rsplit_once("/users/").unwrap().1.to_owned();
    (call.method, to, call.if_match, call.body)
}

#[tokio::test]
async fn each_form_asks_auth_in_the_staffs_name() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let customer = panel.account(Role::Customer).await;
    let (id, path) = (customer.id, format!("/admin/customers/{}", customer.id));
    let version = value_of(&admin.page(&path).await, "version");
    assert_eq!(version, "1");
    let session = panel.id();
    let ask = async |form: &str, fields: &[(&str, &str)]| {
        let (method, to, version, body) =
            sent(&panel, &admin, &format!("{path}/{form}"), fields).await;
        let to = to.replace(&id.to_string(), "ID");
        (format!("{method} {to}"), version.unwrap_or_default(), body)
    };
    let version = ("version", version.as_str());
    assert_eq!(
        ask(
            "role",
            &[
                version,
                ("role", "seller"),
                ("reason", "Signed the contract")
            ]
        )
        .await,
        (
            "PATCH ID".to_owned(),
            "\"1\"".to_owned(),
            json!({"role": "seller", "reason": "Signed the contract"})
        )
    );
    assert_eq!(
        ask("disable", &[version, ("reason", "Chargebacks")]).await,
        (
            "PATCH ID".to_owned(),
            "\"1\"".to_owned(),
            json!({"disabled": true, "reason": "Chargebacks"})
        )
    );
    assert_eq!(
        ask("enable", &[version]).await,
        (
            "PATCH ID".to_owned(),
            "\"1\"".to_owned(),
            json!({"disabled": false})
        )
    );
    assert_eq!(
        ask("link", &[("link", "reset_password")]).await,
        (
            "POST ID/links".to_owned(),
            String::new(),
            json!({"link": "reset_password"})
        )
    );
    for (form, expected) in [
        ("mfa".to_owned(), "DELETE ID/mfa".to_owned()),
        ("sessions".to_owned(), "DELETE ID/sessions".to_owned()),
        (
            format!("sessions/{session}"),
            format!("DELETE ID/sessions/{session}"),
        ),
        ("keep".to_owned(), "DELETE ID/deletion".to_owned()),
    ] {
        assert_eq!(ask(&form, &[]).await.0, expected);
    }
    let email = customer.email.as_str().to_uppercase();
    assert_eq!(
        ask("erase", &[version, ("email", &email)]).await,
        (
            "POST ID/deletion".to_owned(),
            "\"1\"".to_owned(),
            json!(null)
        )
    );
    let target = format!("user:{id}");
    let audit = panel.audit().await;
    assert!(audit.iter().all(|(_, of, _)| *of == target), "{audit:?}");
    assert!(audit.contains(&("user.disable".to_owned(), target.clone(), "done".to_owned())));

    // What is missing or wrong does not get to auth.
    let _ = panel.peer.account_calls();
    let page = admin.send(&format!("{path}/disable"), &[version]).await;
    assert_shows(&page.expect(422).text(), &["Say why"]);
    let wrong = [version, ("email", "somebody@else.example")];
    let page = admin.send(&format!("{path}/erase"), &wrong).await;
    assert_shows(&page.expect(422).text(), &["not that of this account"]);
    assert!(panel.peer.account_calls().is_empty());

    panel.peer.refuse(412, "stale_version", "It was changed.");
    let fields = [version, ("role", "customer")];
    let page = admin.send(&format!("{path}/role"), &fields).await;
    assert_shows(
        &page.expect(412).text(),
        &["Somebody else changed this meanwhile", "Go back"],
    );
}

#[tokio::test]
async fn orders_of_a_guest_are_looked_at_and_then_given() {
    let panel = Panel::open().await;
    let support = panel.staff(Role::Support).await;
    let customer = panel.account(Role::Customer).await;
    let path = format!("/admin/customers/{}/claim", customer.id);
    assert_shows(&support.page(&path).await, &["None left"]);
    let email = customer.email.as_str();
    let first = panel
        .order(NewOrder {
            email,
            ..NewOrder::default()
        })
        .await;
    let other = panel.order(NewOrder::default()).await;
    let page = support.page(&path).await;
    assert_shows(&page, &[&first.number, "Add them to the account"]);
    assert_hides(&page, &[&other.number]);
    let page = support.send(&path, &[]).await;
    assert_shows(&page.expect(422).text(), &["Choose the orders"]);
    let chosen = first.id.to_string();
    let _ = support.send(&path, &[("order", &chosen)]).await.expect(303);
    let calls = panel.peer.calls();
    let call = &calls[0];
    assert_eq!(
        (call.service.as_str(), call.path.as_str(), &call.body),
        (
            "order",
            "/internal/api/orders/claims",
            &json!({"user_id": customer.id, "order_ids": [chosen]})
        )
    );
    panel
        .in_auth(
            "UPDATE users SET email_verified_at = NULL, updated_at = $2 WHERE id = $1",
            customer.id,
        )
        .await;
    let page = support.page(&path).await;
    assert_shows(&page, &["Nobody has proved", &first.number]);
    assert_hides(&page, &["Add them"]);
}

#[tokio::test]
async fn who_leaves_is_shown_what_goes_and_what_stays() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let support = panel.staff(Role::Support).await;
    let customer = panel.account(Role::Customer).await;
    let (id, path) = (customer.id, format!("/admin/customers/{}", customer.id));
    let user = Some(id.uuid());
    for status in ["confirmed", "completed"] {
        let order = NewOrder {
            user,
            status,
            ..NewOrder::default()
        };
        let _ = panel.order(order).await;
    }
    let erase = format!("{path}/erase");
    let _ = support.get(&erase).expect(403).await;
    assert_shows(
        &admin.page(&erase).await,
        &[
            "1 order is under way",
            "In 1 finished order",
            "2 orders with lines, payments and refunds",
            "The audit log",
            "Shut and delete",
        ],
    );
    // The only admin stays; a second one may go.
    let own = format!("/admin/customers/{}/erase", admin.id);
    let page = admin.page(&own).await;
    assert_shows(&page, &["This is you", "The shop needs an admin"]);
    assert_hides(&page, &["Shut and delete"]);

    // The whole document, as auth makes it.
    let document = json!({"account": {"email": customer.email}});
    let at = format!("/internal/api/users/{id}/export");
    panel.peer.world().answers.insert(at, document.clone());
    let file = admin.send(&format!("{path}/export"), &[]).await.expect(200);
    assert_eq!(file.value(), document);
    assert!(file.header("content-disposition").contains("attachment"));

    panel
        .in_auth(
            "INSERT INTO account_deletions (user_id, requested_at, due_at) VALUES ($1, $2, $2::timestamptz + interval '14 days')",
            id,
        )
        .await;
    assert_shows(
        &admin.page(&path).await,
        &["will be deleted", "Keep the account"],
    );
    assert_shows(&admin.page(&erase).await, &["It is asked for already"]);

    // Gone: a plain page, and the orders still.
    panel
        .in_auth(
            "DELETE FROM users WHERE id = $1 AND $2::timestamptz IS NOT NULL",
            id,
        )
        .await;
    let page = admin.get(&path).expect(410).await.text();
    assert_shows(&page, &["Deleted account", "Its orders"]);
    for page in [format!("{path}/claim"), erase] {
        let _ = admin.get(&page).expect(404).await;
    }
}

#[tokio::test]
async fn what_needs_a_fresh_proof_asks_for_it_and_goes_on() {
    let panel = Panel::open().await;
    let admin = panel.staff(Role::Admin).await;
    let customer = panel.account(Role::Customer).await;
    let path = format!("/admin/customers/{}/role", customer.id);
    panel.peer.world().wants_fresh = true;
    panel.clock.advance(std::time::Duration::from_secs(301));
    let fields = [("version", "1"), ("role", "seller")];
    let page = admin.send(&path, &fields).await.text();
    assert!(page.contains("proof_password"), "{page}");
    let again = [
        ("version", "1"),
        ("role", "seller"),
        ("proof_password", crate::panel::PASSWORD),
    ];
    let _ = admin.send(&path, &again).await.expect(303);
    let calls = panel.peer.account_calls();
    assert_eq!(calls.last().unwrap().body, json!({"role": "seller"}));
}
