-- Products from..to, the same ones on every machine: 312 categories three levels deep, 50 sellers, 500 brands, titles of four to
-- seven words, descriptions of forty to ninety words, of which few are frequent and most are rare. One in ten has four variants, one in five thousand a hundred. Some are drafts, wait for approval,
-- are rejected or archived, but for the first 5,000, which `order_bench` sells. Buyers wrote reviews of some. Runs in one transaction.

CREATE FUNCTION pg_temp.dice(n bigint, salt integer) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (hashint8extended(n, salt) & 1073741823) / 1073741824.0;
-- The n-th of many invented words that can be pronounced, such as "balomir".
CREATE FUNCTION pg_temp.word(n integer) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (ARRAY['ba','cor','del','fa','gri','ho','ju','kel','lo','mar','ne','pra','que','ro','sta','tur','vo','wen','ya','zi'])[1 + n % 20]
      || (ARRAY['lo','mi','ran','te','vu','sha','der','po','gu','ni','bel','fo','cra','xi','du','ha','len','sor','tai','ke'])[1 + n / 20 % 20]
      || (ARRAY['mir','nat','sor','lek','dan','pho','rus','til','bor','gan','wick','mond','ley','ton','ster','vard','ro','na','ly','x'])[1 + (n / 400 + n) % 20];
-- Few are drawn often, most seldom.
CREATE FUNCTION pg_temp.draw(n bigint, salt integer, many integer, skew float8) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN least(many - 1, floor(many * power(pg_temp.dice(n, salt), skew)))::integer;
CREATE FUNCTION pg_temp.id(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ('0190' || lpad(to_hex(n), 8, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n % 4096), 3, '0') || '000000000000')::uuid;

INSERT INTO categories (id, parent_id, slug, name, position, created_at, updated_at)
SELECT pg_temp.id(1, n), CASE WHEN n >= 72 THEN pg_temp.id(1, 12 + (n - 72) / 4) WHEN n >= 12 THEN pg_temp.id(1, (n - 12) / 5) END,
       'bench-' || pg_temp.word(2000 + n) || '-' || n, initcap(pg_temp.word(2000 + n)), n, now(), now()
  FROM generate_series(0, 311) n ON CONFLICT DO NOTHING;

CREATE TEMP TABLE drawn ON COMMIT DROP AS
SELECT n, 72 + pg_temp.draw(n, 1, 240, 1.6) AS category,
       pg_temp.draw(n, 2, 500, 2.0) AS brand, pg_temp.draw(n, 3, 20, 1.5) AS colour, pg_temp.draw(n, 4, 15, 1.5) AS material,
       pg_temp.draw(n, 5, 8, 1.2) AS size, pg_temp.draw(n, 6, 300, 1.8) AS trait,
       100 + floor(exp(5 + 5 * pg_temp.dice(n, 7)))::bigint AS price,
       pg_temp.draw(n, 8, 40, 18.0) AS reviews, 2.5 + 2.5 * pg_temp.dice(n, 9) AS stars, pg_temp.draw(n, 10, 5000, 5.0) AS sold,
       CASE WHEN n % 5000 = 0 THEN 100 WHEN n % 10 = 0 THEN 4 ELSE 1 END AS variants,
       CASE WHEN n <= 5000 OR pg_temp.dice(n, 12) >= 0.06 THEN 'active' WHEN pg_temp.dice(n, 12) < 0.02 THEN 'draft' WHEN pg_temp.dice(n, 12) < 0.024 THEN 'pending_review'
            WHEN pg_temp.dice(n, 12) < 0.028 THEN 'rejected' ELSE 'archived' END AS status
  FROM generate_series({from}::bigint, {to}::bigint) n;

CREATE TEMP TABLE said ON COMMIT DROP AS
SELECT n, k, least(5, greatest(1, round(stars + 2 * pg_temp.dice(n * 64 + k, 13) - 1)))::smallint AS rating,
       CASE WHEN pg_temp.dice(n * 64 + k, 14) < 0.01 THEN 'pending' WHEN pg_temp.dice(n * 64 + k, 14) < 0.02 THEN 'hidden' ELSE 'published' END AS status,
       now() - pg_temp.dice(n * 64 + k, 15) * interval '700 days' AS at
  FROM drawn, generate_series(1, reviews) k;

INSERT INTO products (id, seller_id, category_id, slug, title, description, status, rejection_reason, option_names, attributes, currency, price_min, price_max, skus,
                      rating_sum, rating_count, sold_count, created_at, updated_at, published_at)
SELECT pg_temp.id(2, n), pg_temp.id(3, pg_temp.draw(n, 11, 50, 1.5)), pg_temp.id(1, category), 'bench-' || n,
       concat_ws(' ', initcap(pg_temp.word(3000 + brand)), initcap(pg_temp.word(5000 + trait)), initcap(pg_temp.word(6000 + colour)),
                 -- Two or three kinds of things in a category.
                 pg_temp.word(2000 + category), CASE WHEN n % 3 = 0 THEN pg_temp.word(7000 + category * 3 + (n % 7)::integer % 3) END,
                 CASE WHEN n % 2 = 0 THEN 'M' || n % 900 END),
       (SELECT string_agg(pg_temp.word(pg_temp.draw(n, 100 + w, 7900, 3.0)), CASE w % 12 WHEN 0 THEN '. ' ELSE ' ' END)
          FROM generate_series(1, 40 + (n % 50)::integer) w),
       status, CASE status WHEN 'rejected' THEN 'The pictures are missing.' END, CASE WHEN variants > 1 THEN ARRAY['size'] ELSE '{}'::text[] END,
       jsonb_build_object('brand', initcap(pg_temp.word(3000 + brand)), 'colour', pg_temp.word(6000 + colour), 'material', pg_temp.word(6500 + material),
                          'size', (ARRAY['XS','S','M','L','XL','XXL','38','40'])[1 + size], 'weight', round((n % 60) / 10.0, 1)),
       'EUR', price, price + 100 * (variants - 1), (SELECT string_agg('B-' || n || CASE WHEN v > 1 THEN '-' || v ELSE '' END, ' ') FROM generate_series(1, variants) v),
       coalesce(given.stars, 0), coalesce(given.number, 0), sold, now() - (n % 1000) * interval '1 hour', now(), CASE WHEN status IN ('active', 'archived') THEN now() END
  FROM drawn LEFT JOIN (SELECT n, sum(rating) AS stars, count(*) AS number FROM said WHERE status = 'published' GROUP BY n) given USING (n) ORDER BY n;

