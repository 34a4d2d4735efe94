-- Orders from..to of `orders`, the same ones for the same day: two years that end today, with more each month, of 100,000 customers of whom some
-- buy often, one in seven a guest; one to five lines, one in ten with a promotion. Old ones are completed, a few cancelled or given back; those of
-- the last days are on their way. Payments, refunds, parcels, timeline and ledger say what the statuses say. Runs in one transaction.

SET LOCAL jit = off;
CREATE OR REPLACE FUNCTION pg_temp.dice(n bigint, salt integer) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (hashint8extended(n, salt) & 1073741823) / 1073741824.0;
-- Few are drawn often, most seldom.
CREATE OR REPLACE FUNCTION pg_temp.draw(n bigint, salt integer, many integer, skew float8) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN least(many - 1, floor(many * power(pg_temp.dice(n, salt), skew)))::integer;
-- An id made at a moment.
CREATE OR REPLACE FUNCTION pg_temp.made(at timestamptz, kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (left(uuid_floor(at)::text, 13) || '-7' || lpad(to_hex(kind), 3, '0') || '-8' || lpad(to_hex(n % 4096), 3, '0') || '-' || lpad(to_hex(n), 12, '0'))::uuid;
-- An id that is the same at any time: of a customer, as auth's `user_bench` makes them.
CREATE OR REPLACE FUNCTION pg_temp.fixed(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ('01900000-0000-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
-- The same of what product's `search_bench` makes: 2 is a product, 3 a seller, 4 a variant.
CREATE OR REPLACE FUNCTION pg_temp.offered(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ('0190' || lpad(to_hex(n), 8, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n % 4096), 3, '0') || '000000000000')::uuid;

CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT n, position, product, quantity, price, price * quantity AS gross,
       CASE WHEN promoted THEN price * quantity / 10 ELSE 0 END AS discount,
       CASE WHEN promoted THEN round((price * quantity - price * quantity / 10) * 0.19) ELSE round(price * quantity * 0.19) END::bigint AS tax
  FROM (SELECT n, position, pg_temp.dice(n, 3) < 0.1 AS promoted, pg_temp.draw(n, 10 + position, 5000, 1.8) AS product,
               1 + pg_temp.draw(n, 20 + position, 4, 3.0) AS quantity,
               100 + floor(exp(4 + 5 * pg_temp.dice(pg_temp.draw(n, 10 + position, 5000, 1.8), 7)))::bigint AS price
          FROM generate_series({from}::bigint, {to}::bigint) n, generate_series(1, 1 + pg_temp.draw(n, 2, 5, 2.0)) position) drawn;

CREATE TEMP TABLE sale ON COMMIT DROP AS
WITH placed AS MATERIALIZED (
  SELECT n, date_trunc('day', now()) - (730 * (1 - power(n / {orders}.0, 0.7))) * interval '1 day' AS at, pg_temp.dice(n, 1) AS fate,
         pg_temp.dice(n, 4) < 0.15 AS guest, pg_temp.draw(n, 5, 100000, 2.0) AS customer
    FROM generate_series({from}::bigint, {to}::bigint) n),
sums AS MATERIALIZED (
  SELECT n, sum(gross)::bigint AS subtotal, sum(discount)::bigint AS discount, sum(tax)::bigint AS tax FROM line GROUP BY n),
aged AS MATERIALIZED (
  SELECT placed.*, subtotal, discount, tax, CASE WHEN subtotal - discount < 5000 THEN 490 ELSE 0 END AS shipping,
         date_trunc('day', now()) - at AS age,
         CASE WHEN fate < 0.06 THEN 'abandoned' WHEN fate < 0.08 THEN 'cancelled'
              WHEN date_trunc('day', now()) - at < interval '1 day' OR fate > 0.998 THEN 'paid'
              WHEN date_trunc('day', now()) - at < interval '3 days' THEN 'shipped'
              WHEN fate < 0.10 THEN 'partly returned' WHEN fate < 0.115 THEN 'given back' ELSE 'delivered' END AS story
    FROM placed JOIN sums USING (n))
SELECT n, at, guest, subtotal, discount, shipping, tax, subtotal - discount + shipping + tax AS total, story,
       pg_temp.made(at, 1, n) AS id, pg_temp.made(at, 2, n) AS payment, pg_temp.fixed(3, customer) AS customer, 'customer-' || customer || '@example.com' AS email,
       story <> 'abandoned' AS paid, story IN ('shipped', 'delivered', 'partly returned', 'given back') AS shipped,
       story IN ('delivered', 'partly returned', 'given back') AS delivered,
       CASE story WHEN 'partly returned' THEN 100 + (subtotal - discount) / 3 WHEN 'given back' THEN subtotal - discount + shipping + tax
                  WHEN 'cancelled' THEN subtotal - discount + shipping + tax ELSE 0 END AS refund,
       jsonb_build_object('name', 'Customer ' || customer, 'line1', 'Street ' || 1 + customer % 200, 'line2', NULL, 'city', 'Berlin', 'region', NULL,
                          'postal_code', (10000 + customer % 4000)::text, 'country', 'DE', 'phone', NULL) AS address
  FROM aged;

INSERT INTO orders (id, number, cart_id, user_id, guest_token_hash, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total,
                    shipping_method, shipping_address, billing_address, placed_at, confirmed_at, cancelled_at, cancel_reason, updated_at, version)
SELECT id, {base} + n, pg_temp.made(at, 4, n), CASE WHEN NOT guest THEN customer END, CASE WHEN guest THEN sha256(id::text::bytea) END, email,
       CASE WHEN story IN ('abandoned', 'cancelled') THEN 'cancelled' WHEN delivered THEN 'completed' ELSE 'confirmed' END,
       CASE WHEN NOT paid THEN 'unpaid' WHEN refund = total THEN 'refunded' WHEN refund > 0 THEN 'partially_refunded' ELSE 'paid' END,
       CASE WHEN delivered THEN 'delivered' WHEN shipped THEN 'shipped' ELSE 'unfulfilled' END,
       'EUR', subtotal, discount, shipping, tax, total, 'standard', address, address,
       at, CASE WHEN paid THEN at + interval '2 minutes' END,
       CASE story WHEN 'abandoned' THEN at + interval '30 minutes' WHEN 'cancelled' THEN at + interval '2 hours' END,
       CASE story WHEN 'abandoned' THEN 'expired' WHEN 'cancelled' THEN 'customer' END, at + interval '3 days', 4
  FROM sale ORDER BY id;

INSERT INTO order_items (id, order_id, position, product_id, variant_id, seller_id, sku, title, quantity, shipped, unit_price, discount, tax, total, tax_rate)
SELECT pg_temp.made(at, 16 + position, n), id, position, pg_temp.offered(2, 1 + product), pg_temp.offered(4, 1 + product), pg_temp.offered(3, pg_temp.draw(1 + product, 11, 50, 1.5)),
       'B-' || 1 + product, 'Article ' || 1 + product, quantity, CASE WHEN shipped THEN quantity ELSE 0 END, price, line.discount, line.tax, gross - line.discount + line.tax, 1900
  FROM line JOIN sale USING (n) ORDER BY id, position;

INSERT INTO order_taxes (order_id, position, order_item_id, name, rate_ppm, base, amount)
SELECT id, position, pg_temp.made(at, 16 + position, n), 'VAT', 190000, gross - line.discount, line.tax FROM line JOIN sale USING (n) ORDER BY id, position;
INSERT INTO order_adjustments (order_id, position, order_item_id, kind, source_id, label, amount)
SELECT id, position, pg_temp.made(at, 16 + position, n), 'promotion', pg_temp.fixed(8, 1), 'Ten per cent', line.discount
  FROM line JOIN sale USING (n) WHERE line.discount > 0 ORDER BY id, position;

INSERT INTO payments (id, order_id, status, provider, provider_ref, currency, amount, amount_authorized, amount_captured, amount_refunded, method, created_at, updated_at, version)
SELECT payment, id, CASE WHEN NOT paid THEN 'cancelled' WHEN refund = total THEN 'refunded' WHEN refund > 0 THEN 'partially_refunded' ELSE 'succeeded' END,
       'stripe', 'pi_bench_' || n, 'EUR', total, CASE WHEN paid THEN total ELSE 0 END, CASE WHEN paid THEN total ELSE 0 END, refund, 'card',
       at, at + interval '2 minutes', 3
  FROM sale ORDER BY id;

INSERT INTO refunds (id, payment_id, status, amount, reason, actor, provider_ref, attempts, next_try_at, created_at, updated_at)
SELECT pg_temp.made(at, 8, n), payment, 'succeeded', refund, story, 'system', 're_bench_' || n, 1, at, at + interval '2 days', at + interval '2 days'
  FROM sale WHERE refund > 0 ORDER BY id;

INSERT INTO shipments (id, order_id, carrier, tracking_number, status, shipped_at, delivered_at)
SELECT pg_temp.made(at, 9, n), id, 'DHL', 'B' || n, CASE WHEN delivered THEN 'delivered' ELSE 'shipped' END, at + interval '1 day',
       CASE WHEN delivered THEN at + interval '3 days' END
  FROM sale WHERE shipped ORDER BY id;
INSERT INTO shipment_items (shipment_id, order_item_id, quantity)
SELECT pg_temp.made(at, 9, n), pg_temp.made(at, 16 + position, n), quantity FROM line JOIN sale USING (n) WHERE shipped ORDER BY n, position;

INSERT INTO order_events (id, order_id, type, at, actor, message)
SELECT pg_temp.made(at, 32 + step, n), id, type, at + after, actor, message
  FROM sale, LATERAL (VALUES
    (1, true, 'order.placed', interval '0', CASE WHEN guest THEN 'guest' ELSE 'customer' END, 'The order was placed.'),
    (2, paid, 'order.confirmed', interval '2 minutes', 'stripe', 'The payment arrived.'),
    (3, shipped, 'order.shipped', interval '1 day', 'system', 'A parcel left.'),
    (4, delivered, 'order.delivered', interval '3 days', 'system', 'Everything arrived.'),
    (5, story IN ('abandoned', 'cancelled'), 'order.cancelled', interval '2 hours', 'system', 'The order was cancelled.'),
    (6, refund > 0, 'order.refunded', interval '4 days', 'stripe', 'Money was given back.')) AS entry (step, happened, type, after, actor, message)
 WHERE happened ORDER BY id, step;

INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
SELECT pg_temp.made(sale.at, 48 + side / 2, n), id, payment, kind, account, amount, 'EUR', sale.at + interval '2 minutes', reference
  FROM sale, LATERAL (VALUES
    (0, 'charge', 'stripe', CASE WHEN paid THEN total ELSE 0 END, payment::text), (1, 'charge', 'sales', CASE WHEN paid THEN -total ELSE 0 END, payment::text),
    (2, 'refund', 'refunds', refund, pg_temp.made(sale.at, 8, n)::text), (3, 'refund', 'stripe', -refund, pg_temp.made(sale.at, 8, n)::text)) AS entry (side, kind, account, amount, reference)
 WHERE amount <> 0 ORDER BY id, side;
