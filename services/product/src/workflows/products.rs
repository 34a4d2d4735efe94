//! A product's life: drafting, changing, moving between statuses.

use auth_token::{Acting, Principal};
use contracts::events::{ProductApproved, ProductCreated, ProductDeleted, ProductUpdated};
use primitives::{ProductId, UserId, VariantId};
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::stock;
use crate::app::Context;
use crate::domain::attributes;
use crate::domain::product::Offer;
use crate::domain::slug;
pub(crate) use crate::domain::spec::Spec;
use crate::domain::status::{self, Life, Status, Step};
use crate::domain::stock::Correction;
use crate::domain::text::TaxClass;
use crate::error::ProductError;
use crate::store::products::{self as store, Content, Locked, New, Product, Selector};
use crate::store::{category_attributes, decisions, prices, search_documents, slugs, variants};

impl Spec {
    fn content(&self) -> Content<'_> {
        Content {
            title: &self.title,
            description: &self.description,
            category_id: self.category_id,
            tax_class: self.tax_class.map(TaxClass::as_str),
            attributes: json!(self.attributes),
            seo_title: self.seo_title.as_deref(),
            seo_description: self.seo_description.as_deref(),
            schedule: self.schedule,
            offer: &self.offer,
        }
    }
}

/// Drafts a product with its variants and their first stock; staff may have it approved at once.
pub(crate) async fn create(
    cx: &Context,
    seller: &Principal,
    approved: bool,
    spec: &Spec,
) -> Result<Product, ProductError> {
    let mut tx = cx.pool.begin().await?;
    let (step, staff) = (approved.then_some(Step::Approve), Acting::of(seller));
    let id = create_in(&mut tx, cx, seller.user_id, staff.as_ref(), step, spec).await?;
    finish(tx, cx, id).await
}

/// As [`create`], in the caller's transaction; the step is taken at once.
pub(crate) async fn create_in(
    tx: &mut PgConnection,
    cx: &Context,
    seller: UserId,
    staff: Option<&Acting>,
    step: Option<Step>,
    spec: &Spec,
) -> Result<ProductId, ProductError> {
    let id = ProductId::new(cx.clock.now(), &cx.random);
    let mut life = Life::draft(spec.schedule);
    if let Some(step) = step {
        life = status::next(life, step, cx.clock.now()).ok_or(ProductError::Status(life.status))?;
    }
    check_attributes(tx, spec).await?;
    let slug = claim_slug(tx, cx, id, spec).await?;
    let new = New {
        id,
        seller_id: seller,
        slug: &slug,
        life,
        content: spec.content(),
    };
    store::insert(tx, &new, &cx.clock)
        .await
        .map_err(ProductError::from_write)?;
    write_variants(tx, cx, id, seller, &spec.offer, &|_| None).await?;
    prices::record(tx, id, &cx.clock).await?;
    let title = spec.title.to_string();
    let created = ProductCreated {
        product_id: id,
        title: title.clone(),
        seller_id: seller,
        status: life.status.as_str().to_owned(),
        version: 1,
    };
    cx.publisher.publish(tx, &created).await?;
    if life.approved {
        decisions::note(tx, id, true, &cx.clock).await?;
        let approved = ProductApproved {
            product_id: id,
            title,
            seller_id: seller,
        };
        cx.publisher.publish(tx, &approved).await?;
    }
    let after = json!({ "title": spec.title.to_string(), "status": life.status });
    let change = (Value::Null, after);
    audit(tx, cx, staff, "product.create", id, change).await?;
    search_documents::refresh(tx, &[id]).await?;
    Ok(id)
}

/// Writes what a seller says of a locked product from now on. A variant is known again by its SKU.
pub(crate) async fn update(
    mut tx: sqlx::Transaction<'static, sqlx::Postgres>,
    cx: &Context,
    locked: &Locked,
    actor: &Principal,
    spec: &Spec,
) -> Result<Product, ProductError> {
    let staff = Acting::of(actor);
    update_in(&mut tx, cx, locked, actor.user_id, staff.as_ref(), spec).await?;
    finish(tx, cx, locked.id).await
}

