//! Places in sorted lists of reviews, and what both lists are asked for.

use http_kit::{Cursor, Limit, Page, Result, one_field};
use primitives::ReviewId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::text::Rating;
use crate::store::reviews::{Review, Sort};

/// By what a list of reviews is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SortBy {
    /// The newest first.
    #[default]
    Newest,
    /// What helped most people first.
    Helpful,
    /// The most stars first.
    HighestRating,
    /// The fewest stars first.
    LowestRating,
}

impl SortBy {
    pub(super) fn sort(self) -> Sort {
        match self {
            Self::Newest => Sort::Newest,
            Self::Helpful => Sort::Helpful,
            Self::HighestRating => Sort::Best,
            Self::LowestRating => Sort::Worst,
        }
    }
}

/// The last review that was seen, in a list that was sorted so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    sort: SortBy,
    key: i32,
    id: ReviewId,
}

/// Where a page begins.
pub(super) fn after(cursor: Option<&Cursor>, sort: SortBy) -> Result<Option<(i32, ReviewId)>> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let place: Place = cursor.decode()?;
    if place.sort == sort {
        Ok(Some((place.key, place.id)))
    } else {
        Err(one_field(
            "cursor",
            "invalid",
            "is not a cursor of this list",
        ))
    }
}

/// The page that such rows make.
pub(super) fn cut(rows: Vec<Review>, limit: Limit, sort: SortBy) -> Result<Page<Review>> {
    Page::cut(rows, limit, |review| Place {
        sort,
        key: match sort {
            SortBy::Newest => 0,
            SortBy::Helpful => review.helpful_count,
            SortBy::HighestRating | SortBy::LowestRating => review.rating.into(),
        },
        id: review.id,
    })
}

/// Some numbers of stars, such as `4,5`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Ratings(pub(super) Vec<i16>);

impl TryFrom<String> for Ratings {
    type Error = &'static str;
    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        let wrong = "must be numbers from 1 to 5, separated by commas";
        let ratings = text.split(',').map(|part| {
            let stars: i64 = part.trim().parse().map_err(|_| wrong)?;
            Rating::try_from(stars).map(Rating::get).map_err(|_| wrong)
        });
        let mut ratings = ratings.collect::<std::result::Result<Vec<_>, _>>()?;
        ratings.sort_unstable();
        ratings.dedup();
        Ok(Self(ratings))
    }
}
