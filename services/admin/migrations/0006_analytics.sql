-- What was sold, counted once. An order's part in the numbers is kept beside them, so that it can be taken out and put in anew: events only say which order
-- changed, and however often or late they say it, the sums stay those of the orders.

-- Orders and products that changed and are not counted anew yet.
CREATE TABLE analytics_pending (
  kind    text NOT NULL CONSTRAINT analytics_pending_kind CHECK (kind IN ('order', 'product')),
  id      uuid NOT NULL,
  since   timestamptz NOT NULL,          -- of the earliest event that is not counted
  mark    bigint NOT NULL DEFAULT 1,     -- grows with each event, so that what comes meanwhile is not forgotten
  PRIMARY KEY (kind, id)
);
CREATE INDEX analytics_pending_since ON analytics_pending (since);

-- One row. `epoch` grows with every change of the numbers: who read the source before another one wrote throws its work away.
CREATE TABLE analytics_state (
  singleton    boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  epoch        bigint NOT NULL DEFAULT 0,
  time_zone    text NOT NULL DEFAULT '', -- whose days these are
  filled_until uuid,                     -- orders up to this one are read in; nothing if all are
  as_of        timestamptz,              -- all that happened before is counted
  stock_as_of  timestamptz
);
INSERT INTO analytics_state (filled_until) VALUES ('00000000-0000-0000-0000-000000000000');

-- What an order that was confirmed brought, and when.
CREATE TABLE analytics_orders (
  order_id uuid PRIMARY KEY,
  customer uuid,                         -- nothing for a guest
  facts    jsonb NOT NULL
);
CREATE INDEX analytics_orders_by_customer ON analytics_orders (customer) WHERE customer IS NOT NULL;

-- The sums. Money in minor units. `period` is a day, or the first day of a month.
CREATE TABLE sales_rollups (
  report       text NOT NULL CONSTRAINT sales_rollups_report CHECK (report IN ('all', 'product', 'category', 'seller', 'offer', 'country', 'tax')),
  currency     char(3) NOT NULL,
  grain        text NOT NULL CONSTRAINT sales_rollups_grain CHECK (grain IN ('day', 'month')),
  period       date NOT NULL,
  key          text NOT NULL,
  orders       bigint NOT NULL,
  cancelled    bigint NOT NULL,
  units        bigint NOT NULL,
  gross        bigint NOT NULL,
  discounts    bigint NOT NULL,
  shipping     bigint NOT NULL,
  tax          bigint NOT NULL,
  total        bigint NOT NULL,
  refunds      bigint NOT NULL,
  released     bigint NOT NULL,
  charged_back bigint NOT NULL,
  tax_back     bigint NOT NULL,
  PRIMARY KEY (report, currency, grain, period, key)
);
-- A product that changes its category takes its numbers along.
CREATE INDEX sales_rollups_of_key ON sales_rollups (key) WHERE report = 'product';

-- The category that each product that was sold has now.
CREATE TABLE analytics_products (
  product_id  uuid PRIMARY KEY,
  category_id uuid
);

-- Customers by the month of their first order, and what they ordered in which month.
CREATE TABLE cohort_rollups (
  currency  char(3) NOT NULL,
  cohort    date NOT NULL,
  month     date NOT NULL,
  customers bigint NOT NULL,
  orders    bigint NOT NULL,
  revenue   bigint NOT NULL,
  PRIMARY KEY (currency, cohort, month)
);

-- What the goods were worth that lay in stock, by price, at the end of each day that the panel ran.
CREATE TABLE stock_values (
  day         date NOT NULL,
  currency    char(3) NOT NULL,
  category_id uuid NOT NULL,             -- nil for none
  variants    bigint NOT NULL,
  units       bigint NOT NULL,
  reserved    bigint NOT NULL,
  value       bigint NOT NULL,
  PRIMARY KEY (day, currency, category_id)
);
