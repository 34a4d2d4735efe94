-- Customers 0 to {users} - 1 of three years that end now, a few disabled, one in five with an address that was never confirmed. Their ids and
-- addresses are those of `order_bench`. Runs in one transaction.

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
