-- Products from..to, the same ones on every machine: 312 categories three levels deep, 50 sellers, 500 brands, titles of four to
-- seven words, descriptions of forty to ninety words, of which few are frequent and most are rare. Runs in one transaction.

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
       pg_temp.draw(n, 8, 400, 3.0) AS reviews, 2.5 + 2.5 * pg_temp.dice(n, 9) AS stars, pg_temp.draw(n, 10, 5000, 5.0) AS sold
  FROM generate_series({from}::bigint, {to}::bigint) n;

INSERT INTO products (id, seller_id, category_id, slug, title, description, status, attributes, currency, price_min, price_max, skus,
                      rating_sum, rating_count, sold_count, created_at, updated_at, published_at)
SELECT pg_temp.id(2, n), pg_temp.id(3, pg_temp.draw(n, 11, 50, 1.5)), pg_temp.id(1, category), 'bench-' || n,
       concat_ws(' ', initcap(pg_temp.word(3000 + brand)), initcap(pg_temp.word(5000 + trait)), initcap(pg_temp.word(6000 + colour)),
                 -- Two or three kinds of things in a category.
                 pg_temp.word(2000 + category), CASE WHEN n % 3 = 0 THEN pg_temp.word(7000 + category * 3 + (n % 7)::integer % 3) END,
                 CASE WHEN n % 2 = 0 THEN 'M' || n % 900 END),
       (SELECT string_agg(pg_temp.word(pg_temp.draw(n, 100 + w, 7900, 3.0)), CASE w % 12 WHEN 0 THEN '. ' ELSE ' ' END)
          FROM generate_series(1, 40 + (n % 50)::integer) w),
       'active',
       jsonb_build_object('brand', initcap(pg_temp.word(3000 + brand)), 'colour', pg_temp.word(6000 + colour), 'material', pg_temp.word(6500 + material),
                          'size', (ARRAY['XS','S','M','L','XL','XXL','38','40'])[1 + size], 'weight', round((n % 60) / 10.0, 1)),
       'EUR', price, CASE WHEN n % 10 = 0 THEN price + 500 ELSE price END, 'B-' || n,
       round(stars * reviews), reviews, sold, now() - (n % 1000) * interval '1 hour', now(), now()
  FROM drawn ORDER BY n;

INSERT INTO product_variants (id, product_id, sku, price, position, created_at, updated_at)
SELECT pg_temp.id(4, n), pg_temp.id(2, n), 'B-' || n, price, 1, now(), now() FROM drawn ORDER BY n;
INSERT INTO stock_levels (variant_id, location_id, on_hand, updated_at)
SELECT pg_temp.id(4, n), (SELECT id FROM stock_locations ORDER BY id LIMIT 1), CASE WHEN n % 8 = 0 THEN 0 ELSE 5 + n % 20 END, now() FROM drawn ORDER BY n;
