-- Conversations, notifications, webhooks and the stock's worth, of the orders in `recent`, whose first place is the newest. Runs in one
-- transaction; a second run adds more news, and nothing else.

CREATE OR REPLACE FUNCTION pg_temp.of(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN ('01900000-0000-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(n), 12, '0'))::uuid;
CREATE OR REPLACE FUNCTION pg_temp.offered(kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN ('0190' || lpad(to_hex(n), 8, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8' || lpad(to_hex(n % 4096), 3, '0') || '000000000000')::uuid;
-- An id made at a moment.
CREATE OR REPLACE FUNCTION pg_temp.made(at timestamptz, kind integer, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
  RETURN (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000' || lpad(to_hex(n), 12, '0'))::uuid;

INSERT INTO threads (id, kind, user_id, seller_id, order_id, product_id, about, subject, status, assignee_id, user_unread, other_unread, last_message_at, last_from, last_text, created_at, updated_at)
SELECT pg_temp.of(21, place), CASE WHEN seller THEN 'seller' ELSE 'support' END, user_id, CASE WHEN seller THEN pg_temp.offered(3, place % 50) END, CASE WHEN NOT seller THEN id END,
       CASE WHEN seller THEN pg_temp.offered(2, 1 + place) END, CASE WHEN seller THEN 'Article ' || place ELSE number END,
       (ARRAY['Where is my parcel?', 'Something is missing', 'Can I change the address?', 'Does it fit?'])[1 + place % 4],
       CASE WHEN place < 1000 THEN (ARRAY['open', 'waiting'])[1 + place % 2] ELSE 'closed' END, CASE WHEN place % 3 = 0 THEN pg_temp.of(20, place % 10) END,
       0, CASE WHEN place < 1000 AND place % 2 = 0 THEN 1 ELSE 0 END, at, CASE WHEN place % 2 = 0 THEN 'user' WHEN seller THEN 'seller' ELSE 'staff' END, 'Thank you for looking into it.',
       at - interval '1 day', at
  FROM (SELECT *, place % 4 = 3 AS seller, now() - place * interval '7 minutes' AS at FROM recent WHERE user_id IS NOT NULL AND place <= 30000) r
ON CONFLICT DO NOTHING;
INSERT INTO messages (id, thread_id, author_id, author, body, internal, created_at)
SELECT pg_temp.of(64 + k, t.n), t.id, CASE WHEN k % 2 = 1 THEN t.user_id END, CASE WHEN k % 2 = 1 THEN 'user' WHEN t.kind = 'seller' THEN 'seller' ELSE 'staff' END,
       'This is what was written about it, in a sentence or two. Thank you for looking into it.', t.kind = 'support' AND k = 4, t.created_at + k * interval '2 hours'
  FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM threads WHERE id BETWEEN pg_temp.of(21, 0) AND pg_temp.of(21, 99999999)) t, generate_series(1, CASE WHEN t.n % 1000 = 0 THEN 150 ELSE 4 END) k
 ORDER BY t.created_at, k
ON CONFLICT DO NOTHING;

INSERT INTO user_notifications (id, seq, user_id, at, kind, subject, message, read_at)
SELECT pg_temp.of(22, place * 4 + k), nextval('user_notifications_seq'), user_id, at, (ARRAY['order.confirmed', 'order.shipped', 'order.delivered'])[k], 'order:' || id,
       'Your order ' || number || (ARRAY[' is confirmed.', ' is on its way.', ' arrived.'])[k], CASE WHEN place % 3 = 0 THEN at END
  FROM recent, generate_series(1, 3) k, LATERAL (SELECT now() - place * interval '3 minutes' + k * interval '1 minute' AS at) a WHERE user_id IS NOT NULL
ON CONFLICT DO NOTHING;
INSERT INTO notifications (id, at, kind, subject, message)
SELECT gen_random_uuid(), now() - place * interval '20 minutes', 'order.refund_failed', 'order:' || id, 'A refund of order ' || number || ' did not get through.' FROM recent WHERE place <= 3000;

-- Some kept lists of every member of staff.
INSERT INTO saved_views (owner_id, shared, page, name, query, created_at)
SELECT pg_temp.of(20, n % 10), n % 10 = 0, '/admin/orders', 'View ' || n, 'status=confirmed&tag=gift', now() FROM generate_series(0, 59) n ON CONFLICT DO NOTHING;

-- Five programs were told of the last two weeks' orders; they are switched off, so that nothing more leaves this machine.
INSERT INTO webhook_endpoints (id, url, description, event_types, secret, disabled_at, disabled_because, created_at, updated_at)
SELECT pg_temp.of(23, n), 'https://hooks-' || n || '.example.com/mercato', 'Program ' || n, ARRAY['order.confirmed', 'order.shipped', 'order.delivered'],
       'whsec_' || encode(sha256(('bench ' || n)::bytea), 'base64'), now(), CASE n WHEN 4 THEN 'failing' ELSE 'staff' END, now() - interval '1 year', now()
  FROM generate_series(0, 4) n ON CONFLICT DO NOTHING;
CREATE TEMP TABLE told ON COMMIT DROP AS
SELECT pg_temp.made(at, 24, place) AS id, place, at, recent.id AS order_id, user_id FROM recent, LATERAL (SELECT now() - place * interval '1 minute' AS at) a WHERE place <= 20000;
INSERT INTO webhook_messages (id, type, subject, occurred_at, data, user_id, created_at)
SELECT id, (ARRAY['order.confirmed', 'order.shipped', 'order.delivered'])[1 + place % 3], 'order:' || order_id, at, jsonb_build_object('order_id', order_id, 'currency', 'EUR', 'total', 12900), user_id, at FROM told;
INSERT INTO webhook_deliveries (id, endpoint_id, message_id, status, tries, next_try_at, last_status, created_at, finished_at)
SELECT pg_temp.made(at, 32 + n::integer, place), pg_temp.of(23, n), id, CASE WHEN n = 4 OR place % 50 = 0 THEN 'failed' ELSE 'delivered' END, CASE WHEN n = 4 THEN 9 ELSE 1 END, at,
       CASE WHEN n = 4 OR place % 50 = 0 THEN 500 ELSE 204 END, at, at + interval '1 second'
  FROM told, generate_series(0, 4) n WHERE n % 2 = 0 OR place % 4 = 0;
INSERT INTO webhook_attempts (id, delivery_id, at, url, signature, status, answer, latency_ms)
SELECT pg_temp.made(told.at, 48 + n::integer, place), pg_temp.made(told.at, 32 + n::integer, place), told.at, 'https://hooks-' || n || '.example.com/mercato', 'v1,' || encode(sha256(id::text::bytea), 'base64'),
       CASE WHEN n = 4 OR place % 50 = 0 THEN 500 ELSE 204 END, '', 80 + (place % 400)::integer
  FROM told, generate_series(0, 4) n WHERE n % 2 = 0 OR place % 4 = 0;

-- What the stock of each of 240 categories was worth on each day of a year.
INSERT INTO stock_values (day, currency, category_id, variants, units, reserved, value)
SELECT current_date - day, 'EUR', pg_temp.offered(1, category), 400 + category, 5000 + category + day % 30, 50, 20000000 + 10000 * category + 5000 * (365 - day)
  FROM generate_series(1, 365) day, generate_series(72, 311) category
 ORDER BY day DESC -- As they come: day by day.
ON CONFLICT DO NOTHING;
