-- Promotions, shipping methods by tariff and place, taxes by region, and what each order's price is made of.

-- A coupon may concern some products, or the products of some categories; nothing named: all.
ALTER TABLE coupons
  ADD max_discount bigint CONSTRAINT coupons_max_discount CHECK (max_discount > 0),
  ADD product_ids  uuid[] NOT NULL DEFAULT '{}',
  ADD category_ids uuid[] NOT NULL DEFAULT '{}';

-- Taken off without anybody asking. `rule` is what the kind of promotion needs, in minor units of the row's currency.
CREATE TABLE promotions (
  id           uuid PRIMARY KEY,
  name         text NOT NULL,
  kind         text NOT NULL CONSTRAINT promotions_kind CHECK (kind IN ('percent', 'fixed', 'free_shipping', 'buy_x_get_y', 'tiered')),
  rule         jsonb NOT NULL CONSTRAINT promotions_rule CHECK (rule->>'kind' = kind),
  currency     char(3) NOT NULL,
  min_subtotal bigint CONSTRAINT promotions_min_subtotal CHECK (min_subtotal >= 0),
  product_ids  uuid[] NOT NULL DEFAULT '{}',
  category_ids uuid[] NOT NULL DEFAULT '{}',
  priority     integer NOT NULL DEFAULT 0,
  exclusive    boolean NOT NULL DEFAULT false,
  starts_at    timestamptz,
  ends_at      timestamptz,
  active       boolean NOT NULL DEFAULT true,
  version      integer NOT NULL DEFAULT 1,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  CONSTRAINT promotions_dates CHECK (ends_at > starts_at)
);
CREATE INDEX promotions_active ON promotions (id) WHERE active;

-- `price` is the flat one; otherwise `steps` has the prices up to a weight in grams or a sum: [{"up_to": 5000, "price": 490}, …].
-- `tax_class`: the class whose rates shipping is taxed with, 'goods' for those of the goods, or nothing for no tax.
ALTER TABLE shipping_methods
  ADD kind       text NOT NULL DEFAULT 'flat' CONSTRAINT shipping_methods_kind CHECK (kind IN ('flat', 'by_weight', 'by_subtotal')),
  ADD steps      jsonb NOT NULL DEFAULT '[]' CONSTRAINT shipping_methods_steps CHECK (kind = 'flat' OR jsonb_array_length(steps) > 0),
  ADD tax_class  text,
  ADD places     text[] NOT NULL DEFAULT '{}',
  ADD except_places text[] NOT NULL DEFAULT '{}',
  ADD position   integer NOT NULL DEFAULT 0,
  ADD version    integer NOT NULL DEFAULT 1,
  ADD created_at timestamptz NOT NULL DEFAULT now(),
  ADD updated_at timestamptz NOT NULL DEFAULT now();
UPDATE shipping_methods SET position = 1 WHERE code = 'express';

-- Rates in millionths, since some taxes have fractions of a per cent that basis points cannot tell; `rate` stays for who reads it.
-- A region's rate takes the place of the country's unless it adds to it.
ALTER TABLE tax_rates
  ADD id         uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD region     text NOT NULL DEFAULT '',
  ADD name       text NOT NULL DEFAULT 'VAT',
  ADD rate_ppm   integer NOT NULL DEFAULT 0 CONSTRAINT tax_rates_rate CHECK (rate_ppm BETWEEN 0 AND 1000000),
  ADD adds       boolean NOT NULL DEFAULT false,
  ADD version    integer NOT NULL DEFAULT 1,
  ADD created_at timestamptz NOT NULL DEFAULT now(),
  ADD updated_at timestamptz NOT NULL DEFAULT now();
UPDATE tax_rates SET rate_ppm = rate * 100;
ALTER TABLE tax_rates
  DROP CONSTRAINT tax_rates_pkey,
  DROP COLUMN rate,
  ADD rate integer NOT NULL GENERATED ALWAYS AS (rate_ppm / 100) STORED,
  ADD CONSTRAINT tax_rates_pkey PRIMARY KEY (id),
  ADD CONSTRAINT tax_rates_unique UNIQUE (country, region, tax_class, name);

