//! What is to be done so that a product is what a file says of it.

mod life;
mod offer;
mod product;

use std::collections::BTreeMap;

use primitives::{CategoryId, Currency, VariantId};

use super::columns::{Column, Columns};
use super::known::Known;
use super::places::Places;
use super::plan::Patch;
use super::{Format, RowError};
use crate::domain::attributes::Rule;
use crate::domain::slug;
use crate::domain::spec::Spec;
use crate::domain::status::Step;
use crate::domain::text::{Title, Units};

/// What decides beside the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shop<'a> {
    pub(crate) places: &'a Places,
    /// What each category asks of attributes.
    pub(crate) rules: &'a BTreeMap<CategoryId, Vec<Rule>>,
    /// The currency of prices where neither file nor product says one.
    pub(crate) currency: Currency,
    /// Whether whoever imports may make products public.
    pub(crate) may_approve: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Deed {
    /// All is as the file says.
    Nothing,
    Create {
        spec: Box<Spec>,
        /// What follows the draft.
        step: Option<Step>,
    },
    Change {
        /// Unless only stock or status change.
        spec: Option<Box<Spec>>,
        stock: Vec<(VariantId, Units)>,
        step: Option<Step>,
    },
}

/// Compares what a file says with what the shop has. All that is wrong is found at once.
pub(crate) fn merge(
    columns: &Columns,
    patch: &Patch,
    known: Option<&Known>,
    shop: Shop<'_>,
) -> Result<Deed, Vec<RowError>> {
    let mut merging = Merging {
        columns,
        patch,
        known,
        shop,
        errors: Vec::new(),
    };
    let deed = merging.deed();
    match deed {
        Some(deed) if merging.errors.is_empty() => Ok(deed),
        _ => Err(merging.errors),
    }
}

/// The category that decides which rules are needed: the one that the file names, or the one that the product has.
pub(crate) fn category(
    patch: &Patch,
    known: Option<&Known>,
    places: &Places,
) -> Option<CategoryId> {
    let has = known.and_then(|known| known.category.as_ref().map(|(id, _)| *id));
    match patch.said(&Column::Category) {
        Some(said) if said.text.is_empty() => None,
        Some(said) => places.find(&said.text).or(has),
        None => has,
    }
}

struct Merging<'a> {
    columns: &'a Columns,
    patch: &'a Patch,
    known: Option<&'a Known>,
    shop: Shop<'a>,
    errors: Vec<RowError>,
}

