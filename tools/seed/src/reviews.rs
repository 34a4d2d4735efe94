//! What buyers say.

use std::collections::HashSet;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use reqwest::StatusCode;
use serde_json::json;

use crate::dice::Dice;
use crate::orders::Purchase;
use crate::shop::{Shop, refused};

/// How long the catalogue may take to hear of a purchase.
const DEADLINE: Duration = Duration::from_secs(30);

const REVIEWS: &[(u8, &str, &str)] = &[
    (
        5,
        "Exactly right",
        "It does what it says and does it well. I would not know what to change.",
    ),
    (
        5,
        "Second one already",
        "The first went to my sister the day she saw it, so here we are again.",
    ),
    (
        5,
        "Beautifully made",
        "You notice it in the details: the edges, the weight, the way it closes. Worth every cent.",
    ),
    (
        5,
        "Better than the pictures",
        "Arrived after two days, well packed, no plastic. In the hand it is nicer still.",
    ),
    (
        5,
        "A quiet favourite",
        "I use it every single day and have stopped noticing, which is the best I can say.",
    ),
    (
        5,
        "Would buy again",
        "And probably will, for the other house. Good value, honest description.",
    ),
    (
        5,
        "Finally",
        "I had looked for one like this for years. Simple, solid, no nonsense.",
    ),
    (
        4,
        "Very good, one small thing",
        "Quality is great. The colour is a touch darker than on my screen, so one star less.",
    ),
    (
        4,
        "Happy with it",
        "Took a week to get used to, now I would not go back to the old one.",
    ),
    (
        4,
        "Good, if not cheap",
        "You pay for it, and you get what you pay for. The instructions could be clearer.",
    ),
    (
        4,
        "Solid",
        "Nothing fancy, all good. Delivery took a day longer than promised.",
    ),
    (
        4,
        "Nearly perfect",
        "A little larger than I had thought, so measure first. Otherwise just what we wanted.",
    ),
    (
        3,
        "Fine",
        "It is all right. I expected a little more for the price, but it works.",
    ),
    (
        3,
        "Mixed feelings",
        "Looks lovely, but needs more care than I have time for. Somebody else will love it.",
    ),
    (
        2,
        "Not for me",
        "Well made, yet smaller than I imagined. Support was friendly about the return.",
    ),
];

/// Writes a review for most of what was bought; how many.
pub(crate) async fn write(
    shop: &Shop,
    purchases: &[Purchase<'_>],
    dice: &Dice,
) -> anyhow::Result<usize> {
    let mut seen = HashSet::new();
    let mut reviews = Vec::new();
    for purchase in purchases {
        if seen.insert((&purchase.buyer.email, &purchase.product_id))
            && dice.roll(5) > 0
            && let Some(review) = dice.pick(REVIEWS)
        {
            reviews.push((purchase, review));
        }
    }
    let count = reviews.len();
    stream::iter(reviews)
        .map(|(purchase, (rating, title, body))| review(shop, purchase, *rating, title, body))
        .buffer_unordered(4)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(count)
}

async fn review(
    shop: &Shop,
    purchase: &Purchase<'_>,
    rating: u8,
    title: &str,
    body: &str,
) -> anyhow::Result<()> {
    let deadline = tokio::time::Instant::now() + DEADLINE;
    loop {
        let answer = shop
            .post(format!("/api/products/{}/reviews", purchase.product_id))
            .by(purchase.buyer)
            .json(json!({ "rating": rating, "title": title, "body": body }))
            .send()
            .await;
        match answer {
            Ok(_) => return Ok(()),
            Err(error) if refused(&error, StatusCode::CONFLICT) => return Ok(()),
            // The event that tells of the purchase is still on its way.
            Err(error)
                if refused(&error, StatusCode::FORBIDDEN)
                    && tokio::time::Instant::now() < deadline =>
            {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(error) => return Err(error),
        }
    }
}
