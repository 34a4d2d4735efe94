//! Why a buyer does not find a product, or cannot have it: every check that stands between the two, and what to do.

use askama::Template;
use auth_token::permissions::{ManageSettings, ReadCatalogue};
use axum::extract::State;
use axum::response::Html;
use primitives::{Currency, ProductId, Timestamp};

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::format::filters;
use crate::input::Path;
use crate::pages::shell::{Shell, link};
use crate::read::currencies;
use crate::read::products::detail::{self, Definition, Head, Picture, Shown, VariantRow};
use crate::read::snapshot;
use crate::read::users::{self, Seller};
use crate::session::May;

const SETTINGS: &str = "/admin/settings";

#[derive(Template)]
#[template(path = "products/doctor.html")]
struct Page {
    shell: Shell,
    head: Head,
    checks: Vec<Check>,
}

impl Page {
    fn failing(&self) -> usize {
        let fails = |check: &&Check| check.verdict == Verdict::Fails;
        self.checks.iter().filter(fails).count()
    }
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// It can be bought, and would sell better.
    Weak,
    /// It is not found, or cannot be bought.
    Fails,
}

impl Verdict {
    fn badge(self) -> (&'static str, &'static str) {
        match self {
            Self::Fine => ("good", "fine"),
            Self::Weak => ("warn", "could be better"),
            Self::Fails => ("bad", "fails"),
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    name: &'static str,
    verdict: Verdict,
    text: String,
    /// Where it is mended, and what that is called.
    mend: Option<(String, &'static str)>,
}

struct Facts<'a> {
    head: &'a Head,
    variants: &'a [VariantRow],
    pictures: &'a [Picture],
    definitions: &'a [Definition],
    shown: &'a Shown,
    seller: Option<&'a Seller>,
    shop: Shop,
    now: Timestamp,
}

/// What holds for every product.
struct Shop {
    /// Of new carts.
    currency: Currency,
    /// Shipping methods that are offered in it.
    methods: i64,
    closed: bool,
}

pub(super) async fn page(
    State(app): State<AppState>,
    session: May<ReadCatalogue>,
    Path(id): Path<ProductId>,
) -> Result<Html<String>> {
    let now = app.clock.now();
    let mut db = snapshot(&app.product_db).await?;
    let head = detail::head(&mut db, id)
        .await?
        .ok_or_else(PageError::not_found)?;
    let variants = detail::variants(&mut db, &head, now).await?;
    let pictures = detail::pictures(&mut db, id).await?;
    let definitions = detail::definitions(&mut db, head.category_id).await?;
    let shown = detail::shown(&mut db, id).await?;
    drop(db);
    let seller = users::seller(&mut *app.auth_db.acquire().await?, head.seller_id).await?;
    let currency = app.currency();
    let mut db = app.order_db.acquire().await?;
    let shop = Shop {
        currency,
        methods: currencies::shipping_methods_in(&mut db, currency).await?,
        closed: session.closed,
    };
    drop(db);
    let mut checks = examine(&Facts {
        head: &head,
        variants: &variants,
        pictures: &pictures,
        definitions: &definitions,
        shown: &shown,
        seller: seller.as_ref(),
        shop,
        now,
    });
    if !session.may::<ManageSettings>() {
        for check in &mut checks {
            check.mend.take_if(|(page, _)| page == SETTINGS);
        }
    }
    let page = Page {
        shell: Shell::new(&session, "/admin/products", None),
        head,
        checks,
    };
    Ok(Html(page.render()?))
}

/// All checks, in the order in which a buyer's request meets them.
fn examine(facts: &Facts<'_>) -> Vec<Check> {
    vec![
        status(facts),
        schedule(facts),
        seller(facts),
        variants(facts),
        prices(facts),
        currency(facts),
        stock(facts),
        places(facts),
        shipping(facts),
        open(facts),
        ledger(facts),
        category(facts),
        attributes(facts),
        search(facts),
        cache(facts),
        pictures(facts),
        words(facts),
        weights(facts),
    ]
}

impl Facts<'_> {
    fn editor(&self, place: &str) -> String {
        format!("/admin/products/{}{place}", self.head.id)
    }

    fn check(&self, name: &'static str, verdict: Verdict, text: impl Into<String>) -> Check {
        Check {
            name,
            verdict,
            text: text.into(),
            mend: None,
        }
    }
}

impl Check {
    fn mend(self, page: String, words: &'static str) -> Self {
        let mend = (self.verdict != Verdict::Fine).then_some((page, words));
        Self { mend, ..self }
    }
}

fn status(facts: &Facts<'_>) -> Check {
    let name = "Status";
    let editor = facts.editor("");
    match facts.head.status.as_str() {
        "active" => facts.check(name, Verdict::Fine, "It is public."),
        "draft" if facts.head.approved_at.is_some() => facts
            .check(name, Verdict::Fails, "It is approved, and not in its time.")
            .mend(editor, "See its schedule"),
        "draft" => facts
            .check(
                name,
                Verdict::Fails,
                "It is a draft: nobody has approved it.",
            )
            .mend(editor, "Approve it"),
        "pending_review" => facts
            .check(name, Verdict::Fails, "It waits for approval.")
            .mend("/admin/products/approvals".to_owned(), "To the queue"),
        "rejected" => {
            let why = facts
                .head
                .rejection_reason
                .as_deref()
                .unwrap_or("no reason given");
            facts
                .check(name, Verdict::Fails, format!("Staff rejected it: {why}"))
                .mend(editor, "Approve it all the same")
        }
        _ => facts.check(
            name,
            Verdict::Fails,
            "It is archived, and does not come back: make a new product.",
        ),
    }
}

fn schedule(facts: &Facts<'_>) -> Check {
    let (from, until) = (facts.head.publish_at, facts.head.unpublish_at);
    let late = from.filter(|from| *from > facts.now);
    let over = until.filter(|until| *until <= facts.now);
    let (verdict, text) = match (late, over) {
        (Some(_), _) => (Verdict::Fails, "Its time has not come yet."),
        (_, Some(_)) => (Verdict::Fails, "Its time is over."),
        _ if from.is_some() || until.is_some() => (Verdict::Fine, "It is within its time."),
        _ => (
            Verdict::Fine,
            "It has no schedule: public as long as it is active.",
        ),
    };
    facts
        .check("Schedule", verdict, text)
        .mend(facts.editor("#schedule"), "Change its time")
}

fn seller(facts: &Facts<'_>) -> Check {
    let name = "Seller";
    match facts.seller {
        None => facts.check(name, Verdict::Fails, "The account of its seller is gone."),
        Some(seller) if seller.disabled => facts
            .check(
                name,
                Verdict::Fails,
                format!("The account of {} is disabled.", seller.name),
            )
            .mend(
                link("/admin/customers", &[("q", &seller.name)]),
                "To the account",
            ),
        Some(seller) if seller.role == "customer" => facts.check(
            name,
            Verdict::Weak,
            format!(
                "{} may not sell any more; staff alone can change the product.",
                seller.name
            ),
        ),
        Some(seller) => facts.check(name, Verdict::Fine, format!("{} may sell.", seller.name)),
    }
}

fn variants(facts: &Facts<'_>) -> Check {
    let (verdict, text) = match facts.variants.len() {
        0 => (
            Verdict::Fails,
            "It has no variant, so there is nothing to buy.".to_owned(),
        ),
        1 => (Verdict::Fine, "There is one thing to buy.".to_owned()),
        many => (Verdict::Fine, format!("There are {many} variants.")),
    };
    facts
        .check("Variants", verdict, text)
        .mend(facts.editor("#variants"), "Add one")
}

fn prices(facts: &Facts<'_>) -> Check {
    let free = named(facts, |variant| variant.price.amount() == 0);
    let (verdict, text) = match free {
        None => (Verdict::Fine, "Each variant has a price.".to_owned()),
        Some(names) => (Verdict::Weak, format!("Given away for nothing: {names}.")),
    };
    facts
        .check("Price", verdict, text)
        .mend(facts.editor("#variants"), "Change prices")
}

fn currency(facts: &Facts<'_>) -> Check {
    let (priced, shop) = (&facts.head.currency, facts.shop.currency);
    let (verdict, text) = if priced.as_str() == shop.code() {
        (
            Verdict::Fine,
            format!("It is priced in {shop}, as new carts are."),
        )
    } else {
        let text = format!(
            "It is priced in {priced}, and new carts are in {shop}: it cannot be put into one."
        );
        (Verdict::Fails, text)
    };
    facts
        .check("Currency", verdict, text)
        .mend(SETTINGS.to_owned(), "To the shop’s currency")
}

fn stock(facts: &Facts<'_>) -> Check {
    let early = |variant: &VariantRow| variant.available_on.is_some_and(|day| day > facts.now);
    let can_be_had =
        |variant: &VariantRow| variant.available() > 0 || variant.backorder || early(variant);
    let gone = named(facts, |variant| !can_be_had(variant));
    let (verdict, text) = match gone {
        None if facts.variants.iter().all(|variant| variant.available() > 0) => {
            (Verdict::Fine, "Each variant can be had now.".to_owned())
        }
        None => (
            Verdict::Fine,
            "What is not there is sold on backorder, or before its day.".to_owned(),
        ),
        Some(names) if !facts.variants.iter().any(can_be_had) => (
            Verdict::Fails,
            format!("Nothing can be had: {names} sold out."),
        ),
        Some(names) => (Verdict::Weak, format!("Sold out: {names}.")),
    };
    facts
        .check("Stock", verdict, text)
        .mend(facts.editor("/stock"), "To its stock")
}

fn shipping(facts: &Facts<'_>) -> Check {
    let currency = facts.shop.currency;
    let (verdict, text) = match facts.shop.methods {
        0 => (
            Verdict::Fails,
            format!("No shipping method is offered in {currency}, so nothing can be ordered."),
        ),
        1 => (Verdict::Fine, "One shipping method is offered.".to_owned()),
        many => (
            Verdict::Fine,
            format!("{many} shipping methods are offered."),
        ),
    };
    facts
        .check("Shipping", verdict, text)
        .mend("/admin/shipping".to_owned(), "To shipping")
}

fn open(facts: &Facts<'_>) -> Check {
    let (verdict, text) = if facts.shop.closed {
        (Verdict::Fails, "The shop is closed for maintenance.")
    } else {
        (Verdict::Fine, "The shop is open.")
    };
    facts
        .check("Shop", verdict, text)
        .mend(SETTINGS.to_owned(), "Open it")
}

fn places(facts: &Facts<'_>) -> Check {
    let (verdict, text) = match facts.shown.active_places {
        0 => (
            Verdict::Fails,
            "No place of the shop is active, so nothing can be sent.",
        ),
        _ => (Verdict::Fine, "There is an active place that can send it."),
    };
    facts
        .check("Places", verdict, text)
        .mend("/admin/inventory".to_owned(), "To the places")
}

fn ledger(facts: &Facts<'_>) -> Check {
    let (verdict, text) = if facts.shown.ledger_differs {
        (
            Verdict::Fails,
            "Stock and ledger say different things: tell whoever runs the shop.",
        )
    } else {
        (Verdict::Fine, "Stock is what its ledger adds up to.")
    };
    facts.check("Ledger", verdict, text)
}

fn category(facts: &Facts<'_>) -> Check {
    let (verdict, text) = match &facts.head.category {
        Some(name) => (Verdict::Fine, format!("It lies in {name}.")),
        None => (
            Verdict::Weak,
            "It is in no category: found by searching alone.".to_owned(),
        ),
    };
    facts
        .check("Category", verdict, text)
        .mend(facts.editor(""), "Choose one")
}

fn attributes(facts: &Facts<'_>) -> Check {
    let missing: Vec<&str> = facts
        .definitions
        .iter()
        .filter(|wanted| wanted.required && !facts.head.attributes.0.contains_key(&wanted.key))
        .map(|wanted| wanted.label.as_str())
        .collect();
    let (verdict, text) = if missing.is_empty() {
        (
            Verdict::Fine,
            "It has all that its category asks for.".to_owned(),
        )
    } else {
        let text = format!("Its category asks for: {}.", missing.join(", "));
        (Verdict::Weak, text)
    };
    facts
        .check("Attributes", verdict, text)
        .mend(facts.editor("#attributes"), "Fill them in")
}

fn search(facts: &Facts<'_>) -> Check {
    let (shown, public) = (facts.shown, facts.head.status == "active");
    let (verdict, text) = match (public, shown.searchable) {
        (false, false) => (
            Verdict::Fine,
            "It is not in the search, as nothing is that is not public.",
        ),
        (false, true) => (
            Verdict::Fails,
            "The search still finds it, though it is not public.",
        ),
        (true, false) => (
            Verdict::Fails,
            "The search does not know it. Saving it writes its entry anew.",
        ),
        (true, true) if !shown.search_is_current => (
            Verdict::Fails,
            "The search knows an older version. Saving it writes its entry anew.",
        ),
        (true, true) if shown.search_in_stock != shown.in_stock => (
            Verdict::Fails,
            "The search is wrong about its stock. Saving it writes its entry anew.",
        ),
        (true, true) => (Verdict::Fine, "The search finds it as it is."),
    };
    facts
        .check("Search", verdict, text)
        .mend(facts.editor(""), "To the product")
}

fn cache(facts: &Facts<'_>) -> Check {
    let (verdict, text) = match facts.shown.untold {
        0 => (
            Verdict::Fine,
            "Every change was told: shoppers see it as it is.".to_owned(),
        ),
        1 => (
            Verdict::Weak,
            "A change is on its way: shoppers may see the version before.".to_owned(),
        ),
        many => (
            Verdict::Weak,
            format!("{many} changes are on their way: shoppers may see an older version."),
        ),
    };
    facts.check("Cache", verdict, text)
}

fn pictures(facts: &Facts<'_>) -> Check {
    let silent = facts
        .pictures
        .iter()
        .filter(|picture| picture.alt.is_empty())
        .count();
    let (verdict, text) = match (facts.pictures.len(), silent) {
        (0, _) => (Verdict::Weak, "It has no picture.".to_owned()),
        (_, 0) => (
            Verdict::Fine,
            "It has pictures, each with a description.".to_owned(),
        ),
        (_, some) => (
            Verdict::Weak,
            format!("{some} of its pictures have no description for who cannot see them."),
        ),
    };
    facts
        .check("Pictures", verdict, text)
        .mend(facts.editor("#images"), "To the pictures")
}

fn words(facts: &Facts<'_>) -> Check {
    let (verdict, text) = match facts.head.description.chars().count() {
        0 => (Verdict::Weak, "It has no description."),
        1..40 => (Verdict::Weak, "Its description is very short."),
        _ => (Verdict::Fine, "It has a description."),
    };
    facts
        .check("Description", verdict, text)
        .mend(facts.editor(""), "Write one")
}

fn weights(facts: &Facts<'_>) -> Check {
    let (verdict, text) = match named(facts, |variant| variant.weight_grams.is_none()) {
        None => (
            Verdict::Fine,
            "Each variant has a weight, for shipping.".to_owned(),
        ),
        Some(names) => (
            Verdict::Weak,
            format!("Without a weight, shipping takes them for weightless: {names}."),
        ),
    };
    facts
        .check("Weight", verdict, text)
        .mend(facts.editor("#variants"), "Say what it weighs")
}

/// The variants of which it is true, by name; a few of them.
fn named(facts: &Facts<'_>, holds: impl Fn(&VariantRow) -> bool) -> Option<String> {
    let found: Vec<String> = facts
        .variants
        .iter()
        .filter(|variant| holds(variant))
        .map(VariantRow::label)
        .collect();
    match found.len() {
        0 => None,
        1..=5 => Some(found.join(", ")),
        many => Some(format!(
            "{} and {} more",
            found.get(..4)?.join(", "),
            many - 4
        )),
    }
}