impl Merging<'_> {
    fn wrong(&mut self, row: i32, column: &Column, code: &'static str, message: impl Into<String>) {
        self.errors.push(RowError::new(
            row,
            self.columns.heading(column),
            code,
            message,
        ));
    }

    fn deed(&mut self) -> Option<Deed> {
        let before = self.known.map(|known| self.as_it_is(known));
        // Before anything may end it, so that all that is wrong is found.
        let wish = self.wish();
        let spec = self.spec()?;
        let stock = self.stock();
        let changed = before.is_none_or(|before| before.as_ref() != Some(&spec));
        let step = wish.and_then(|wish| self.step(wish, changed));
        Some(match self.known {
            None => Deed::Create {
                spec: Box::new(spec),
                step,
            },
            Some(_) if !changed && stock.is_empty() && step.is_none() => Deed::Nothing,
            Some(_) => Deed::Change {
                spec: changed.then(|| Box::new(spec)),
                stock,
                step,
            },
        })
    }

    /// All that a file can say, as the shop has it; none if it is not as today's rules want it.
    fn as_it_is(&self, known: &Known) -> Option<Spec> {
        let nothing = Patch {
            product: BTreeMap::new(),
            variants: Vec::new(),
            ..self.patch.clone()
        };
        let mut merging = Merging {
            patch: &nothing,
            errors: Vec::new(),
            known: Some(known),
            ..*self
        };
        merging.spec().filter(|_| merging.errors.is_empty())
    }

    fn spec(&mut self) -> Option<Spec> {
        let title = self.title();
        let description = self.text(self.description_column(), |known| {
            Some(known.description.clone())
        });
        let category_id = self.category();
        let attributes = self.attributes(category_id);
        let seo_title = self.optional(&Column::SeoTitle, |known| known.seo_title.clone());
        let seo_description = self.optional(&Column::SeoDescription, |known| {
            known.seo_description.clone()
        });
        let tax_class = self.tax_class();
        let schedule = self.schedule();
        let offer = self.offer();
        Some(Spec {
            slug: self.slug(title.as_ref()),
            title: title?,
            description: description?,
            category_id,
            tax_class: Some(tax_class),
            attributes: attributes?,
            seo_title,
            seo_description,
            schedule,
            offer: offer?,
        })
    }

    /// Where a new product shall live; an old one stays where it is.
    fn slug(&self, title: Option<&Title>) -> Option<String> {
        match (self.known, &self.patch.handle) {
            (Some(known), _) => Some(known.slug.clone()),
            (None, Some(handle)) if slug::is_valid(handle) => Some(handle.clone()),
            (None, Some(handle)) => Some(slug::of(handle, "product")),
            (None, None) => title.map(|title| slug::of(title, "product")),
        }
    }

    fn title(&mut self) -> Option<Title> {
        let said = self
            .patch
            .said(&Column::Title)
            .filter(|said| !said.text.is_empty());
        match (said, self.known) {
            (Some(said), _) => self.checked(said.row, &Column::Title, said.text.clone()),
            (None, Some(known)) => {
                self.checked(self.patch.row, &Column::Title, known.title.clone())
            }
            (None, None) => {
                self.wrong(
                    self.patch.row,
                    &Column::Title,
                    "required",
                    "a new product needs a title",
                );
                None
            }
        }
    }

    fn description_column(&self) -> &'static Column {
        match self.columns.format {
            Format::Mercato => &Column::Description,
            Format::Shopify => &Column::Body,
        }
    }

    /// A text that may be empty.
    fn text<T: TryFrom<String, Error = &'static str>>(
        &mut self,
        column: &Column,
        known: impl Fn(&Known) -> Option<String>,
    ) -> Option<T> {
        let (row, text) = match self.patch.said(column) {
            Some(said) => (said.row, said.text.clone()),
            None => (
                self.patch.row,
                self.known.and_then(known).unwrap_or_default(),
            ),
        };
        self.checked(row, column, text)
    }

    /// A text that may be absent.
    fn optional<T: TryFrom<String, Error = &'static str>>(
        &mut self,
        column: &Column,
        known: impl Fn(&Known) -> Option<String>,
    ) -> Option<T> {
        let (row, text) = match self.patch.said(column) {
            Some(said) => (said.row, Some(said.text.clone())),
            None => (self.patch.row, self.known.and_then(known)),
        };
        self.checked(row, column, text.filter(|text| !text.is_empty())?)
    }

    fn checked<T: TryFrom<F, Error = &'static str>, F>(
        &mut self,
        row: i32,
        column: &Column,
        value: F,
    ) -> Option<T> {
        match T::try_from(value) {
            Ok(value) => Some(value),
            Err(message) => {
                self.wrong(row, column, "invalid", message);
                None
            }
        }
    }

    fn category(&mut self) -> Option<CategoryId> {
        let found = category(self.patch, self.known, self.shop.places);
        // Shopify's names are those of its own taxonomy, which no other shop must have.
        if let Some(said) = self.patch.said(&Column::Category)
            && self.columns.format == Format::Mercato
            && !said.text.is_empty()
            && self.shop.places.find(&said.text).is_none()
        {
            self.wrong(said.row, &Column::Category, "unknown", "is not a category of this shop: neither a slug nor a path such as `clothing/shirts` or `Clothing > Shirts`");
        }
        found
    }
}
