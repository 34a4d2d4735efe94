//! A product's life: drafting, changing, moving between statuses.

use auth_token::{Acting, Principal};
use contracts::events::{ProductApproved, ProductCreated, ProductDeleted, ProductUpdated};
use primitives::{CategoryId, ProductId, UserId, VariantId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::stock;
use crate::app::Context;
use crate::domain::product::Offer;
use crate::domain::slug;
use crate::domain::status::{self, Status, Step};
use crate::domain::stock::Correction;
use crate::domain::text::{Attributes, Description, TaxClass, Title};
use crate::error::ProductError;
use crate::store::products::{self as store, Content, Locked, New, Product, Selector};
use crate::store::{search_documents, variants};

/// What a seller says of a product, checked.
#[derive(Debug, Clone)]
pub(crate) struct Spec {
    pub(crate) title: Title,
    pub(crate) description: Description,
    pub(crate) category_id: Option<CategoryId>,
    pub(crate) tax_class: Option<TaxClass>,
    pub(crate) attributes: Attributes,
    pub(crate) offer: Offer,
}

impl Spec {
    fn content(&self) -> Content<'_> {
        Content {
            title: &self.title,
            description: &self.description,
            category_id: self.category_id,
            tax_class: self.tax_class.map(TaxClass::as_str),
            attributes: serde_json::json!(self.attributes.map()),
            offer: &self.offer,
        }
    }
}

/// Drafts a product with its variants and their first stock.
pub(crate) async fn create(
    cx: &Context,
    seller: &Principal,
    status: Status,
    spec: &Spec,
) -> Result<Product, ProductError> {
    let staff = Acting::of(seller);
    let seller = seller.user_id;
    let mut tx = cx.pool.begin().await?;
    let id = ProductId::new(cx.clock.now(), &cx.random);
    let plain = slug::of(&spec.title, "product");
    let mut slug = plain.clone();
    loop {
        let new = New {
            id,
            seller_id: seller,
            slug: &slug,
            status,
            content: spec.content(),
        };
        if store::insert(&mut tx, &new, &cx.clock)
            .await
            .map_err(ProductError::from_write)?
        {
            break;
        }
        slug = slug::another(&plain, &cx.random);
    }
    write_variants(&mut tx, cx, id, seller, &spec.offer, &|_| None).await?;
    let title = spec.title.to_string();
    let created = ProductCreated {
        product_id: id,
        title: title.clone(),
        seller_id: seller,
        status: status.as_str().to_owned(),
        version: 1,
    };
    cx.publisher.publish(&mut tx, &created).await?;
    if status == Status::Active {
        cx.publisher
            .publish(
                &mut tx,
                &ProductApproved {
                    product_id: id,
                    title,
                    seller_id: seller,
                },
            )
            .await?;
    }
    let after = json!({ "title": spec.title.to_string(), "status": status });
    let change = (Value::Null, after);
    audit(&mut tx, cx, staff.as_ref(), "product.create", id, change).await?;
    search_documents::refresh(&mut tx, &[id]).await?;
    finish(tx, id).await
}

/// Writes what a seller says of a locked product from now on. A variant is known again by its SKU.
pub(crate) async fn update(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    cx: &Context,
    locked: &Locked,
    actor: &Principal,
    spec: &Spec,
) -> Result<Product, ProductError> {
    let version = store::update(&mut tx, locked.id, &spec.content(), &cx.clock)
        .await
        .map_err(ProductError::from_write)?;
    let known = variants::ids_by_sku(&mut tx, locked.id).await?;
    write_variants(&mut tx, cx, locked.id, actor.user_id, &spec.offer, &|sku| {
        known.get(sku).copied()
    })
    .await?;
    publish_updated(&mut tx, cx, locked, &spec.title, locked.status, version).await?;
    let before = json!({ "title": locked.title, "version": locked.version });
    let after = json!({ "title": spec.title.to_string(), "version": version });
    let (staff, change) = (Acting::of(actor), (before, after));
    audit(
        &mut tx,
        cx,
        staff.as_ref(),
        "product.update",
        locked.id,
        change,
    )
    .await?;
    search_documents::refresh(&mut tx, &[locked.id]).await?;
    finish(tx, locked.id).await
}

