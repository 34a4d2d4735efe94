//! Who may see and change which product.

use auth_token::{Principal, Role};
use http_kit::{Error, Result, one_field};
use primitives::{ProductId, UserId, VariantId};
use sqlx::PgConnection;

use crate::domain::status::Status;
use crate::store::products::{self, Locked};
use crate::store::variants;

/// Whether somebody may see a product: the public sees what is active, its seller and staff all that is not deleted.
pub(crate) fn may_see(viewer: Option<&Principal>, seller: UserId, status: Status) -> bool {
    match status {
        Status::Active => true,
        Status::Archived => viewer.is_some_and(|viewer| viewer.role == Role::Admin),
        Status::Draft | Status::PendingReview | Status::Rejected => viewer.is_some_and(|viewer| {
            viewer.user_id == seller || matches!(viewer.role, Role::Admin | Role::Support)
        }),
    }
}

/// Locks a product that this seller (or any admin) may change.
pub(crate) async fn lock_own(
    db: &mut PgConnection,
    id: ProductId,
    principal: &Principal,
) -> Result<Locked> {
    let found = products::lock(db, id).await?.ok_or_else(not_found)?;
    check(principal, found.seller_id, found.status)?;
    Ok(found)
}

/// As [`lock_own`], without the lock: for work that must not begin otherwise, but takes long.
pub(crate) async fn check_own(
    db: &mut PgConnection,
    id: ProductId,
    principal: &Principal,
) -> Result<()> {
    let (seller, status) = products::visibility(db, id).await?.ok_or_else(not_found)?;
    check(principal, seller, status)
}

/// Checks that somebody may read a product's stock: its seller, or staff.
pub(crate) async fn check_stock(
    db: &mut PgConnection,
    id: ProductId,
    viewer: &Principal,
) -> Result<()> {
    if matches!(viewer.role, Role::Admin | Role::Support) {
        let found = products::visibility(db, id).await?;
        return found.map(drop).ok_or_else(not_found);
    }
    check_own(db, id, viewer).await
}

/// What somebody may not even see is not found.
fn check(principal: &Principal, seller: UserId, status: Status) -> Result<()> {
    if status == Status::Archived {
        return Err(not_found());
    }
    if principal.role == Role::Admin || seller == principal.user_id {
        return Ok(());
    }
    if may_see(Some(principal), seller, status) {
        return Err(Error::forbidden(
            "forbidden",
            "This is another seller's product.",
        ));
    }
    Err(not_found())
}

/// Finds a product that somebody may see.
pub(crate) async fn check_visible(
    db: &mut PgConnection,
    id: ProductId,
    viewer: Option<&Principal>,
) -> Result<Status> {
    let (seller, status) = products::visibility(db, id).await?.ok_or_else(not_found)?;
    if may_see(viewer, seller, status) {
        Ok(status)
    } else {
        Err(not_found())
    }
}

/// Locks a product for staff.
pub(crate) async fn lock_any(db: &mut PgConnection, id: ProductId) -> Result<Locked> {
    products::lock(db, id).await?.ok_or_else(not_found)
}

pub(crate) fn not_found() -> Error {
    Error::not_found("product")
}

/// The variant that a request means: the one it names, or the product's only one.
pub(crate) async fn variant_of(
    db: &mut PgConnection,
    product: ProductId,
    named: Option<VariantId>,
) -> Result<VariantId> {
    let known = variants::ids_by_sku(db, product).await?;
    let known: Vec<VariantId> = known.into_values().collect();
    match (named, known.as_slice()) {
        (Some(wanted), known) if known.contains(&wanted) => Ok(wanted),
        (Some(_), _) => Err(one_field(
            "variant_id",
            "unknown",
            "is not a variant of this product",
        )),
        (None, [only]) => Ok(*only),
        (None, _) => Err(one_field(
            "variant_id",
            "required",
            "is required: the product has several variants",
        )),
    }
}
