-- Customers 0 to {users} - 1 of three years that end now, a few disabled, one in five with an address that was never confirmed. Their ids and
-- addresses are those of `order_bench`. Most keep an address, many are signed in somewhere. And the fifty sellers of `search_bench`. Runs in one transaction.

CREATE OR REPLACE FUNCTION pg_temp.dice(n bigint, salt integer) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN (hashint8extended(n, salt) & 1073741823) / 1073741824.0;

INSERT INTO users (id, email, email_verified_at, name, role, disabled_at, created_at, updated_at)
SELECT ('01900000-0000-7003-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'customer-' || n || '@example.com',
       CASE WHEN pg_temp.dice(n, 1) < 0.8 THEN at + interval '5 minutes' END,
       (ARRAY['Ada','Ben','Clara','David','Elif','Finn','Greta','Hugo','Ida','Jonas','Karla','Liam','Mia','Noah','Olga','Paul','Rosa','Sami','Tilda','Yusuf'])[1 + floor(20 * pg_temp.dice(n, 2))::integer]
       || ' ' ||
       (ARRAY['Albers','Brandt','Castro','Dogan','Eriksen','Fischer','Garcia','Hansen','Ivanov','Jansen','Kowalski','Lehmann','Moreau','Nowak','Okafor','Peters','Quint','Rossi','Schulz','Tanaka'])[1 + floor(20 * pg_temp.dice(n, 3))::integer],
       'customer', CASE WHEN pg_temp.dice(n, 4) < 0.002 THEN at + interval '90 days' END, at, at
  FROM (SELECT n, now() - (1 - n / {users}.0) * interval '3 years' AS at FROM generate_series(0, {users}::bigint - 1) n) person
 ORDER BY n
ON CONFLICT DO NOTHING;

INSERT INTO users (id, email, email_verified_at, name, role, created_at, updated_at)
SELECT ('0190' || lpad(to_hex(n), 8, '0') || '70038' || lpad(to_hex(n), 3, '0') || '000000000000')::uuid, 'seller-' || n || '@example.com', now() - interval '3 years',
       'Seller ' || n, 'seller', now() - interval '3 years' + n * interval '10 days', now()
  FROM generate_series(0, 49) n
ON CONFLICT DO NOTHING;
INSERT INTO addresses (id, user_id, name, line1, city, postal_code, country, is_default_shipping, is_default_billing, created_at, updated_at)
SELECT ('01900000-0000-7004-8000-' || lpad(to_hex(n * 4 + k), 12, '0'))::uuid, ('01900000-0000-7003-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'Customer ' || n, 'Street ' || 1 + n % 200, 'Berlin',
       (10000 + n % 4000)::text, 'DE', k = 1, k = 1, now(), now()
  FROM generate_series(0, {users}::bigint - 1) n, generate_series(1, 2) k WHERE pg_temp.dice(n, 5) < 0.7 / k
ON CONFLICT DO NOTHING;
INSERT INTO sessions (id, user_id, user_agent, ip, created_at, last_used_at, expires_at, authenticated_at, methods)
SELECT ('01900000-0000-7006-8000-' || lpad(to_hex(n * 4 + k), 12, '0'))::uuid, ('01900000-0000-7003-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', '192.0.2.' || n % 250, at, at, at + interval '30 days', at, '{pwd}'
  FROM generate_series(0, {users}::bigint - 1) n, generate_series(1, 2) k, LATERAL (SELECT now() - pg_temp.dice(n * 4 + k, 6) * interval '25 days' AS at) a
 WHERE pg_temp.dice(n, 7) < 0.4 / k
ON CONFLICT DO NOTHING;
