//! Who is in the demo: staff, sellers, customers.

use anyhow::Context as _;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use crate::shop::{Account, Shop};
use crate::status::SignIn;

/// The password of everybody but the administrator. Fine for a demo, and only there.
const PASSWORD: &str = "copper-otter-sails-at-noon";

const SUPPORT: (&str, &str) = ("Sam Okafor", "support@mercato.example");

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
    pub(crate) async fn gather(shop: &Shop, admin: &SignIn, light: bool) -> anyhow::Result<Self> {
        let (admin, _) = shop
            .sign_in("Administrator", &admin.email, &admin.password)
            .await
            .context("signing in as administrator")?;
        let support = promoted(shop, &admin, SUPPORT, "support").await?;
        let sellers = stream::iter(SELLERS)
            .map(|seller| promoted(shop, &admin, seller, "seller"))
            .buffered(2)
            .try_collect()
            .await?;
        let customers =
            stream::iter(
                CUSTOMERS
                    .iter()
                    .take(if light { 4 } else { CUSTOMERS.len() }),
            )
            .map(|(name, email, address)| customer(shop, name, email, *address))
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
pub(crate) fn signins(admin: &SignIn, light: bool) -> Vec<Value> {
    let demo =
        |role: &str, email: &str| json!({ "role": role, "email": email, "password": PASSWORD });
    let mut signins = vec![
        json!({ "role": "admin", "email": admin.email, "password": admin.password }),
        demo("support", SUPPORT.1),
    ];
    signins.extend(SELLERS.iter().map(|(_, email)| demo("seller", email)));
    let shown = if light { 2 } else { 4 };
    signins.extend(
        CUSTOMERS
            .iter()
            .take(shown)
            .map(|(_, email, _)| demo("customer", email)),
    );
    signins
}

async fn promoted(
    shop: &Shop,
    admin: &Account,
    who: (&str, &str),
    role: &str,
) -> anyhow::Result<Account> {
    let (name, email) = who;
    let (account, user) = shop.sign_up(name, email, PASSWORD).await?;
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
    email: &str,
    address: [&str; 4],
) -> anyhow::Result<Customer> {
    let (account, _) = shop.sign_up(name, email, PASSWORD).await?;
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
