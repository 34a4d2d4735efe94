#!/bin/sh
# The transaction that writes an order, as fast as PostgreSQL does it without any service: what checkout_bench is compared with.
#   services/order/examples/checkout_bench/pgbench.sh postgres://order_service:…@127.0.0.1/order_db [seconds]
# The same with numbers that may have gaps (a sequence instead of the counter) is not possible here; how much the counter costs is what more callers do not add.
set -eu
url=$1
seconds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
psql -XAtq "$url" -c "SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')"
for callers in 1 4 16 64; do
  run=$(date +%s%N)
  # More carts than can be sold in the time, each with the id that its order will have.
  psql -XAtq "$url" -v callers="$callers" -v run="$run" -v each=$((seconds * 4000 / callers + 1000)) <<'SQL'
DELETE FROM carts WHERE order_id IS NOT NULL AND id = md5(user_id::text)::uuid;
INSERT INTO carts (id, user_id, order_id)
SELECT md5(c || '-' || n)::uuid, gen_random_uuid(), (left(uuid_floor(now())::text, 14) || '7' || substr(md5(c || '-' || n || :'run'), 16, 3) || '-8' || substr(md5(c || '-' || n || :'run'), 2, 3) || '-' || right(md5(c || '-' || n || :'run'), 12))::uuid
  FROM generate_series(:run, :run + :callers - 1) c, generate_series(1, :each) n;
SQL
  jobs=$((callers < 2 ? 1 : 2))
  sed "s/:client_id/(:client_id + $run)/g" "$here/commit.sql" >"${TMPDIR:-/tmp}/commit.$run.sql"
  rate=$(pgbench -n -M prepared -D n=0 -c "$callers" -j "$jobs" -T "$seconds" -f "${TMPDIR:-/tmp}/commit.$run.sql" "$url" | sed -nE 's/^tps = ([0-9.]+).*/\1/p')
  rm -f "${TMPDIR:-/tmp}/commit.$run.sql"
  printf '%4s callers %8.0f orders/s\n' "$callers" "$rate"
done
