-- Mails to the customers of orders, whose numbers ($1) and addresses ($2) are given, the newest first: three of each, some did not get through.
-- A second run adds nothing.

INSERT INTO notification.mails (id, recipient, template, subject, status, attempts, next_attempt_at, last_error, created_at, sent_at, failed_at)
SELECT ('01900000-0000-7' || lpad(to_hex(32 + k), 3, '0') || '-8000-' || lpad(to_hex(place), 12, '0'))::uuid, email, (ARRAY['order_confirmed', 'order_shipped', 'order_delivered'])[k],
       'Your order ' || number || (ARRAY[' is confirmed', ' is on its way', ' arrived'])[k], CASE WHEN failed THEN 'failed' ELSE 'sent' END, CASE WHEN failed THEN 10 ELSE 1 END, at,
       CASE WHEN failed THEN '550 no such mailbox' END, at, CASE WHEN NOT failed THEN at END, CASE WHEN failed THEN at END
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS recent (number, email, place), generate_series(1, 3) k,
       LATERAL (SELECT now() - place * interval '1 minute' AS at, place % 2000 = 7 AS failed) a
ON CONFLICT DO NOTHING
