//! What becomes of a product's status.

use super::Merging;
use crate::domain::import::columns::Column;
use crate::domain::import::{Format, cells};
use crate::domain::status::{Life, Status, Step};

impl Merging<'_> {
    /// Forward in the product's life, never back: a file that still says `draft` takes nothing out of the shop.
    pub(super) fn step(&self, wish: Wish, changed: bool) -> Option<Step> {
        match (wish, self.known.map(|known| known.life)) {
            (Wish::Public, life) if self.shop.may_approve => life
                .is_none_or(|life| !life.approved)
                .then_some(Step::Approve),
            (_, Some(life)) if life.approved => None,
            (
                _,
                None
                | Some(Life {
                    status: Status::Draft,
                    ..
                }),
            ) => Some(Step::Submit),
            // Who was refused asks again when there is something new to see.
            (
                _,
                Some(Life {
                    status: Status::Rejected,
                    ..
                }),
            ) => changed.then_some(Step::Submit),
            (_, Some(_)) => None,
        }
    }

    pub(super) fn wish(&mut self) -> Option<Wish> {
        let hidden = self
            .patch
            .said(&Column::Published)
            .is_some_and(|said| cells::truth(&said.text) == Ok(false));
        let said = match self.patch.said(&Column::Status) {
            Some(said) if !said.text.is_empty() => said,
            // Shopify's older files only say whether it is published.
            _ => {
                return self
                    .patch
                    .said(&Column::Published)
                    .filter(|said| cells::truth(&said.text) == Ok(true))
                    .map(|_| Wish::Public);
            }
        };
        match (said.text.to_ascii_lowercase().as_str(), self.columns.format) {
            ("active", _) if hidden => None,
            ("active", _) => Some(Wish::Public),
            ("pending_review", Format::Mercato) => Some(Wish::Review),
            ("draft", _)
            | ("rejected", Format::Mercato)
            | ("archived" | "unlisted", Format::Shopify) => None,
            (_, Format::Mercato) => {
                self.wrong(
                    said.row,
                    &Column::Status,
                    "invalid",
                    "must be draft, pending_review or active",
                );
                None
            }
            (_, Format::Shopify) => {
                self.wrong(
                    said.row,
                    &Column::Status,
                    "invalid",
                    "must be active, draft or archived",
                );
                None
            }
        }
    }
}

pub(super) enum Wish {
    Review,
    Public,
}