-- Frozen when the order is placed. `tax` is what was added; where prices include tax it is 0, and `included_tax` is what they contain.
-- `shipping_tax` is the part of either that is shipping's.
ALTER TABLE orders
  ADD prices_include_tax boolean NOT NULL DEFAULT false,
  ADD included_tax bigint NOT NULL DEFAULT 0 CONSTRAINT orders_included_tax CHECK (included_tax BETWEEN 0 AND total),
  ADD shipping_tax bigint NOT NULL DEFAULT 0,
  ADD shipping_method_name text,
  ADD CONSTRAINT orders_tax CHECK (CASE WHEN prices_include_tax THEN tax = 0 ELSE included_tax = 0 END),
  ADD CONSTRAINT orders_shipping_tax CHECK (shipping_tax BETWEEN 0 AND tax + included_tax);
ALTER TABLE order_items
  ADD included_tax bigint NOT NULL DEFAULT 0 CONSTRAINT order_items_included_tax CHECK (included_tax BETWEEN 0 AND total),
  ADD CONSTRAINT order_items_one_tax CHECK (tax = 0 OR included_tax = 0);

-- What a line's discount is made of, and what was taken off the shipping costs. Of a line, they add up to its `discount`.
CREATE TABLE order_adjustments (
  order_id      uuid NOT NULL CONSTRAINT order_adjustments_order_id_fkey REFERENCES orders (id),
  position      integer NOT NULL,
  order_item_id uuid CONSTRAINT order_adjustments_order_item_id_fkey REFERENCES order_items (id),
  kind          text NOT NULL CONSTRAINT order_adjustments_kind CHECK (kind IN ('promotion', 'coupon', 'shipping')),
  source_id     uuid NOT NULL,           -- the promotion or coupon
  label         text NOT NULL,           -- its name or code then
  amount        bigint NOT NULL CONSTRAINT order_adjustments_amount CHECK (amount > 0),
  PRIMARY KEY (order_id, position),
  CONSTRAINT order_adjustments_of_shipping CHECK ((kind = 'shipping') = (order_item_id IS NULL))
);
CREATE INDEX order_adjustments_by_source ON order_adjustments (source_id, order_id);

-- What taxes are made of. Of a line, the amounts add up to its `tax + included_tax`; without a line, to the order's `shipping_tax`.
CREATE TABLE order_taxes (
  order_id      uuid NOT NULL CONSTRAINT order_taxes_order_id_fkey REFERENCES orders (id),
  position      integer NOT NULL,
  order_item_id uuid CONSTRAINT order_taxes_order_item_id_fkey REFERENCES order_items (id),
  name          text NOT NULL,
  rate_ppm      integer NOT NULL CONSTRAINT order_taxes_rate CHECK (rate_ppm BETWEEN 0 AND 1000000),
  base          bigint NOT NULL CONSTRAINT order_taxes_base CHECK (base >= 0),  -- without any tax
  amount        bigint NOT NULL CONSTRAINT order_taxes_amount CHECK (amount >= 0),
  PRIMARY KEY (order_id, position)
);

-- Orders from before: what is known of them.
INSERT INTO order_taxes (order_id, position, order_item_id, name, rate_ppm, base, amount)
SELECT order_id, position, id, 'VAT', tax_rate * 100, total - tax, tax FROM order_items WHERE tax_rate > 0 OR tax > 0;
INSERT INTO order_adjustments (order_id, position, order_item_id, kind, source_id, label, amount)
SELECT i.order_id, i.position, i.id, 'coupon', coalesce(c.id, '00000000-0000-0000-0000-000000000000'), coalesce(o.coupon, ''), i.discount
  FROM order_items i JOIN orders o ON o.id = i.order_id LEFT JOIN coupons c ON c.code = o.coupon WHERE i.discount > 0;

GRANT SELECT (max_discount, product_ids, category_ids) ON coupons TO admin_service;
GRANT SELECT (id, name, kind, rule, currency, min_subtotal, product_ids, category_ids, priority, exclusive, starts_at, ends_at, active, version, created_at, updated_at)
  ON promotions TO admin_service;
GRANT SELECT (kind, steps, tax_class, places, except_places, position, version, created_at, updated_at) ON shipping_methods TO admin_service;
GRANT SELECT (id, region, name, rate, rate_ppm, adds, version, created_at, updated_at) ON tax_rates TO admin_service;
GRANT SELECT (prices_include_tax, included_tax, shipping_tax, shipping_method_name) ON orders TO admin_service;
GRANT SELECT (included_tax) ON order_items TO admin_service;
GRANT SELECT (order_id, position, order_item_id, kind, source_id, label, amount) ON order_adjustments TO admin_service;
GRANT SELECT (order_id, position, order_item_id, name, rate_ppm, base, amount) ON order_taxes TO admin_service;