CREATE TEMP TABLE kinds ON COMMIT DROP AS
SELECT n, v, CASE v WHEN 1 THEN pg_temp.id(4, n) ELSE pg_temp.id(64 + v, n) END AS id, price + 100 * (v - 1) AS price,
       CASE WHEN (n + v) % 8 = 0 THEN 0 ELSE 5 + (n + v) % 20 END AS on_hand, drawn.variants
  FROM drawn, generate_series(1, variants) v;
INSERT INTO product_variants (id, product_id, sku, options, price, position, created_at, updated_at)
SELECT id, pg_temp.id(2, n), 'B-' || n || CASE WHEN v > 1 THEN '-' || v ELSE '' END, CASE WHEN variants > 1 THEN jsonb_build_object('size', v::text) ELSE '{}' END, price, v, now(), now()
  FROM kinds ORDER BY n, v;
INSERT INTO price_history (variant_id, price, currency, valid_from, valid_until)
SELECT id, price + 100, 'EUR', now() - interval '200 days', now() - interval '90 days' FROM kinds WHERE n % 3 = 0;
INSERT INTO price_history (variant_id, price, currency, valid_from) SELECT id, price, 'EUR', now() - interval '90 days' FROM kinds;
INSERT INTO stock_levels (variant_id, location_id, on_hand, updated_at)
SELECT id, (SELECT id FROM stock_locations WHERE deactivated_at IS NULL ORDER BY position, id LIMIT 1), on_hand, now() FROM kinds ORDER BY n, v;
-- How it came there, and what was sold in the last three months: the best-sellers daily.
CREATE TEMP TABLE left_stock ON COMMIT DROP AS
SELECT id, k, 1 + pg_temp.draw(n * 512 + k, 16, 3, 3.0) AS quantity, now() - pg_temp.dice(n * 512 + k, 17) * interval '90 days' AS at
  FROM kinds, generate_series(1, CASE WHEN v > 1 THEN 0 WHEN n <= 5000 THEN 1 + (400 / (1 + n / 50))::integer ELSE pg_temp.draw(n, 18, 3, 2.0) END) k;
INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, owed_delta, reason, created_at)
SELECT gen_random_uuid(), kinds.id, (SELECT id FROM stock_locations WHERE deactivated_at IS NULL ORDER BY position, id LIMIT 1), 'receive',
       on_hand + coalesce(sold, 0), 0, 0, 'delivery', now() - interval '100 days'
  FROM kinds LEFT JOIN (SELECT id, sum(quantity) AS sold FROM left_stock GROUP BY id) sold USING (id) WHERE on_hand + coalesce(sold, 0) > 0;
INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, owed_delta, order_id, created_at)
SELECT gen_random_uuid(), id, (SELECT id FROM stock_locations WHERE deactivated_at IS NULL ORDER BY position, id LIMIT 1), 'sell', -quantity, 0, 0, gen_random_uuid(), at
  FROM left_stock ORDER BY at;
SELECT note_low_stock(array_agg(id)) FROM kinds;

INSERT INTO reviews (id, product_id, user_id, author_name, rating, title, body, status, moderation_reason, moderated_by, moderated_at, verified_purchase, helpful_count, created_at, updated_at)
SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7009' || '8' || lpad(to_hex(k), 3, '0') || lpad(to_hex(n), 12, '0'))::uuid, pg_temp.id(2, n),
       ('01900000-0000-7003-8000-' || lpad(to_hex(pg_temp.draw(n, 19, 150000, 1.0) + k), 12, '0'))::uuid, (ARRAY['Ada','Ben','Clara','David','Elif','Finn','Greta','Hugo'])[1 + (n + k) % 8], rating,
       initcap(pg_temp.word(pg_temp.draw(n * 64 + k, 20, 7900, 3.0))),
       (SELECT string_agg(pg_temp.word(pg_temp.draw(n * 64 + k, 100 + w, 7900, 3.0)), ' ') FROM generate_series(1, 8 + ((n + k) % 20)::integer) w),
       status, CASE status WHEN 'hidden' THEN 'insulting' END, CASE status WHEN 'hidden' THEN pg_temp.id(3, 0) END, CASE status WHEN 'hidden' THEN at + interval '1 day' END,
       k % 4 <> 0, pg_temp.draw(n * 64 + k, 21, 60, 6.0), at, at
  FROM said ORDER BY at;
-- Half of what waits for approval was approved before, with another title.
INSERT INTO product_decisions (product_id, approved, decided_at, content)
SELECT pg_temp.id(2, n), true, now() - interval '30 days', product_content(pg_temp.id(2, n)) || '{"title": "Before"}' FROM drawn WHERE status = 'pending_review' AND n % 2 = 0;
