//! Who is in the demo: staff, sellers, customers.

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::shop::{Account, Shop};
use crate::status::{SignIn, Status};

/// The password of everybody whose sign-in the status file does not tell. Fine for a demo, and only there.
const PASSWORD: &str = "copper-otter-sails-at-noon";

const SUPPORT: [(&str, &str); 1] = [("Sam Okafor", "support@mercato.example")];

const SELLERS: [(&str, &str); 5] = [
    ("Hearth & Loom", "hearth@mercato.example"),
    ("Volt & Valve", "volt@mercato.example"),
    ("Nordwind", "nordwind@mercato.example"),
    ("Far Trails", "trails@mercato.example"),
    ("The Paper Cup", "papercup@mercato.example"),
];

const CUSTOMERS: [(&str, &str, [&str; 4]); 14] = [
    (
        "Ada Lindqvist",
        "ada@mercato.example",
        ["Sankt Eriksgatan 14", "Stockholm", "112 39", "SE"],
    ),
    (
        "Bruno Carvalho",
        "bruno@mercato.example",
        ["Rua das Flores 88", "Porto", "4050-262", "PT"],
    ),
    (
        "Chiara Moretti",
        "chiara@mercato.example",
        ["Via dei Servi 21", "Firenze", "50122", "IT"],
    ),
    (
        "Dmitri Novák",
        "dmitri@mercato.example",
        ["Lidická 7", "Brno", "602 00", "CZ"],
    ),
    (
        "Emma Fischer",
        "emma@mercato.example",
        ["Gneisenaustraße 41", "Berlin", "10961", "DE"],
    ),
    (
        "Farid Haddad",
        "farid@mercato.example",
        ["12 rue Oberkampf", "Paris", "75011", "FR"],
    ),
    (
        "Greta Jansen",
        "greta@mercato.example",
        ["Oudegracht 203", "Utrecht", "3511 NH", "NL"],
    ),
    (
        "Henrik Dahl",
        "henrik@mercato.example",
        ["Jægersborggade 9", "København", "2200", "DK"],
    ),
    (
        "Inés Robles",
        "ines@mercato.example",
        ["Calle Feria 60", "Sevilla", "41002", "ES"],
    ),
    (
        "Jakub Wiśniewski",
        "jakub@mercato.example",
        ["ul. Mokotowska 33", "Warszawa", "00-560", "PL"],
    ),
    (
        "Katja Mayr",
        "katja@mercato.example",
        ["Lange Gasse 15", "Wien", "1080", "AT"],
    ),
    (
        "Liam Byrne",
        "liam@mercato.example",
        ["4 Capel Street", "Dublin", "D01 X8N7", "IE"],
    ),
    (
        "Mireille Dubois",
        "mireille@mercato.example",
        ["Rue Neuve 102", "Bruxelles", "1000", "BE"],
    ),
    (
        "Niko Virtanen",
        "niko@mercato.example",
        ["Fleminginkatu 18", "Helsinki", "00510", "FI"],
    ),
];

/// Somebody who buys.
#[derive(Debug)]
pub(crate) struct Customer {
    pub(crate) account: Account,
    /// The id of their saved address.
    pub(crate) address_id: String,
}

/// Everybody, signed in.
#[derive(Debug)]
pub(crate) struct People {
    pub(crate) admin: Account,
    pub(crate) support: Account,
    pub(crate) sellers: Vec<Account>,
    pub(crate) customers: Vec<Customer>,
}

