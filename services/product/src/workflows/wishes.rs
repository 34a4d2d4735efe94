//! News about what people wish for: found in the database, told by mail at most once a day and product.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::events::{EmailNotification, Mail};
use contracts::internal::users::UserSnapshot;
use primitives::{EventId, Money, ProductId, TextError, UserId};
use sqlx::PgConnection;

use crate::app::Context;
use crate::clients::auth::AuthClient;
use crate::domain::link_token::{self, UnsubscribeTokens};
use crate::domain::links::Links;
use crate::domain::wish::{self, Change, News, Offer};
use crate::store::{wishlist_people, wishlist_watch as store};

/// How many notes of changes are looked at in one transaction.
const NOTES: usize = 500;
/// How many wishes are written in one transaction: nobody waits long for theirs.
const WISHES: i64 = 5_000;
/// Between two mails to one person about one product.
const PAUSE: Duration = Duration::from_secs(24 * 3600);
/// Longer than a batch can take: one call of a few seconds, and then a transaction.
const LEASE: Duration = Duration::from_secs(120);

/// Compares what people wish for with what was seen before, as far as changes were noted. Whoever else does the same meanwhile takes other
/// notes. Whether there may be more.
pub(crate) async fn compare(cx: &Context) -> sqlx::Result<bool> {
    let mut tx = cx.pool.begin().await?;
    let (products, notes) = store::take(&mut tx, i64::try_from(NOTES).unwrap_or(i64::MAX)).await?;
    if notes == 0 {
        return Ok(false);
    }
    let compared = store::compare(&mut tx, &products, WISHES, cx.clock.now(), PAUSE).await?;
    // What many wish for takes several turns.
    let unfinished = compared.changed == WISHES;
    if unfinished {
        store::note(&mut tx, &products).await?;
    }
    tx.commit().await?;
    if compared.news > 0 {
        tracing::info!(
            alerts = compared.news,
            "there is news of what people wish for"
        );
    }
    Ok(unfinished || notes == NOTES)
}

/// Writes mails about what people wish for.
#[derive(Clone)]
pub(crate) struct Mailer {
    pub(crate) cx: Context,
    pub(crate) auth: AuthClient,
    pub(crate) links: Links,
    pub(crate) tokens: UnsubscribeTokens,
}

impl Mailer {
    /// Tells what is due, one batch of it; whether there may be more. If it ends in the middle, whoever comes after the lease begins again:
    /// a mail and the note that it was written are one transaction.
    pub(crate) async fn batch(&self) -> anyhow::Result<bool> {
        let cx = &self.cx;
        let most = i64::try_from(AuthClient::MOST)?;
        let mut db = cx.pool.acquire().await?;
        store::clean_up(&mut db, cx.clock.now() - PAUSE).await?;
        let due = store::claim(&mut db, cx.clock.now(), LEASE, most).await?;
        drop(db);
        if due.is_empty() {
            return Ok(false);
        }
        let mut ids: Vec<UserId> = due.iter().map(|(user, _)| *user).collect();
        ids.sort_unstable();
        ids.dedup();
        let users = self.auth.users(ids).await?;
        for (user, product) in &due {
            let mut tx = cx.pool.begin().await?;
            self.tell(&mut tx, &users, *user, *product).await?;
            tx.commit().await?;
        }
        Ok(due.len() == AuthClient::MOST)
    }

    /// Writes one mail, if there still is something to tell and somebody to hear it.
    async fn tell(
        &self,
        tx: &mut PgConnection,
        users: &BTreeMap<UserId, UserSnapshot>,
        user: UserId,
        product: ProductId,
    ) -> anyhow::Result<()> {
        let cx = &self.cx;
        let now = cx.clock.now();
        let Some(alert) = store::lock(tx, user, product, now).await? else {
            return Ok(());
        };
        let reader = users
            .get(&user)
            .filter(|user| user.email_verified && !user.closed);
        let news = match (reader, money(alert.price, alert.currency.as_deref())?) {
            (Some(_), Some(price)) => {
                let change = Change {
                    price_before: money(alert.price_before, alert.before_currency.as_deref())?,
                    restocked: alert.restocked,
                };
                let offer = Offer {
                    price,
                    in_stock: alert.in_stock,
                };
                wish::news(change, offer, wishlist_people::wanted(tx, user).await?)
            }
            _ => None,
        };
        let (Some(reader), Some(news)) = (reader, news) else {
            return Ok(store::done(tx, user, product, None).await?);
        };
        let token = self.tokens.of(user);
        wishlist_people::add_unsubscribe(tx, user, &link_token::hash(&token)).await?;
        let (name, title) = (reader.name.clone(), alert.title);
        let url = self.links.product(&alert.slug);
        let unsubscribe_url = self.links.unsubscribe(&token);
        let one_click_url = self.links.one_click_unsubscribe(&token);
        let mail = match news {
            News::PriceDropped { before, now } => Mail::PriceDropped {
                name,
                product: title,
                before,
                now,
                url,
                unsubscribe_url,
                one_click_url,
            },
            News::BackInStock { price } => Mail::BackInStock {
                name,
                product: title,
                price,
                url,
                unsubscribe_url,
                one_click_url,
            },
        };
        let mail = EmailNotification {
            mail_id: EventId::new(now, &cx.random),
            to: reader.email.clone(),
            mail,
        };
        cx.publisher.publish(tx, &mail).await?;
        Ok(store::done(tx, user, product, Some(now)).await?)
    }
}

fn money(amount: Option<i64>, currency: Option<&str>) -> Result<Option<Money>, TextError> {
    let (Some(amount), Some(currency)) = (amount, currency) else {
        return Ok(None);
    };
    Ok(Some(Money::new(amount, currency.parse()?)))
}
