-- Orders from..to of `orders`, the same ones for the same hour: two years that end now, with more each month, of 100,000 customers of whom some
-- buy often, one in seven a guest; one to five lines, one in ten with a promotion, as many with a coupon. Old ones are completed, a few cancelled, given
-- back or disputed; those of the last days are on their way, some in part, some still wait for their money. Payments, refunds, returns, parcels, timeline,
-- saga and ledger say what the statuses say; tags and notes are what staff add. Runs in one transaction.

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

-- Where an order goes, and what is taxed there, in hundredths of a per cent.
CREATE OR REPLACE FUNCTION pg_temp.country(n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (ARRAY['DE','AT','FR','NL','IT','CH','PL','US','SE','JP'])[1 + pg_temp.draw(n, 6, 10, 3.0)];
CREATE OR REPLACE FUNCTION pg_temp.rate(country text) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN CASE country WHEN 'DE' THEN 1900 WHEN 'AT' THEN 2000 WHEN 'FR' THEN 2000 WHEN 'NL' THEN 2100 WHEN 'IT' THEN 2200 WHEN 'CH' THEN 810 WHEN 'PL' THEN 2300
         WHEN 'SE' THEN 2500 ELSE 0 END;

CREATE TEMP TABLE line ON COMMIT DROP AS
SELECT n, position, product, quantity, price, gross, discount, round((gross - discount) * pg_temp.rate(pg_temp.country(n)) / 10000.0)::bigint AS tax
  FROM (SELECT n, position, product, quantity, price, price * quantity AS gross, CASE WHEN reduced THEN price * quantity / 10 ELSE 0 END AS discount
  FROM (SELECT n, position, reduced, product, quantity, 100 + floor(exp(4 + 5 * pg_temp.dice(product, 7)))::bigint AS price
          -- Most of what is sold is one of the first 5,000 products, but every product is sold now and then.
          FROM (SELECT n, position, pg_temp.dice(n, 3) < 0.2 AS reduced, 1 + pg_temp.draw(n, 20 + position, 4, 3.0) AS quantity,
                       CASE WHEN pg_temp.dice(n, 40 + position) < 0.7 THEN pg_temp.draw(n, 10 + position, 5000, 1.8) ELSE pg_temp.draw(n, 50 + position, {products}, 1.0) END AS product
                  FROM generate_series({from}::bigint, {to}::bigint) n, generate_series(1, 1 + pg_temp.draw(n, 2, 5, 2.0)) position) chosen) drawn) priced;

CREATE TEMP TABLE sale ON COMMIT DROP AS
WITH placed AS MATERIALIZED (
  SELECT n, date_trunc('hour', now()) - (730 * (1 - power(n / {orders}.0, 0.7))) * interval '1 day' AS at, pg_temp.dice(n, 1) AS fate, pg_temp.dice(n, 8) AS twist,
         pg_temp.dice(n, 4) < 0.15 AS guest, pg_temp.draw(n, 5, 100000, 2.0) AS customer, pg_temp.country(n) AS country,
         -- Half of what is reduced is so by a coupon.
         CASE WHEN pg_temp.dice(n, 3) < 0.1 THEN pg_temp.draw(n, 9, 400, 3.0) END AS coupon,
         CASE WHEN pg_temp.dice(n, 31) < 0.15 THEN 'express' ELSE 'standard' END AS method
    FROM generate_series({from}::bigint, {to}::bigint) n),
sums AS MATERIALIZED (
  SELECT n, sum(gross)::bigint AS subtotal, sum(discount)::bigint AS discount, sum(tax)::bigint AS tax, count(*) AS lines FROM line GROUP BY n),
aged AS MATERIALIZED (
  SELECT placed.*, subtotal, discount, tax, lines, CASE WHEN method = 'express' THEN 1290 WHEN subtotal - discount < 5000 THEN 490 ELSE 0 END AS shipping, age,
         CASE WHEN fate < 0.06 THEN 'abandoned' WHEN fate < 0.08 THEN 'cancelled'
              WHEN age < interval '12 days' AND twist < 0.02 THEN 'waiting'
              WHEN age < interval '5 days' AND twist < 0.04 THEN 'held'
              WHEN age < interval '1 day' OR fate > 0.998 THEN 'paid'
              WHEN age < interval '6 days' AND lines > 1 AND twist < 0.2 THEN 'shipped in part'
              WHEN age < interval '3 days' THEN 'shipped'
              WHEN fate < 0.10 THEN 'partly returned' WHEN fate < 0.115 THEN 'given back'
              WHEN fate < 0.1165 THEN 'disputed'
              WHEN age < interval '20 days' AND twist < 0.03 THEN 'return asked' ELSE 'delivered' END AS story
    FROM placed JOIN sums USING (n), LATERAL (SELECT date_trunc('hour', now()) - at AS age) a)
SELECT n, at, age, guest, customer AS customer_number, country, coupon, method, twist, subtotal, discount, shipping, tax, subtotal - discount + shipping + tax AS total, story,
       pg_temp.made(at, 1, n) AS id, pg_temp.made(at, 2, n) AS payment, pg_temp.fixed(3, customer) AS customer, 'customer-' || customer || '@example.com' AS email,
       story NOT IN ('abandoned', 'waiting', 'held') AS paid, story IN ('shipped in part', 'shipped', 'delivered', 'partly returned', 'given back', 'disputed', 'return asked') AS shipped,
       story IN ('delivered', 'partly returned', 'given back', 'disputed', 'return asked') AS delivered,
       CASE WHEN story <> 'disputed' THEN NULL WHEN age < interval '40 days' THEN 'open' WHEN twist < 0.4 THEN 'lost' ELSE 'won' END AS dispute,
       CASE WHEN story IN ('partly returned', 'given back') THEN 'refunded'
            WHEN story = 'return asked' THEN (ARRAY['requested', 'approved', 'rejected', 'withdrawn', 'received'])[1 + n % 5] END AS return,
       CASE story WHEN 'partly returned' THEN 100 + (subtotal - discount) / 3 WHEN 'given back' THEN subtotal - discount + shipping + tax
                  WHEN 'cancelled' THEN subtotal - discount + shipping + tax ELSE 0 END AS refund,
       jsonb_build_object('name', 'Customer ' || customer, 'line1', 'Street ' || 1 + customer % 200, 'line2', NULL,
                          'city', (ARRAY['Berlin','Vienna','Lyon','Utrecht','Turin','Basel','Gdansk','Austin','Malmo','Osaka'])[1 + customer % 10], 'region', NULL,
                          'postal_code', (10000 + customer % 4000)::text, 'country', country, 'phone', NULL) AS address
  FROM aged;
ALTER TABLE sale ADD PRIMARY KEY (n);
ANALYZE sale;

INSERT INTO orders (id, number, cart_id, user_id, guest_token_hash, email, status, payment_status, fulfillment_status, currency, subtotal, discount, shipping, tax, total, coupon,
                    shipping_method, shipping_address, billing_address, note, placed_at, confirmed_at, cancelled_at, cancel_reason, updated_at, version, disputed, charged_back)
SELECT id, {base} + n, pg_temp.made(at, 4, n), CASE WHEN NOT guest THEN customer END, CASE WHEN guest THEN sha256(id::text::bytea) END, email,
       CASE WHEN story IN ('abandoned', 'cancelled') THEN 'cancelled' WHEN story = 'waiting' THEN 'pending' WHEN delivered THEN 'completed' ELSE 'confirmed' END,
       CASE WHEN story = 'held' THEN 'authorized' WHEN NOT paid THEN 'unpaid' WHEN refund = total OR dispute = 'lost' THEN 'refunded'
            WHEN refund > 0 THEN 'partially_refunded' ELSE 'paid' END,
       CASE WHEN story = 'given back' THEN 'returned' WHEN delivered THEN 'delivered' WHEN story = 'shipped in part' THEN 'partially_shipped' WHEN shipped THEN 'shipped'
            ELSE 'unfulfilled' END,
       'EUR', subtotal, discount, shipping, tax, total, 'SAVE-' || coupon, method, address, address,
       CASE WHEN pg_temp.dice(n, 14) < 0.03 THEN (ARRAY['Please ring twice.', 'It is a present: no invoice in the parcel, please.', 'Leave it with the neighbours.'])[1 + n % 3] END,
       at, CASE WHEN paid OR story = 'held' THEN at + interval '2 minutes' END,
       CASE story WHEN 'abandoned' THEN at + interval '30 minutes' WHEN 'cancelled' THEN at + interval '2 hours' END,
       CASE story WHEN 'abandoned' THEN 'expired' WHEN 'cancelled' THEN 'customer' END, at + interval '3 days', 4,
       coalesce(dispute = 'open', false), CASE WHEN dispute = 'lost' THEN total ELSE 0 END
  FROM sale ORDER BY id;

INSERT INTO order_items (id, order_id, position, product_id, variant_id, seller_id, sku, title, quantity, shipped, returned, unit_price, discount, tax, total, tax_rate)
SELECT pg_temp.made(at, 16 + position, n), id, position, pg_temp.offered(2, 1 + product), pg_temp.offered(4, 1 + product), pg_temp.offered(3, pg_temp.draw(1 + product, 11, 50, 1.5)),
       'B-' || 1 + product, 'Article ' || 1 + product, quantity, CASE WHEN shipped AND (position = 1 OR story <> 'shipped in part') THEN quantity ELSE 0 END,
       CASE WHEN story = 'given back' THEN quantity WHEN return IN ('received', 'refunded') AND position = 1 THEN 1 ELSE 0 END,
       price, line.discount, line.tax, gross - line.discount + line.tax, pg_temp.rate(country)
  FROM line JOIN sale USING (n) ORDER BY id, position;

INSERT INTO order_taxes (order_id, position, order_item_id, name, rate_ppm, base, amount)
SELECT id, position, pg_temp.made(at, 16 + position, n), 'VAT', pg_temp.rate(country) * 100, gross - line.discount, line.tax
  FROM line JOIN sale USING (n) WHERE pg_temp.rate(country) > 0 ORDER BY id, position;
INSERT INTO order_adjustments (order_id, position, order_item_id, kind, source_id, label, amount)
SELECT id, position, pg_temp.made(at, 16 + position, n), CASE WHEN coupon IS NULL THEN 'promotion' ELSE 'coupon' END,
       CASE WHEN coupon IS NULL THEN pg_temp.fixed(8, pg_temp.draw(n, 12, 12, 2.0)) ELSE pg_temp.fixed(10, coupon) END,
       CASE WHEN coupon IS NULL THEN 'Campaign ' || pg_temp.draw(n, 12, 12, 2.0) ELSE 'SAVE-' || coupon END, line.discount
  FROM line JOIN sale USING (n) WHERE line.discount > 0 ORDER BY id, position;
INSERT INTO coupon_redemptions (coupon_id, order_id, customer, amount, redeemed_at)
SELECT pg_temp.fixed(10, coupon), id, CASE WHEN guest THEN email ELSE customer::text END, discount, at FROM sale WHERE coupon IS NOT NULL AND story NOT IN ('abandoned', 'cancelled');

INSERT INTO payments (id, order_id, status, provider, provider_ref, currency, amount, amount_authorized, amount_captured, amount_refunded, method, capture, due_at, created_at, updated_at, version)
SELECT payment, id, CASE WHEN story = 'waiting' THEN 'requires_payment' WHEN story = 'held' THEN 'authorized' WHEN NOT paid THEN 'cancelled' WHEN refund = total THEN 'refunded'
                         WHEN refund > 0 THEN 'partially_refunded' ELSE 'succeeded' END,
       -- The provider knows none of these payments, so nobody must ask it about those that are open.
       CASE WHEN story IN ('waiting', 'held') THEN 'manual' ELSE 'stripe' END, CASE WHEN story IN ('waiting', 'held') THEN 'B-' || n ELSE 'pi_bench_' || n END, 'EUR', total,
       CASE WHEN paid OR story = 'held' THEN total ELSE 0 END, CASE WHEN paid THEN total ELSE 0 END, refund,
       CASE story WHEN 'waiting' THEN 'bank_transfer' ELSE 'card' END, CASE story WHEN 'held' THEN 'manual' ELSE 'automatic' END,
       CASE story WHEN 'waiting' THEN at + interval '14 days' END, at, at + interval '2 minutes', 3
  FROM sale ORDER BY id;

INSERT INTO refunds (id, payment_id, status, amount, reason, actor, provider_ref, attempts, next_try_at, created_at, updated_at)
SELECT pg_temp.made(at, 8, n), payment, 'succeeded', refund, story, 'system', 're_bench_' || n, 1, at, at + interval '2 days', at + interval '2 days'
  FROM sale WHERE refund > 0 ORDER BY id;

INSERT INTO refund_items (refund_id, order_item_id, quantity, amount)
SELECT pg_temp.made(at, 8, n), pg_temp.made(at, 17, n), 1, refund FROM sale WHERE story = 'partly returned';
INSERT INTO returns (id, order_id, position, status, comment, actor, answer, refund_id, requested_at, decided_at, received_at, updated_at)
SELECT pg_temp.made(at, 10, n), id, 1, return, CASE WHEN n % 3 = 0 THEN 'It is not what I thought it was.' END, 'customer', CASE return WHEN 'rejected' THEN 'It was used.' END,
       CASE return WHEN 'refunded' THEN pg_temp.made(at, 8, n) END, at + interval '4 days', CASE WHEN return NOT IN ('requested', 'withdrawn') THEN at + interval '5 days' END,
       CASE WHEN return IN ('received', 'refunded') THEN at + interval '8 days' END, at + interval '8 days'
  FROM sale WHERE return IS NOT NULL;
INSERT INTO return_items (return_id, order_item_id, quantity, reason, received, condition, restock)
SELECT pg_temp.made(at, 10, n), pg_temp.made(at, 16 + position, n), CASE story WHEN 'given back' THEN quantity ELSE 1 END,
       (ARRAY['unwanted', 'damaged', 'too_late', 'not_as_described'])[1 + n % 4], CASE WHEN story = 'given back' THEN quantity WHEN return IN ('received', 'refunded') THEN 1 ELSE 0 END,
       CASE WHEN return IN ('received', 'refunded') THEN 'opened' END, CASE WHEN return IN ('received', 'refunded') THEN n % 2 = 0 END
  FROM line JOIN sale USING (n) WHERE story = 'given back' OR story IN ('partly returned', 'return asked') AND position = 1;

INSERT INTO disputes (id, payment_id, provider_ref, status, state, reason, amount, evidence_due_at, opened_at, closed_at, updated_at)
SELECT pg_temp.made(at, 11, n), payment, 'dp_bench_' || n, CASE dispute WHEN 'open' THEN 'needs_response' ELSE dispute END, dispute, 'fraudulent', total,
       at + interval '24 days', at + interval '10 days', CASE WHEN dispute <> 'open' THEN at + interval '30 days' END, at + interval '30 days'
  FROM sale WHERE dispute IS NOT NULL;

INSERT INTO shipments (id, order_id, carrier, tracking_number, status, shipped_at, delivered_at)
SELECT pg_temp.made(at, 9, n), id, (ARRAY['DHL', 'UPS', 'GLS'])[1 + n % 3], 'B' || n, CASE WHEN delivered THEN 'delivered' ELSE 'shipped' END, at + interval '1 day',
       CASE WHEN delivered THEN at + interval '3 days' END
  FROM sale WHERE shipped ORDER BY id;
INSERT INTO shipment_items (shipment_id, order_item_id, quantity)
SELECT pg_temp.made(at, 9, n), pg_temp.made(at, 16 + position, n), quantity
  FROM line JOIN sale USING (n) WHERE shipped AND (position = 1 OR story <> 'shipped in part') ORDER BY n, position;

-- What staff add.
INSERT INTO order_tags (order_id, tag, actor, added_at)
SELECT id, CASE WHEN pg_temp.dice(n, 16) < 0.002 THEN 'recall-7'
                ELSE (ARRAY['gift', 'vip', 'wholesale', 'check-address', 'fragile', 'by-phone', 'press', 'pick-up'])[1 + pg_temp.draw(n, 17, 8, 2.0)] END, 'staff', at + interval '1 hour'
  FROM sale WHERE pg_temp.dice(n, 15) < 0.06;

INSERT INTO order_events (id, order_id, type, at, actor, message)
SELECT pg_temp.made(at, 32 + step, n), id, type, at + after, actor, message
  FROM sale, LATERAL (VALUES
    (1, true, 'order.placed', interval '0', CASE WHEN guest THEN 'guest' ELSE 'customer' END, 'The order was placed.'),
    (2, paid OR story = 'held', 'order.confirmed', interval '2 minutes', 'stripe', 'The payment arrived.'),
    (3, shipped, 'order.shipped', interval '1 day', 'system', 'A parcel left.'),
    (4, delivered, 'order.delivered', interval '3 days', 'system', 'Everything arrived.'),
    (5, story IN ('abandoned', 'cancelled'), 'order.cancelled', interval '2 hours', 'system', 'The order was cancelled.'),
    (6, refund > 0, 'order.refunded', interval '4 days', 'stripe', 'Money was given back.'),
    (7, pg_temp.dice(n, 18) < 0.02, 'note', interval '5 hours', 'staff', 'The customer called about the delivery.')) AS entry (step, happened, type, after, actor, message)
 WHERE happened ORDER BY id, step;

-- Of the last two months, what the saga did; one in some thousands is stuck. Those that are due are taken up at once, so these are due much later.
INSERT INTO saga_steps (order_id, step, subject, status, attempts, next_try_at, error, created_at, updated_at)
SELECT id, 'stock.take', id, CASE WHEN stuck THEN 'failed' ELSE 'done' END, CASE WHEN stuck THEN 20 ELSE 1 END, at + interval '90 days',
       CASE WHEN stuck THEN 'product answered 500' END, at, at + interval '3 minutes'
  FROM sale, LATERAL (SELECT pg_temp.dice(n, 19) < 0.0003 AS stuck) s WHERE age < interval '60 days' AND (paid OR story = 'held');
-- What the provider told of the last month; a few are given up.
INSERT INTO webhook_events (id, type, payload, received_at, processed_at, outcome, attempts, next_try_at, error, subject, order_id)
SELECT 'evt_bench_' || n, 'payment_intent.succeeded',
       jsonb_build_object('id', 'evt_bench_' || n, 'object', 'event', 'type', 'payment_intent.succeeded', 'data', jsonb_build_object('object', jsonb_build_object(
         'id', 'pi_bench_' || n, 'object', 'payment_intent', 'amount', total, 'currency', 'eur', 'status', 'succeeded', 'metadata', jsonb_build_object('order_id', id)))),
       at + interval '2 minutes', at + interval '2 minutes', CASE WHEN lost THEN 'failed' ELSE 'applied' END, CASE WHEN lost THEN 80 ELSE 1 END,
       at + interval '2 minutes', CASE WHEN lost THEN 'payment_intent: status: unknown variant' END, 'pi_bench_' || n, id
  FROM sale, LATERAL (SELECT pg_temp.dice(n, 20) < 0.0005 AS lost) l WHERE paid AND age < interval '28 days';

INSERT INTO ledger_entries (posting_id, order_id, payment_id, kind, account, amount, currency, at, reference)
SELECT pg_temp.made(sale.at, 48 + side / 2, n), id, payment, kind, account, amount, 'EUR', sale.at + after, reference
  FROM sale, LATERAL (VALUES
    (0, interval '2 minutes', 'charge', 'stripe', CASE WHEN paid THEN total ELSE 0 END, payment::text), (1, '2 minutes', 'charge', 'sales', CASE WHEN paid THEN -total ELSE 0 END, payment::text),
    (2, '4 days', 'refund', 'refunds', refund, pg_temp.made(sale.at, 8, n)::text), (3, '4 days', 'refund', 'stripe', -refund, pg_temp.made(sale.at, 8, n)::text),
    (4, '10 days', 'dispute', 'disputes', CASE WHEN dispute IS NOT NULL THEN total ELSE 0 END, pg_temp.made(sale.at, 11, n)::text),
    (5, '10 days', 'dispute', 'stripe', CASE WHEN dispute IS NOT NULL THEN -total ELSE 0 END, pg_temp.made(sale.at, 11, n)::text),
    (6, '30 days', 'dispute_won', 'stripe', CASE WHEN dispute = 'won' THEN total ELSE 0 END, pg_temp.made(sale.at, 11, n)::text),
    (7, '30 days', 'dispute_won', 'disputes', CASE WHEN dispute = 'won' THEN -total ELSE 0 END, pg_temp.made(sale.at, 11, n)::text),
    (8, '30 days', 'dispute_lost', 'chargebacks', CASE WHEN dispute = 'lost' THEN total ELSE 0 END, pg_temp.made(sale.at, 11, n)::text),
    (9, '30 days', 'dispute_lost', 'disputes', CASE WHEN dispute = 'lost' THEN -total ELSE 0 END, pg_temp.made(sale.at, 11, n)::text)) AS entry (side, after, kind, account, amount, reference)
 WHERE amount <> 0 ORDER BY id, side;
