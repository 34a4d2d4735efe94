-- Carts, orders and the money of a shop. Money columns are whole minor units of the row's currency.
-- For every order: subtotal - discount + shipping + tax = total, and the totals of the lines + shipping = total.

CREATE TABLE carts (
  id         uuid PRIMARY KEY,
  user_id    uuid,
  token_hash bytea,                       -- SHA-256 of a guest's X-Cart-Token
  currency   char(3) NOT NULL DEFAULT 'EUR',
  coupon     text,
  order_id   uuid,                        -- fixed by the checkout that runs or crashed, so that its repetition finds the same hold on stock
  status     text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'checked_out', 'merged')),
  version    integer NOT NULL DEFAULT 1,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT carts_have_one_owner CHECK (status <> 'open' OR num_nonnulls(user_id, token_hash) = 1)
);
CREATE UNIQUE INDEX carts_one_open_per_user ON carts (user_id) WHERE status = 'open';
CREATE UNIQUE INDEX carts_token ON carts (token_hash);

CREATE TABLE cart_items (
  id         uuid PRIMARY KEY,
  cart_id    uuid NOT NULL REFERENCES carts ON DELETE CASCADE,
  product_id uuid NOT NULL,
  variant_id uuid NOT NULL,
  quantity   integer NOT NULL CHECK (quantity BETWEEN 1 AND 9999),
  added_at   timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT cart_items_one_line_per_variant UNIQUE (cart_id, variant_id)
);

CREATE TABLE shipping_methods (
  code         text PRIMARY KEY,
  name         text NOT NULL,
  currency     char(3) NOT NULL,
  price        bigint NOT NULL CHECK (price >= 0),
  free_from    bigint CHECK (free_from >= 0),   -- subtotal after discount from which it costs nothing
  active       boolean NOT NULL DEFAULT true
);
INSERT INTO shipping_methods (code, name, currency, price, free_from) VALUES
  ('standard', 'Standard', 'EUR', 490, 5000),
  ('express',  'Express',  'EUR', 1290, NULL);

-- Rates in basis points (1900 = 19 %), added to prices, which exclude tax. A country without rows is taxed at 0. A cart without
-- an address is priced for the shop's own country (setting DEFAULT_COUNTRY, DE).
CREATE TABLE tax_rates (
  country   char(2) NOT NULL,
  tax_class text NOT NULL,
  rate      integer NOT NULL CHECK (rate BETWEEN 0 AND 10000),
  PRIMARY KEY (country, tax_class)
);
INSERT INTO tax_rates (country, tax_class, rate) VALUES
  ('DE', 'standard', 1900), ('DE', 'reduced', 700), ('AT', 'standard', 2000), ('AT', 'reduced', 1000),
  ('FR', 'standard', 2000), ('FR', 'reduced', 550), ('NL', 'standard', 2100), ('NL', 'reduced', 900),
  ('BE', 'standard', 2100), ('BE', 'reduced', 600), ('IT', 'standard', 2200), ('IT', 'reduced', 1000),
  ('ES', 'standard', 2100), ('ES', 'reduced', 1000), ('PL', 'standard', 2300), ('PL', 'reduced', 800);

CREATE TABLE coupons (
  id                 uuid PRIMARY KEY,
  code               text NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('percent', 'fixed', 'free_shipping')),
  percent            integer CHECK (percent BETWEEN 1 AND 100),
  amount             bigint CHECK (amount > 0),
  currency           char(3) NOT NULL DEFAULT 'EUR',
  min_subtotal       bigint CHECK (min_subtotal >= 0),
  usage_limit        integer CHECK (usage_limit > 0),
  per_customer_limit integer CHECK (per_customer_limit > 0),
  used               integer NOT NULL DEFAULT 0 CHECK (used >= 0),
  starts_at          timestamptz,
  ends_at            timestamptz,
  active             boolean NOT NULL DEFAULT true,
  version            integer NOT NULL DEFAULT 1,
  created_at         timestamptz NOT NULL,
  CONSTRAINT coupons_code_unique UNIQUE (code),
  CONSTRAINT coupons_within_limit CHECK (usage_limit IS NULL OR used <= usage_limit),
  CONSTRAINT coupons_value CHECK (CASE kind WHEN 'percent' THEN percent IS NOT NULL WHEN 'fixed' THEN amount IS NOT NULL ELSE true END)
);

