//! Holding stock without HTTP around it: for measurements, and for tests that want several processes.

use std::time::Duration;

use primitives::{Clock, OrderId, Quantity, Random, VariantId};
use sqlx::PgPool;

use crate::app::Context;
use crate::domain::allocation::Demand;
use crate::error::HoldError;
use crate::workflows::reservations::{Request, hold};

/// What one process does with a database.
#[derive(Clone)]
pub struct Reservations(Context);

impl Reservations {
    /// A process that serves so many at once who want the same; with 1 each has a transaction of its own.
    #[must_use]
    pub fn new(pool: PgPool, at_once: usize) -> Self {
        Self(Context::new(
            pool,
            Clock::system(),
            Random::system(),
            at_once,
        ))
    }

    /// A new order's id.
    #[must_use]
    pub fn order(&self) -> OrderId {
        OrderId::new(self.0.clock.now(), &self.0.random)
    }

    /// Holds units for an order for half an hour, as `POST /internal/reservations` does; false if there are not so many.
    ///
    /// # Errors
    /// The order holds something else, or the database is away.
    pub async fn reserve(
        &self,
        order: OrderId,
        variant_id: VariantId,
        quantity: Quantity,
    ) -> anyhow::Result<bool> {
        let request = Request {
            order,
            demands: vec![Demand {
                variant_id,
                quantity,
            }],
            lasts: Duration::from_secs(1_800),
            traceparent: None,
        };
        match hold(&self.0, request).await {
            Ok(_) => Ok(true),
            Err(HoldError::Short(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}
