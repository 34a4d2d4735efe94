//! Who may see and do what with a review.

use auth_token::{Principal, Role, User, Verifier};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use http_kit::{Error, Result};
use primitives::{ProductId, ReviewId, UserId};
use sqlx::PgConnection;

use crate::domain::review::Status;
use crate::http::access;
use crate::store::products;
use crate::store::reviews::{self, Locked, Review};
use crate::workflows::reviews::Answering;

/// What a viewer may know of reviews.
#[derive(Debug, Clone, Copy)]
pub(super) struct Insight {
    viewer: Option<UserId>,
    staff: bool,
}

impl Insight {
    pub(super) fn of(viewer: Option<&Principal>) -> Self {
        Self {
            viewer: viewer.map(|viewer| viewer.user_id),
            staff: viewer.is_some_and(is_staff),
        }
    }

    pub(super) fn viewer(self) -> Option<UserId> {
        self.viewer
    }

    /// Whether the viewer knows what its author and staff know.
    pub(super) fn inside(self, author: UserId) -> bool {
        self.staff || self.viewer == Some(author)
    }
}

/// Whether somebody works for the shop, with the second factor that it wants of them.
pub(super) fn is_staff(viewer: &Principal) -> bool {
    viewer.role.is_staff() && !viewer.factor_missing
}

/// A review that somebody may see: what is published of what is public, one's own, and all for staff.
pub(super) async fn find_visible(
    db: &mut PgConnection,
    id: ReviewId,
    viewer: Option<&Principal>,
) -> Result<Review> {
    let insight = Insight::of(viewer);
    let review = reviews::find(db, id, insight.viewer())
        .await?
        .ok_or_else(not_found)?;
    if insight.inside(review.user_id) {
        return Ok(review);
    }
    if review.status != Status::Published {
        return Err(not_found());
    }
    access::check_visible(db, review.product_id, viewer)
        .await
        .map_err(hidden_with_its_product)?;
    Ok(review)
}

/// Locks a review and, before it, its product.
pub(super) async fn lock(db: &mut PgConnection, id: ReviewId) -> Result<Locked> {
    let product = reviews::product_of(db, id).await?.ok_or_else(not_found)?;
    products::lock(db, product).await?;
    // It may have been deleted in between.
    reviews::lock(db, id).await?.ok_or_else(not_found)
}

/// Locks a review that is the caller's own.
pub(super) async fn lock_own(
    db: &mut PgConnection,
    id: ReviewId,
    caller: &Principal,
) -> Result<Locked> {
    let review = lock(db, id).await?;
    if review.author == caller.user_id {
        return Ok(review);
    }
    if review.status == Status::Published || is_staff(caller) {
        return Err(Error::forbidden("forbidden", "This is another's review."));
    }
    Err(not_found())
}

/// A seller or a member of staff, who may answer some reviews. 403 for others.
#[derive(Debug, Clone)]
pub(crate) struct Answerer(pub(super) Principal);

impl<S: Send + Sync> FromRequestParts<S> for Answerer
where
    Verifier: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        let User(caller) = User::from_request_parts(parts, state).await?;
        if caller.role == Role::Customer || caller.factor_missing {
            return Err(only_sellers());
        }
        Ok(Self(caller))
    }
}

/// Locks a review that its product's seller or staff may answer; in whose name.
pub(super) async fn lock_to_answer(
    db: &mut PgConnection,
    id: ReviewId,
    Answerer(caller): &Answerer,
) -> Result<(Locked, Answering)> {
    let review = lock(db, id).await?;
    let seller = seller_of(db, review.product_id).await?;
    if caller.role != Role::Support && caller.user_id == seller {
        return Ok((review, Answering::Seller));
    }
    if is_staff(caller) {
        return Ok((review, Answering::Shop));
    }
    if review.status == Status::Published {
        return Err(only_sellers());
    }
    Err(not_found())
}

/// Whose a product is.
pub(super) async fn seller_of(db: &mut PgConnection, product: ProductId) -> Result<UserId> {
    let (seller, _) = products::visibility(db, product)
        .await?
        .ok_or_else(not_found)?;
    Ok(seller)
}

fn only_sellers() -> Error {
    Error::forbidden(
        "forbidden",
        "Only the product's seller and staff answer reviews.",
    )
}

/// That the product cannot be seen is no news about the product.
fn hidden_with_its_product(error: Error) -> Error {
    if error.code() == "not_found" {
        not_found()
    } else {
        error
    }
}

pub(super) fn not_found() -> Error {
    Error::not_found("review")
}