impl People {
    /// Signs everybody up; the administrator gives the roles.
    pub(crate) async fn gather(shop: &Shop, status: &Status, light: bool) -> anyhow::Result<Self> {
        let signin = status
            .sign_in("admin")
            .context("the status file names no admin under `signins`")?;
        let (admin, _) = shop
            .sign_in("Administrator", &signin.email, &signin.password)
            .await
            .context("signing in as administrator")?;
        let mut staff = promote_all(shop, &admin, &SUPPORT, status, "support").await?;
        let support = staff.pop().context("nobody supports")?;
        let sellers = promote_all(shop, &admin, &SELLERS, status, "seller").await?;
        let count = if light { 4 } else { CUSTOMERS.len() };
        let customers = stream::iter(CUSTOMERS.iter().take(count).enumerate())
            .map(|(at, (name, email, address))| {
                customer(shop, name, access(status, "customer", at, email), *address)
            })
            .buffered(2)
            .try_collect()
            .await?;
        Ok(Self {
            admin,
            support,
            sellers,
            customers,
        })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        2 + self.sellers.len() + self.customers.len()
    }
}

/// The sign-ins to show to whoever tries the demo.
pub(crate) fn signins(status: &Status, light: bool) -> Vec<SignIn> {
    let role = |role: &'static str, emails: &[&str]| -> Vec<SignIn> {
        emails
            .iter()
            .enumerate()
            .map(|(at, email)| {
                let (email, password) = access(status, role, at, email);
                SignIn {
                    role: role.to_owned(),
                    email: email.to_owned(),
                    password: password.to_owned(),
                }
            })
            .collect()
    };
    let customers = CUSTOMERS.map(|(_, email, _)| email);
    let admin = status.sign_in("admin").cloned().into_iter().collect();
    [
        admin,
        role("support", &SUPPORT.map(|(_, email)| email)),
        role("seller", &SELLERS.map(|(_, email)| email)),
        role("customer", &customers[..if light { 2 } else { 4 }]),
    ]
    .concat()
}

/// E-mail and password of the person at that place of a role: the first is whom the status file names.
fn access<'a>(status: &'a Status, role: &str, at: usize, email: &'a str) -> (&'a str, &'a str) {
    match status.sign_in(role) {
        Some(signin) if at == 0 => (&signin.email, &signin.password),
        _ => (email, PASSWORD),
    }
}

async fn promote_all(
    shop: &Shop,
    admin: &Account,
    people: &[(&str, &str)],
    status: &Status,
    role: &str,
) -> anyhow::Result<Vec<Account>> {
    stream::iter(people.iter().enumerate())
        .map(|(at, (name, email))| {
            promoted(shop, admin, name, access(status, role, at, email), role)
        })
        .buffered(2)
        .try_collect()
        .await
}

async fn promoted(
    shop: &Shop,
    admin: &Account,
    name: &str,
    (email, password): (&str, &str),
    role: &str,
) -> anyhow::Result<Account> {
    let (account, user) = shop.sign_up(name, email, password).await?;
    if user["role"] != role {
        let id = user["id"].as_str().context("a user without an id")?;
        shop.patch(format!("/api/users/{id}"))
            .by(admin)
            .json(json!({ "role": role }))
            .send()
            .await?;
        // The role is in the token, so a new one is due.
        shop.renew(&account).await?;
    }
    Ok(account)
}

async fn customer(
    shop: &Shop,
    name: &str,
    (email, password): (&str, &str),
    address: [&str; 4],
) -> anyhow::Result<Customer> {
    let (account, _) = shop.sign_up(name, email, password).await?;
    let body = address_of(name, address);
    let saved = shop
        .post("/api/users/me/addresses")
        .by(&account)
        .json(body)
        .send()
        .await?;
    let address_id = saved["id"]
        .as_str()
        .context("an address without an id")?
        .to_owned();
    Ok(Customer {
        account,
        address_id,
    })
}

fn address_of(name: &str, [line1, city, postal_code, country]: [&str; 4]) -> Value {
    json!({ "name": name, "line1": line1, "city": city, "postal_code": postal_code, "country": country })
}

/// The address of somebody without an account.
pub(crate) fn guest_address() -> (String, Value) {
    let (name, address) = ("Olga Petrova", ["Rīgas iela 5", "Rīga", "LV-1050", "LV"]);
    ("olga@mercato.example".to_owned(), address_of(name, address))
}