CREATE SEQUENCE order_number START 1000001;

CREATE TABLE orders (
  id                 uuid PRIMARY KEY,
  number             bigint NOT NULL DEFAULT nextval('order_number'),
  cart_id            uuid NOT NULL,
  user_id            uuid,
  guest_token_hash   bytea,                -- SHA-256 of a guest's X-Order-Token
  email              text NOT NULL,
  status             text NOT NULL CHECK (status IN ('pending', 'confirmed', 'completed', 'cancelled')),
  payment_status     text NOT NULL CHECK (payment_status IN ('unpaid', 'authorized', 'paid', 'partially_refunded', 'refunded', 'failed')),
  fulfillment_status text NOT NULL CHECK (fulfillment_status IN ('unfulfilled', 'partially_shipped', 'shipped', 'delivered', 'returned')),
  currency           char(3) NOT NULL,
  subtotal           bigint NOT NULL CHECK (subtotal >= 0),
  discount           bigint NOT NULL CHECK (discount BETWEEN 0 AND subtotal),
  shipping           bigint NOT NULL CHECK (shipping >= 0),
  tax                bigint NOT NULL CHECK (tax >= 0),       -- added on top: prices exclude tax
  total              bigint NOT NULL CHECK (total >= 0),
  coupon             text,
  shipping_method    text NOT NULL,
  shipping_address   jsonb NOT NULL,
  billing_address    jsonb NOT NULL,
  note               text,
  placed_at          timestamptz NOT NULL,
  confirmed_at       timestamptz,
  cancelled_at       timestamptz,
  cancel_reason      text,
  updated_at         timestamptz NOT NULL,
  version            integer NOT NULL DEFAULT 1,
  CONSTRAINT orders_number_unique UNIQUE (number),
  CONSTRAINT orders_one_per_cart UNIQUE (cart_id),
  CONSTRAINT orders_add_up CHECK (total = subtotal - discount + shipping + tax),
  CONSTRAINT orders_cancelled_at CHECK ((status = 'cancelled') = (cancelled_at IS NOT NULL))
);
CREATE INDEX orders_by_user ON orders (user_id, placed_at DESC, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX orders_by_time ON orders (placed_at DESC, id DESC);
CREATE INDEX orders_pending ON orders (placed_at) WHERE status = 'pending';
CREATE INDEX orders_by_email ON orders (email);

CREATE TABLE order_items (
  id           uuid PRIMARY KEY,
  order_id     uuid NOT NULL REFERENCES orders,
  position     integer NOT NULL,
  product_id   uuid NOT NULL,
  variant_id   uuid NOT NULL,
  seller_id    uuid NOT NULL,
  sku          text NOT NULL,
  title        text NOT NULL,
  options      jsonb NOT NULL DEFAULT '{}',
  quantity     integer NOT NULL CHECK (quantity > 0),
  shipped      integer NOT NULL DEFAULT 0,
  unit_price   bigint NOT NULL CHECK (unit_price >= 0),
  discount     bigint NOT NULL CHECK (discount >= 0),
  tax          bigint NOT NULL CHECK (tax >= 0),
  total        bigint NOT NULL CHECK (total >= 0),
  tax_rate     integer NOT NULL,
  CONSTRAINT order_items_position UNIQUE (order_id, position),
  CONSTRAINT order_items_add_up CHECK (total = unit_price * quantity - discount + tax),
  CONSTRAINT order_items_shipped CHECK (shipped BETWEEN 0 AND quantity)
);

-- The timeline: what happened to an order, for people. Append-only.
CREATE TABLE order_events (
  id       uuid PRIMARY KEY,
  order_id uuid NOT NULL REFERENCES orders,
  type     text NOT NULL,
  at       timestamptz NOT NULL,
  actor    text NOT NULL,                  -- customer, guest, staff:<id>, system, stripe
  message  text NOT NULL,
  data     jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX order_events_by_order ON order_events (order_id, at, id);

CREATE TABLE coupon_redemptions (
  coupon_id   uuid NOT NULL REFERENCES coupons,
  order_id    uuid NOT NULL REFERENCES orders,
  customer    text NOT NULL,               -- user id, or a guest's e-mail address
  amount      bigint NOT NULL,
  redeemed_at timestamptz NOT NULL,
  PRIMARY KEY (coupon_id, order_id)
);
CREATE INDEX coupon_redemptions_by_customer ON coupon_redemptions (coupon_id, customer);

CREATE TABLE payments (
  id              uuid PRIMARY KEY,
  order_id        uuid NOT NULL REFERENCES orders,
  status          text NOT NULL CHECK (status IN ('requires_payment', 'processing', 'authorized', 'succeeded', 'failed', 'cancelled', 'partially_refunded', 'refunded')),
  provider        text NOT NULL CHECK (provider IN ('stripe', 'none')),
  provider_ref    text,
  currency        char(3) NOT NULL,
  amount          bigint NOT NULL CHECK (amount >= 0),
  amount_refunded bigint NOT NULL DEFAULT 0,
  failure         text,
  checked_at      timestamptz,             -- when the reconciler last asked the provider
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  version         integer NOT NULL DEFAULT 1,
  CONSTRAINT payments_one_per_order UNIQUE (order_id),
  CONSTRAINT payments_provider_ref UNIQUE (provider, provider_ref),
  CONSTRAINT payments_refunds_within_charge CHECK (amount_refunded BETWEEN 0 AND amount)
);
CREATE INDEX payments_open ON payments (created_at) WHERE status IN ('requires_payment', 'processing', 'authorized', 'failed');

CREATE TABLE refunds (
  id           uuid PRIMARY KEY,
  payment_id   uuid NOT NULL REFERENCES payments,
  status       text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
  amount       bigint NOT NULL CHECK (amount > 0),
  reason       text,
  actor        text NOT NULL,
  provider_ref text UNIQUE,
  failure      text,
  attempts     integer NOT NULL DEFAULT 0,
  next_try_at  timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL
);
CREATE INDEX refunds_by_payment ON refunds (payment_id, created_at);
CREATE INDEX refunds_pending ON refunds (next_try_at) WHERE status = 'pending';

-- What has to be cancelled at the provider because the order is gone.
CREATE TABLE payment_cancellations (
  payment_id  uuid PRIMARY KEY REFERENCES payments,
  attempts    integer NOT NULL DEFAULT 0,
  next_try_at timestamptz NOT NULL
);

CREATE TABLE shipments (
  id              uuid PRIMARY KEY,
  order_id        uuid NOT NULL REFERENCES orders,
  carrier         text NOT NULL,
  tracking_number text NOT NULL,
  status          text NOT NULL DEFAULT 'shipped' CHECK (status IN ('shipped', 'delivered')),
  shipped_at      timestamptz NOT NULL,
  delivered_at    timestamptz
);
CREATE INDEX shipments_by_order ON shipments (order_id, shipped_at);

CREATE TABLE shipment_items (
  shipment_id   uuid NOT NULL REFERENCES shipments,
  order_item_id uuid NOT NULL REFERENCES order_items,
  quantity      integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (shipment_id, order_item_id)
);

-- The answer to a caller's Idempotency-Key, written in the transaction of its effect. What had no effect has no row and may be tried again.
CREATE TABLE idempotency_keys (
  caller     text NOT NULL,                -- user:<id>, or guest:<SHA-256 of the cart's token>
  key        text NOT NULL,
  body_hash  bytea NOT NULL,
  status     integer NOT NULL,
  body       jsonb NOT NULL,               -- without the guest's token, which is derived again
  created_at timestamptz NOT NULL,
  CONSTRAINT idempotency_keys_once PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Stripe's events, stored once by their id before they are acknowledged, applied by a job.
CREATE TABLE webhook_events (
  id           text PRIMARY KEY,
  type         text NOT NULL,
  payload      jsonb NOT NULL,
  received_at  timestamptz NOT NULL,
  processed_at timestamptz,
  outcome      text,
  attempts     integer NOT NULL DEFAULT 0,
  next_try_at  timestamptz NOT NULL,
  error        text
);
CREATE INDEX webhook_events_open ON webhook_events (next_try_at) WHERE processed_at IS NULL;

-- Events to be published, written in the transaction of the change they tell of. The relay deletes what the broker has confirmed.
CREATE TABLE outbox (
  seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id            uuid NOT NULL UNIQUE,
  aggregate     text NOT NULL,
  event_type    text NOT NULL,
  envelope      jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  attempts      integer NOT NULL DEFAULT 0
);
CREATE INDEX outbox_aggregate ON outbox (aggregate, seq);

-- Events already applied, written in the transaction of their effect, so that a redelivery changes nothing.
CREATE TABLE inbox (
  consumer     text NOT NULL,
  event_id     uuid NOT NULL,
  processed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (consumer, event_id)
);

-- What the admin panel may read: everything staff see, no token hash, no saved answer, no webhook's payload (Stripe's events carry client secrets).
GRANT SELECT (id, user_id, currency, coupon, status, created_at, updated_at) ON carts TO admin_service;
GRANT SELECT (id, cart_id, product_id, variant_id, quantity, added_at) ON cart_items TO admin_service;
GRANT SELECT (code, name, currency, price, free_from, active) ON shipping_methods TO admin_service;
GRANT SELECT (country, tax_class, rate) ON tax_rates TO admin_service;
GRANT SELECT (id, code, kind, percent, amount, currency, min_subtotal, usage_limit, per_customer_limit, used, starts_at, ends_at, active, version, created_at) ON coupons TO admin_service;
GRANT SELECT (coupon_id, order_id, customer, amount, redeemed_at) ON coupon_redemptions TO admin_service;
GRANT SELECT (id, order_id, position, product_id, variant_id, seller_id, sku, title, options, quantity, shipped, unit_price, discount, tax, total, tax_rate) ON order_items TO admin_service;
GRANT SELECT (id, order_id, type, at, actor, message, data) ON order_events TO admin_service;
GRANT SELECT (id, order_id, status, provider, provider_ref, currency, amount, amount_refunded, failure, checked_at, created_at, updated_at, version) ON payments TO admin_service;
GRANT SELECT (id, payment_id, status, amount, reason, actor, provider_ref, failure, attempts, next_try_at, created_at, updated_at) ON refunds TO admin_service;
GRANT SELECT (payment_id, attempts, next_try_at) ON payment_cancellations TO admin_service;
GRANT SELECT (id, order_id, carrier, tracking_number, status, shipped_at, delivered_at) ON shipments TO admin_service;
GRANT SELECT (shipment_id, order_item_id, quantity) ON shipment_items TO admin_service;
GRANT SELECT (id, type, received_at, processed_at, outcome, attempts, next_try_at, error) ON webhook_events TO admin_service;
GRANT SELECT (id, number, cart_id, user_id, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total, coupon,
  shipping_method, shipping_address, billing_address, note, placed_at, confirmed_at, cancelled_at, cancel_reason, updated_at, version) ON orders TO admin_service;
GRANT SELECT (seq, id, aggregate, event_type, created_at, claimed_until, attempts) ON outbox TO admin_service;