/// As [`update`], in the caller's transaction; answers the new version.
pub(crate) async fn update_in(
    tx: &mut PgConnection,
    cx: &Context,
    locked: &Locked,
    actor: UserId,
    staff: Option<&Acting>,
    spec: &Spec,
) -> Result<i32, ProductError> {
    check_attributes(tx, spec).await?;
    let slug = renamed_slug(tx, cx, locked, spec).await?;
    let mut version = store::update(tx, locked.id, &slug, &spec.content(), &cx.clock)
        .await
        .map_err(ProductError::from_write)?;
    let known = variants::ids_by_sku(tx, locked.id).await?;
    write_variants(tx, cx, locked.id, actor, &spec.offer, &|sku| {
        known.get(sku).copied()
    })
    .await?;
    // The schedule may be another one now.
    let life = Life {
        schedule: spec.schedule,
        ..locked.life()
    };
    let next = status::next(life, Step::Settle, cx.clock.now()).unwrap_or(life);
    if next != life {
        version = store::set_life(tx, locked.id, next, None, &cx.clock).await?;
    }
    prices::record(tx, locked.id, &cx.clock).await?;
    publish_updated(tx, cx, locked, &spec.title, next.status, version).await?;
    let before = json!({ "title": locked.title, "version": locked.version });
    let after = json!({ "title": spec.title.to_string(), "version": version });
    let change = (before, after);
    audit(tx, cx, staff, "product.update", locked.id, change).await?;
    search_documents::refresh(tx, &[locked.id]).await?;
    Ok(version)
}

/// What the category, and those above it, ask of the attributes.
async fn check_attributes(tx: &mut PgConnection, spec: &Spec) -> Result<(), ProductError> {
    let Some(category) = spec.category_id else {
        return Ok(());
    };
    let rules = category_attributes::hold_rules(tx, category).await?;
    match attributes::check(&rules, &spec.attributes) {
        wrong if wrong.is_empty() => Ok(()),
        wrong => Err(ProductError::Attributes(wrong)),
    }
}

/// The slug that is asked for, or one like the title.
async fn claim_slug(
    tx: &mut PgConnection,
    cx: &Context,
    id: ProductId,
    spec: &Spec,
) -> Result<String, ProductError> {
    if let Some(own) = &spec.slug {
        return match slugs::claim(tx, own, id, &cx.clock).await? {
            true => Ok(own.clone()),
            false => Err(ProductError::SlugTaken),
        };
    }
    let plain = slug::of(&spec.title, "product");
    let mut slug = plain.clone();
    while !slugs::claim(tx, &slug, id, &cx.clock).await? {
        slug = slug::another(&plain, &cx.random);
    }
    Ok(slug)
}

/// A product keeps its address until it is named otherwise.
async fn renamed_slug(
    tx: &mut PgConnection,
    cx: &Context,
    locked: &Locked,
    spec: &Spec,
) -> Result<String, ProductError> {
    let keeps = match &spec.slug {
        Some(own) => *own == locked.slug,
        None => slug::of(&spec.title, "product") == slug::of(&locked.title, "product"),
    };
    if keeps {
        Ok(locked.slug.clone())
    } else {
        claim_slug(tx, cx, locked.id, spec).await
    }
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
    variants::replace(tx, product, &list, cx.low_stock_threshold(), &cx.clock)
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
    finish(tx, cx, locked.id).await
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
    let life = locked.life();
    let next = status::next(life, step, cx.clock.now()).ok_or(ProductError::Status(life.status))?;
    if next == life {
        return Ok(());
    }
    let version = store::set_life(tx, locked.id, next, reason, &cx.clock).await?;
    if matches!(step, Step::Approve | Step::Reject) {
        decisions::note(tx, locked.id, step == Step::Approve, &cx.clock).await?;
    }
    match step {
        Step::Approve if !life.approved => {
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
        Step::Submit | Step::Approve | Step::Reject | Step::Settle => {}
    }
    prices::record(tx, locked.id, &cx.clock).await?;
    publish_updated(tx, cx, locked, &locked.title, next.status, version).await?;
    let (before, mut after) = (
        json!({ "status": life.status }),
        json!({ "status": next.status }),
    );
    if let Some(reason) = reason {
        after["reason"] = reason.into();
    }
    let change = (before, after);
    audit(tx, cx, staff, step.action(), locked.id, change).await?;
    search_documents::refresh(tx, &[locked.id]).await?;
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

/// Tells that a product is not as it was.
pub(crate) async fn publish_updated(
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
    cx: &Context,
    id: ProductId,
) -> Result<Product, ProductError> {
    let product = store::find(&mut tx, &Selector::Id(id), cx.clock.now())
        .await?
        .ok_or(sqlx::Error::RowNotFound)?;
    tx.commit().await?;
    Ok(product)
}
