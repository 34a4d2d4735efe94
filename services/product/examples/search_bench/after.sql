-- What a shop has beside its products: another place for some of the stock, and files that were imported this week.

INSERT INTO stock_locations (id, code, name, created_at, position) VALUES ('01900000-0000-7005-8000-000000000001', 'north', 'North', now() - interval '1 year', 9) ON CONFLICT DO NOTHING;
WITH added AS (
  INSERT INTO stock_levels (variant_id, location_id, on_hand, updated_at)
  SELECT id, '01900000-0000-7005-8000-000000000001', 3, now() FROM product_variants WHERE sku LIKE 'B-%0' ON CONFLICT DO NOTHING RETURNING variant_id)
INSERT INTO stock_movements (id, variant_id, location_id, kind, on_hand_delta, reserved_delta, owed_delta, reason, created_at)
SELECT gen_random_uuid(), variant_id, '01900000-0000-7005-8000-000000000001', 'receive', 3, 0, 0, 'delivery', now() FROM added;
SELECT note_low_stock(array_agg(variant_id)) FROM stock_levels WHERE location_id = '01900000-0000-7005-8000-000000000001';

INSERT INTO imports (id, requested_by, seller_id, by_staff, format, dry_run, currency, status, delimiter, headings, total_rows, processed, created, updated, unchanged, failed,
                     created_at, updated_at, started_at, finished_at)
SELECT ('0190' || lpad(to_hex(n), 8, '0') || '70068000000000000000')::uuid, seller, seller, false, 'mercato', n % 4 = 0, 'EUR', 'finished', ',', ARRAY['handle', 'title', 'sku', 'price'],
       10000, 10000, 9000, 500, 300, 200, at, at, at, at
  FROM generate_series(1, 80) n, LATERAL (SELECT now() - n * interval '1 hour' AS at, ('0190' || lpad(to_hex(n % 50), 8, '0') || '70038' || lpad(to_hex(n % 50), 3, '0') || '000000000000')::uuid AS seller) a
ON CONFLICT DO NOTHING;
INSERT INTO import_products (import_id, handle, row, rows, bytes, outcome, errors)
SELECT id, 'article-' || k, 50 * k, 1, 200, 'failed', jsonb_build_array(jsonb_build_object('row', 50 * k, 'column', 'price', 'code', 'invalid', 'message', 'must be an amount such as 12.50'))
  FROM imports, generate_series(1, 200) k WHERE failed = 200 ON CONFLICT DO NOTHING;
