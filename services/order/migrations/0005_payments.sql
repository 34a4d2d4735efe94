-- Payments in several ways: authorised and captured apart, by card, hosted page or bank transfer; refunds by line; disputes; customers' saved cards.

ALTER TABLE payments
  ADD COLUMN method            text CHECK (method IN ('card', 'checkout_session', 'bank_transfer')), -- what the customer chose; none yet, or an older row
  ADD COLUMN attempt           integer NOT NULL DEFAULT 0 CHECK (attempt >= 0),  -- counts changes of method: part of the provider's idempotency key
  ADD COLUMN capture           text NOT NULL DEFAULT 'automatic' CHECK (capture IN ('automatic', 'manual')),
  ADD COLUMN session_ref       text,                                             -- the hosted page of this attempt
  ADD COLUMN amount_authorized bigint NOT NULL DEFAULT 0,
  ADD COLUMN amount_captured   bigint NOT NULL DEFAULT 0,
  ADD COLUMN due_at            timestamptz,                                      -- until when a bank transfer is waited for
  ADD COLUMN fee_next_try_at   timestamptz;                                      -- when to ask the provider what it took for a charge

UPDATE payments SET method = 'card' WHERE provider = 'stripe' AND provider_ref IS NOT NULL;
UPDATE payments SET amount_authorized = amount WHERE status = 'authorized';
UPDATE payments SET amount_authorized = amount, amount_captured = amount WHERE status IN ('succeeded', 'partially_refunded', 'refunded');

ALTER TABLE payments
  DROP CONSTRAINT payments_provider_check,
  ADD CONSTRAINT payments_provider_check CHECK (provider IN ('stripe', 'manual', 'none')),
  ADD CONSTRAINT payments_captured_within_amount CHECK (amount_captured BETWEEN 0 AND amount),
  ADD CONSTRAINT payments_authorized_within_amount CHECK (amount_authorized BETWEEN 0 AND amount),
  DROP CONSTRAINT payments_refunds_within_charge,
  ADD CONSTRAINT payments_refunds_within_charge CHECK (amount_refunded BETWEEN 0 AND amount_captured);
CREATE UNIQUE INDEX payments_session_ref ON payments (session_ref);
CREATE INDEX payments_due ON payments (due_at) WHERE due_at IS NOT NULL AND status = 'requires_payment';
CREATE INDEX payments_fee_unknown ON payments (fee_next_try_at) WHERE fee_next_try_at IS NOT NULL;

-- Money that was authorised is taken once, in whole or in part; the provider lets the rest go.
CREATE TABLE payment_captures (
  id           uuid PRIMARY KEY,
  payment_id   uuid NOT NULL REFERENCES payments,
  status       text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  amount       bigint NOT NULL CHECK (amount > 0),
  actor        text NOT NULL,
  failure      text,
  attempts     integer NOT NULL DEFAULT 0,
  next_try_at  timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);
CREATE UNIQUE INDEX payment_captures_once ON payment_captures (payment_id) WHERE status <> 'failed';
CREATE INDEX payment_captures_pending ON payment_captures (next_try_at) WHERE status = 'pending';

-- Which units of which lines a refund is for, with their share of what the line cost.
CREATE TABLE refund_items (
  refund_id     uuid NOT NULL REFERENCES refunds,
  order_item_id uuid NOT NULL REFERENCES order_items,
  quantity      integer NOT NULL CHECK (quantity > 0),
  amount        bigint NOT NULL CHECK (amount >= 0),
  PRIMARY KEY (refund_id, order_item_id)
);
CREATE INDEX refund_items_by_item ON refund_items (order_item_id);

-- Cardholders' objections, as the provider reports them. They are answered at the provider.
CREATE TABLE disputes (
  id              uuid PRIMARY KEY,
  payment_id      uuid NOT NULL REFERENCES payments,
  provider_ref    text NOT NULL CONSTRAINT disputes_provider_ref UNIQUE,
  status          text NOT NULL,              -- the provider's word, such as needs_response, under_review, won, lost
  state           text NOT NULL CHECK (state IN ('inquiry', 'open', 'won', 'lost', 'closed')),
  reason          text NOT NULL,
  amount          bigint NOT NULL CHECK (amount >= 0),
  evidence_due_at timestamptz,
  opened_at       timestamptz NOT NULL,
  closed_at       timestamptz,
  updated_at      timestamptz NOT NULL,
  CONSTRAINT disputes_closed_at CHECK ((state IN ('inquiry', 'open')) = (closed_at IS NULL))
);
CREATE INDEX disputes_by_payment ON disputes (payment_id);
CREATE INDEX disputes_by_time ON disputes (opened_at DESC, id DESC);

-- Users whom the provider knows, because they saved a card. The provider learns our user id and nothing else of them.
CREATE TABLE payment_customers (
  user_id      uuid PRIMARY KEY,
  provider_ref text NOT NULL CONSTRAINT payment_customers_provider_ref UNIQUE,
  created_at   timestamptz NOT NULL,
  erase_at     timestamptz                 -- the account is gone: to be removed at the provider, then here
);
CREATE INDEX payment_customers_to_erase ON payment_customers (erase_at) WHERE erase_at IS NOT NULL;

ALTER TABLE webhook_events ADD COLUMN api_version text;

GRANT SELECT (method, attempt, capture, session_ref, amount_authorized, amount_captured, due_at, fee_next_try_at) ON payments TO admin_service;
GRANT SELECT (id, payment_id, status, amount, actor, failure, attempts, next_try_at, created_at, updated_at) ON payment_captures TO admin_service;
GRANT SELECT (refund_id, order_item_id, quantity, amount) ON refund_items TO admin_service;
GRANT SELECT (id, payment_id, provider_ref, status, state, reason, amount, evidence_due_at, opened_at, closed_at, updated_at) ON disputes TO admin_service;
GRANT SELECT (user_id, created_at, erase_at) ON payment_customers TO admin_service;
GRANT SELECT (api_version) ON webhook_events TO admin_service;
