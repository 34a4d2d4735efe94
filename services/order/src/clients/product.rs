//! product: what variants are now, and holds on their stock.

use std::collections::BTreeMap;

use auth_token::{CallError, InternalClient};
use contracts::internal::reservations::{Reservation, ReserveLine, ReserveRequest, ShortLine};
use contracts::internal::variants::{LookupRequest, LookupResponse, VariantSnapshot};
use primitives::{OrderId, ProductId, VariantId};
use serde_json::Value;

/// As many as product looks up at once.
const MOST_VARIANTS: usize = 1_000;

/// product's internal API.
#[derive(Clone)]
pub(crate) struct ProductClient(InternalClient);

/// Why nothing is held.
#[derive(Debug)]
pub(crate) enum NotReserved {
    /// Nothing is held: these lines are short.
    Short(Vec<ShortLine>),
    /// The order id holds other lines.
    Mismatch,
    /// The order id's hold has ended.
    Closed,
    /// Whether something is held is not known.
    Unknown(http_kit::Error),
}

/// Why product did not do what it was asked.
#[derive(Debug)]
pub(crate) enum NotTaken {
    /// The units are gone, or the order was cancelled: for ever.
    Rejected,
    /// Whether it was done is not known.
    Unknown(anyhow::Error),
}

impl ProductClient {
    pub(crate) fn new(client: InternalClient) -> Self {
        Self(client)
    }

    /// Variants by id, and all variants of a product, with one call for each 1,000. What is not known is absent.
    pub(crate) async fn lookup(
        &self,
        variant_ids: Vec<VariantId>,
        product_ids: Vec<ProductId>,
    ) -> http_kit::Result<BTreeMap<VariantId, VariantSnapshot>> {
        if variant_ids.is_empty() && product_ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        if variant_ids.len() > MOST_VARIANTS {
            let (first, rest) = variant_ids.split_at(MOST_VARIANTS);
            let mut found = Box::pin(self.lookup(first.to_vec(), product_ids)).await?;
            found.extend(Box::pin(self.lookup(rest.to_vec(), Vec::new())).await?);
            return Ok(found);
        }
        let request = LookupRequest {
            variant_ids,
            product_ids,
        };
        let answer: LookupResponse = self
            .0
            .post("/internal/variants/lookup", None, None, &request)
            .await?;
        Ok(answer
            .variants
            .into_iter()
            .map(|variant| (variant.variant_id, variant))
            .collect())
    }

    /// Holds all lines for the order, or none. Repeating it with the same lines changes nothing.
    pub(crate) async fn reserve(
        &self,
        order_id: OrderId,
        lines: Vec<ReserveLine>,
        expires_in_seconds: u32,
    ) -> Result<Reservation, NotReserved> {
        let request = ReserveRequest {
            order_id,
            lines,
            expires_in_seconds: Some(expires_in_seconds),
        };
        match self
            .0
            .post("/internal/reservations", None, None, &request)
            .await
        {
            Ok(reservation) => Ok(reservation),
            Err(error) => Err(match (error.code(), &error) {
                (Some("insufficient_stock"), CallError::Problem { body, .. }) => {
                    NotReserved::Short(short_lines(body))
                }
                (Some("reservation_mismatch"), _) => NotReserved::Mismatch,
                (Some("reservation_closed"), _) => NotReserved::Closed,
                _ => NotReserved::Unknown(error.into()),
            }),
        }
    }

    /// Sells what the order holds, or takes it again if the hold has expired. Any number of times.
    pub(crate) async fn take(&self, order_id: OrderId) -> Result<(), NotTaken> {
        self.settle(order_id, "commit").await
    }

    /// Gives back what the order holds or has taken. Any number of times.
    pub(crate) async fn give_back(&self, order_id: OrderId) -> Result<(), NotTaken> {
        self.settle(order_id, "release").await
    }

    async fn settle(&self, order_id: OrderId, how: &str) -> Result<(), NotTaken> {
        let path = format!("/internal/reservations/{order_id}/{how}");
        let nothing = Value::Object(serde_json::Map::new());
        let answer: Result<Value, CallError> = self.0.post(&path, None, None, &nothing).await;
        answer.map(drop).map_err(|error| match error.code() {
            Some("insufficient_stock" | "reservation_closed") => NotTaken::Rejected,
            _ => NotTaken::Unknown(error.into()),
        })
    }
}

fn short_lines(problem: &Value) -> Vec<ShortLine> {
    problem
        .get("lines")
        .and_then(|lines| serde_json::from_value(lines.clone()).ok())
        .unwrap_or_default()
}
