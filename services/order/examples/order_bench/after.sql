-- What is known once all orders are there: how often a coupon was used, and what runs beside the orders.

UPDATE coupons c SET used = r.used FROM (SELECT coupon_id, count(*) AS used FROM coupon_redemptions GROUP BY coupon_id) r WHERE r.coupon_id = c.id;

-- Comparisons with the provider of the last half year, every six hours; one in twenty found something.
INSERT INTO reconciliations (id, kind, status, from_at, until_at, position_at, started_at, heartbeat_at, finished_at, payments, refunds, disputes, healed, raised)
SELECT gen_random_uuid(), CASE WHEN n % 28 = 0 THEN 'full' ELSE 'window' END, CASE WHEN n % 90 = 0 THEN 'failed' ELSE 'done' END, at - interval '12 hours', at, at, at,
       at + interval '2 minutes', at + interval '2 minutes', 900 + n % 100, 30, 1, CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END, CASE WHEN n % 40 = 0 THEN 1 ELSE 0 END
  FROM generate_series(1, 720) n, LATERAL (SELECT now() - n * interval '6 hours' AS at) a;
INSERT INTO reconciliation_differences (id, reconciliation_id, kind, subject, order_id, reference, outcome, ours, theirs, at)
SELECT gen_random_uuid(), r.id, 'payment_status', 'payment:' || p.id, p.order_id, p.provider_ref, CASE WHEN r.raised > 0 THEN 'raised' ELSE 'healed' END,
       '{"status": "processing"}', '{"status": "succeeded"}', r.started_at
  FROM (SELECT *, row_number() OVER (ORDER BY started_at) AS place FROM reconciliations WHERE healed > 0) r
  JOIN (SELECT *, row_number() OVER (ORDER BY order_id DESC) AS place FROM (SELECT id, order_id, provider_ref FROM payments WHERE provider = 'stripe' ORDER BY order_id DESC LIMIT 100) p) p USING (place);

-- What no rule could decide: most is dealt with.
INSERT INTO work_items (id, kind, subject, order_id, details, status, raised_at, last_seen_at, resolution, resolved_by, resolved_at)
SELECT gen_random_uuid(), 'payment_differs', 'payment:' || id, order_id, jsonb_build_object('ours', 'succeeded', 'theirs', 'processing'), CASE WHEN place > 25 THEN 'resolved' ELSE 'open' END,
       now() - place * interval '6 hours', now() - place * interval '6 hours', CASE WHEN place > 25 THEN 'done' END, CASE WHEN place > 25 THEN 'staff' END,
       CASE WHEN place > 25 THEN now() - place * interval '5 hours' END
  FROM (SELECT id, order_id, row_number() OVER (ORDER BY order_id DESC) AS place FROM (SELECT id, order_id FROM payments WHERE provider = 'stripe' ORDER BY order_id DESC LIMIT 1000) p) p;

-- Carts that nobody has ordered yet; all that is to be told of them was told.
INSERT INTO carts (id, user_id, token_hash, status, version, created_at, updated_at, told_version, abandoned_version)
SELECT gen_random_uuid(), CASE WHEN n % 2 = 0 THEN ('01900000-0000-7003-8000-' || lpad(to_hex(n), 12, '0'))::uuid END, CASE WHEN n % 2 = 1 THEN sha256(('bench cart ' || n)::bytea) END,
       'open', 1, at, at, 1, 1
  FROM generate_series(1, 20000) n, LATERAL (SELECT now() - n * interval '25 seconds' AS at) a ON CONFLICT DO NOTHING;
INSERT INTO cart_items (id, cart_id, product_id, variant_id, quantity, added_at)
SELECT gen_random_uuid(), c.id, ('0190' || lpad(to_hex(p), 8, '0') || '70028' || lpad(to_hex(p % 4096), 3, '0') || '000000000000')::uuid,
       ('0190' || lpad(to_hex(p), 8, '0') || '70048' || lpad(to_hex(p % 4096), 3, '0') || '000000000000')::uuid, 1, c.created_at
  FROM (SELECT *, 1 + row_number() OVER () % 5000 AS p FROM carts WHERE status = 'open' AND told_version = 1 AND abandoned_version = 1) c ON CONFLICT DO NOTHING;
