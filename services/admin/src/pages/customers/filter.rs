//! What the list and the file have in common: which people, and what they ordered.

use auth_token::Role;
use http_kit::Cursor;
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::app::AppState;
use crate::error::{PageError, Result};
use crate::input::{day, end_of};
use crate::pages::shell::{Choice, choices, link};
use crate::read::customer_orders::{self, Totals};
use crate::read::customers::{self, CustomerFilter, CustomerRow, Place, State};
use crate::read::snapshot;

/// How many people are looked at for a page of those with or without orders: whether somebody ordered, another database knows.
const LOOKED_AT: i64 = 500;

/// How many of them order is asked about in one statement: two pages.
const ASKED_AT_ONCE: usize = 100;

/// The filter as the address has it.
#[derive(Debug, Deserialize, Default, Clone)]
#[serde(default)]
pub(super) struct Params {
    pub(super) q: String,
    pub(super) role: String,
    pub(super) status: String,
    /// `yes` or `no`.
    pub(super) orders: String,
    /// Days, both included.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cursor: Option<Cursor>,
    pub(super) done: Option<String>,
}

impl Params {
    /// What cannot be read is said, not ignored: a list must not show more than was asked for.
    pub(super) fn filter(&self) -> Result<CustomerFilter> {
        let state = match self.status.as_str() {
            "" => None,
            "disabled" => Some(State::Disabled),
            "unverified" => Some(State::Unverified),
            "leaving" => Some(State::Leaving),
            _ => return Err(PageError::invalid("There is no such status.")),
        };
        let role: Option<Role> = match self.role.as_str() {
            "" => None,
            role => Some(
                role.parse()
                    .map_err(|_| PageError::invalid("There is no such role."))?,
            ),
        };
        if !["", "yes", "no"].contains(&self.orders.as_str()) {
            return Err(PageError::invalid("Orders are “yes” or “no”."));
        }
        Ok(CustomerFilter {
            q: self.q.trim().to_owned(),
            role,
            state,
            from: day(&self.from, "From")?,
            // The day itself belongs to it.
            until: day(&self.to, "To")?.map(end_of),
        })
    }

    /// Where the list goes on.
    pub(super) fn place(&self) -> Result<Option<Place>> {
        let place = self.cursor.as_ref().map(Cursor::decode::<Place>);
        place
            .transpose()
            .map_err(|_| PageError::invalid("The link to this page of the list is broken."))
    }

    /// The fields of this filter.
    pub(super) fn pairs(&self) -> [(&'static str, &str); 6] {
        [
            ("q", &self.q),
            ("role", &self.role),
            ("status", &self.status),
            ("orders", &self.orders),
            ("from", &self.from),
            ("to", &self.to),
        ]
    }

    /// An address with this filter.
    pub(super) fn link(&self, path: &str, cursor: &str) -> String {
        let mut pairs = self.pairs().to_vec();
        pairs.push(("cursor", cursor));
        link(path, &pairs)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.link("", "") == "?"
    }

    pub(super) fn roles(&self) -> Vec<Choice> {
        choices(&["customer", "seller", "support", "admin"], &self.role)
    }

    pub(super) fn statuses(&self) -> Vec<Choice> {
        choices(&["disabled", "unverified", "leaving"], &self.status)
    }

    pub(super) fn with_orders(&self) -> Vec<Choice> {
        choices(&["yes", "no"], &self.orders)
    }
}

/// Somebody, with what they ordered.
pub(super) struct Found {
    pub(super) user: CustomerRow,
    pub(super) totals: Totals,
}

/// Some people of a filter, newest first, and where the next ones begin. Four statements, and one more for each further
/// [`ASKED_AT_ONCE`] who have to be asked about.
pub(super) async fn some(
    app: &AppState,
    filter: &CustomerFilter,
    orders: &str,
    after: Option<Place>,
    most: usize,
) -> Result<(Vec<Found>, Option<Place>)> {
    let look = if orders.is_empty() {
        most as i64 + 1
    } else {
        LOOKED_AT.max(most as i64 + 1)
    };
    let mut users =
        customers::list(&mut *snapshot(&app.auth_db).await?, filter, after, look).await?;
    let place = |user: &CustomerRow| (user.created_at, user.id);
    // If all that were looked at are shown or left out, the list goes on behind the last of them.
    let mut next = users
        .last()
        .filter(|_| users.len() as i64 == look)
        .map(place);
    let mut db = snapshot(&app.order_db).await?;
    if !orders.is_empty() {
        users = those_with(&mut db, users, orders == "yes", most).await?;
    }
    if users.len() > most {
        users.truncate(most);
        next = users.last().map(place);
    }
    let ids: Vec<Uuid> = users.iter().map(|user| user.id.uuid()).collect();
    let mut totals = customer_orders::totals(&mut db, &ids).await?;
    let found = users.into_iter().map(|user| Found {
        totals: totals.remove(&user.id.uuid()).unwrap_or_default(),
        user,
    });
    Ok((found.collect(), next))
}

/// Of these people those who ordered, or did not, until there are more than `most`. Each question looks into the index of every
/// month, so that no more are asked than are needed.
async fn those_with(
    db: &mut PgConnection,
    users: Vec<CustomerRow>,
    orders: bool,
    most: usize,
) -> Result<Vec<CustomerRow>> {
    let mut kept = Vec::new();
    let mut users = users.into_iter();
    while kept.len() <= most {
        let asked: Vec<_> = users.by_ref().take(ASKED_AT_ONCE).collect();
        if asked.is_empty() {
            break;
        }
        let ids: Vec<Uuid> = asked.iter().map(|user| user.id.uuid()).collect();
        let ordered = customer_orders::having_ordered(db, &ids).await?;
        let suits = |user: &CustomerRow| ordered.contains(&user.id.uuid()) == orders;
        kept.extend(asked.into_iter().filter(suits));
    }
    Ok(kept)
}
