//! What has to happen elsewhere because of an order, and what of it is stuck.

pub(crate) mod list;
pub(crate) mod resume;

use primitives::{OrderId, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::store::saga::SagaStep;
use crate::workflows::saga::Saga;

/// An order's acts elsewhere.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SagaView {
    pub(crate) order_id: OrderId,
    /// The order's number for people.
    pub(crate) number: String,
    /// Oldest first.
    pub(crate) steps: Vec<SagaStepView>,
}

/// One act.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SagaStepView {
    /// `stock.take`, `stock.release`, `payment.stop`, `payment.capture` or `refund`.
    pub(crate) step: String,
    /// The order, payment, capture or refund.
    pub(crate) subject: Uuid,
    /// `pending`, `done` or `failed`.
    pub(crate) status: String,
    pub(crate) attempts: i32,
    /// When it is tried next; of a step that is not pending it says nothing.
    pub(crate) next_try_at: Timestamp,
    /// Why the last try came to nothing.
    pub(crate) error: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

impl From<SagaStep> for SagaStepView {
    fn from(step: SagaStep) -> Self {
        Self {
            step: step.step,
            subject: step.subject,
            status: step.status,
            attempts: step.attempts,
            next_try_at: step.next_try_at,
            error: step.error,
            created_at: step.created_at,
            updated_at: step.updated_at,
        }
    }
}

impl From<Saga> for SagaView {
    fn from(saga: Saga) -> Self {
        Self {
            order_id: saga.order_id,
            number: saga.number.to_string(),
            steps: saga.steps.into_iter().map(Into::into).collect(),
        }
    }
}
