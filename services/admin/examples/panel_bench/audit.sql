-- Acts {from} to {to} of 100,000 in two years, of the orders in `recent`: in small transactions, because each row of the log makes the row of its end anew.

CREATE OR REPLACE FUNCTION pg_temp.of(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN ('01900000-0000-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
CREATE OR REPLACE FUNCTION pg_temp.offered(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN ('0190' || lpad(to_hex(n), 8, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n % 4096), 3, '0') || '000000000000')::uuid;

-- Ten people did them: each is asked and done, a few are refused.
INSERT INTO audit_logs (id, at, actor_id, actor_email, actor_role, action, target, outcome, details, before, after, source, through, ip, request_id)
SELECT gen_random_uuid(), at + step * interval '40 milliseconds', pg_temp.of(20, n % 10), 'staff-' || n % 10 || '@example.com', CASE step WHEN 1 THEN 'support' END,
       (ARRAY['order.ship', 'order.note', 'order.tag', 'order.refund', 'product.update', 'product.set_stock', 'review.publish', 'coupon.create', 'settings.change', 'user.disable'])[1 + n % 10],
       CASE WHEN n % 10 < 4 THEN 'order:' || recent.id WHEN n % 10 < 6 THEN 'product:' || pg_temp.offered(2, 1 + n % 5000) WHEN n % 10 = 6 THEN 'review:' || pg_temp.of(9, n)
            ELSE (ARRAY['coupon:', 'settings:', 'user:'])[n % 10 - 6] || pg_temp.of(3, n) END,
       CASE WHEN step = 0 THEN 'asked' WHEN n % 97 = 0 THEN 'version_conflict' ELSE 'done' END, CASE step WHEN 0 THEN '{"amount": 1290, "reason": "damaged"}' ELSE '{}' END::jsonb,
       CASE step WHEN 1 THEN '{"status": "confirmed", "shipped": 0}'::jsonb END, CASE step WHEN 1 THEN '{"status": "confirmed", "shipped": 2}'::jsonb END,
       CASE step WHEN 0 THEN 'admin' ELSE 'order' END, 'admin', '192.0.2.' || n % 200, 'bench-' || n
  FROM generate_series({from}, {to}) n JOIN recent ON recent.place = 1 + (100000 - n) / 2, generate_series(0, 1) step,
       LATERAL (SELECT now() - (100001 - n) * interval '10 minutes' AS at) a
 ORDER BY n, step;

