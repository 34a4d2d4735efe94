-- What the orders refer to: campaigns and coupons, most of them over.

INSERT INTO promotions (id, name, kind, rule, currency, starts_at, ends_at, active, created_at, updated_at)
SELECT ('01900000-0000-7008-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Campaign ' || n, 'percent', '{"kind": "percent", "percent": 10, "max_discount": null}', 'EUR',
       now() - (n + 1) * interval '60 days', now() - n * interval '60 days' - interval '1 hour', n % 5 <> 0, now() - (n + 1) * interval '60 days', now()
  FROM generate_series(0, 11) n ON CONFLICT DO NOTHING;
INSERT INTO coupons (id, code, kind, percent, currency, starts_at, ends_at, active, created_at)
SELECT ('01900000-0000-700a-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'SAVE-' || n, 'percent', 10, 'EUR', now() - interval '2 years',
       CASE WHEN n > 30 THEN now() - n * interval '1 day' END, n % 7 <> 6, now() - interval '2 years' + n * interval '1 day'
  FROM generate_series(0, 399) n ON CONFLICT DO NOTHING;
