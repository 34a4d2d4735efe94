#!/bin/sh
# The transaction that writes an order, as fast as PostgreSQL does it without any service: what checkout_bench is compared with.
#   services/order/examples/checkout_bench/pgbench.sh postgres://order_service:…@127.0.0.1/order_db [seconds]
set -eu
url=$1
seconds=${2:-5}
here=$(cd "$(dirname "$0")" && pwd)
psql -XAtq "$url" -c "SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')"
counter() { psql -XAtq "$url" -c "SELECT count(*) FROM order_numbers WHERE order_id >= uuid_floor(now() - interval '1 hour')"; }
for callers in 1 4 16 64; do
  run=$(date +%s%N)
  # More carts than can be sold in the time, each with the id that its order will have.
  PGOPTIONS='-c statement_timeout=0' psql -XAtq -v ON_ERROR_STOP=1 "$url" -v callers="$callers" -v run="$run" -v each=$((seconds * 3000 / callers + 200)) <<'SQL'
INSERT INTO carts (id, user_id, order_id)
SELECT md5(c || '-' || n)::uuid, gen_random_uuid(), (left(uuid_floor(now())::text, 14) || '7' || substr(md5(c || '-' || n || :'run'), 16, 3) || '-8' || substr(md5(c || '-' || n || :'run'), 2, 3) || '-' || right(md5(c || '-' || n || :'run'), 12))::uuid
  FROM generate_series(:run, :run + :callers - 1) c, generate_series(1, :each) n;
SQL
  script=$(mktemp)
  sed "s/:client_id/(:client_id + $run)/g" "$here/commit.sql" >"$script"
  before=$(counter)
  pgbench -n -M prepared -D n=0 -c "$callers" -j $((callers < 2 ? 1 : 2)) -T "$seconds" -f "$script" "$url" >/dev/null
  rm -f "$script"
  # What was placed, not what pgbench counts: a caller who is out of carts places nothing, and quickly.
  printf '%4s callers %8s orders/s\n' "$callers" $((($(counter) - before) / seconds))
done