async fn write_variants(
    tx: &mut PgConnection,
    cx: &Context,
    product: ProductId,
    actor: UserId,
    offer: &Offer,
    known: &(dyn Fn(&str) -> Option<VariantId> + Sync),
) -> Result<(), ProductError> {
    let (mut list, mut opened, mut corrections) = (Vec::new(), Vec::new(), Vec::new());
    for draft in &offer.variants {
        let known = known(draft.sku.as_str());
        let id = known.unwrap_or_else(|| VariantId::new(cx.clock.now(), &cx.random));
        if known.is_none() {
            opened.push(id);
        }
        if let Some(units) = draft.stock {
            corrections.push((id, Correction::Set(units.get())));
        }
        list.push((id, draft));
    }
    variants::replace(tx, product, &list, &cx.clock)
        .await
        .map_err(ProductError::from_write)?;
    stock::open(tx, cx, &opened).await?;
    stock::correct(tx, cx, &corrections, None, actor).await?;
    Ok(())
}

/// Moves a locked product to another status, in the name of its seller or of staff. A step that was taken before changes nothing.
pub(crate) async fn step(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    cx: &Context,
    locked: &Locked,
    step: Step,
    staff: Option<&Acting>,
    reason: Option<&str>,
) -> Result<Product, ProductError> {
    advance(&mut tx, cx, locked, step, staff, reason).await?;
    finish(tx, locked.id).await
}

/// As [`step`], in the caller's transaction.
pub(crate) async fn advance(
    tx: &mut PgConnection,
    cx: &Context,
    locked: &Locked,
    step: Step,
    staff: Option<&Acting>,
    reason: Option<&str>,
) -> Result<(), ProductError> {
    let next = status::next(locked.status, step).ok_or(ProductError::Status(locked.status))?;
    if next != locked.status {
        let version = store::set_status(tx, locked.id, next, reason, &cx.clock).await?;
        match step {
            Step::Approve => {
                let approved = ProductApproved {
                    product_id: locked.id,
                    title: locked.title.clone(),
                    seller_id: locked.seller_id,
                };
                cx.publisher.publish(tx, &approved).await?;
            }
            Step::Archive => {
                variants::archive_all(tx, locked.id, &cx.clock).await?;
                let deleted = ProductDeleted {
                    product_id: locked.id,
                    seller_id: locked.seller_id,
                };
                cx.publisher.publish(tx, &deleted).await?;
            }
            Step::Submit | Step::Reject => {}
        }
        publish_updated(tx, cx, locked, &locked.title, next, version).await?;
        let (before, mut after) = (
            json!({ "status": locked.status }),
            json!({ "status": next }),
        );
        if let Some(reason) = reason {
            after["reason"] = reason.into();
        }
        let change = (before, after);
        audit(tx, cx, staff, step.action(), locked.id, change).await?;
        search_documents::refresh(tx, &[locked.id]).await?;
    }
    Ok(())
}

/// Tells the audit trail what a member of staff did to a product; of sellers it says nothing.
pub(crate) async fn audit(
    tx: &mut PgConnection,
    cx: &Context,
    staff: Option<&Acting>,
    action: &str,
    product: ProductId,
    (before, after): (Value, Value),
) -> sqlx::Result<()> {
    let Some(staff) = staff else {
        return Ok(());
    };
    let act = staff.did(action, format!("product:{product}"), before, after);
    cx.publisher.publish(tx, &act).await.map(drop)
}

/// Notes a change of something that belongs to a locked product; answers its new version.
pub(crate) async fn touch(
    tx: &mut PgConnection,
    cx: &Context,
    locked: &Locked,
) -> sqlx::Result<i32> {
    let version = store::touch(tx, locked.id, &cx.clock).await?;
    publish_updated(tx, cx, locked, &locked.title, locked.status, version).await?;
    Ok(version)
}

async fn publish_updated(
    tx: &mut PgConnection,
    cx: &Context,
    locked: &Locked,
    title: &str,
    status: Status,
    version: i32,
) -> sqlx::Result<()> {
    let updated = ProductUpdated {
        product_id: locked.id,
        title: title.to_owned(),
        seller_id: locked.seller_id,
        status: status.as_str().to_owned(),
        version,
    };
    cx.publisher.publish(tx, &updated).await.map(drop)
}

/// Reads the product as it is now, and commits.
async fn finish(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    id: ProductId,
) -> Result<Product, ProductError> {
    let product = store::find(&mut tx, &Selector::Id(id))
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(product)
}
