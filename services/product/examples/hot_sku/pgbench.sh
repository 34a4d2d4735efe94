#!/bin/sh
# The bare update of one row, as fast as PostgreSQL does it: what hot_sku is compared with.
#   cargo run --release --example hot_sku -- --keep    # makes the database
#   DATABASE_URL=postgres://postgres@127.0.0.1:5432/postgres services/product/examples/hot_sku/pgbench.sh [seconds]
set -eu
seconds=${1:-5}
url=$(printf %s "$DATABASE_URL" | sed -E 's#^([^/]*//[^/]*)/[^?]*#\1/hot_sku#')
script=$(mktemp)
trap 'rm -f "$script"' EXIT
echo "UPDATE stock_levels SET reserved = reserved + 1 WHERE variant_id = '00000000-0000-0000-0000-000000000002' AND reserved < on_hand;" >"$script"
psql -XAtq "$url" -c "SELECT 'fsync ' || current_setting('fsync') || ', synchronous_commit ' || current_setting('synchronous_commit')"
most=$(psql -XAtq "$url" -c "SELECT current_setting('max_connections')::integer - 20")
for callers in 1 8 64 256; do
  # pgbench has a connection for each caller, so that the server's limit is its limit.
  clients=$((callers < most ? callers : most))
  jobs=$((clients < 2 ? 1 : 2))
  rate=$(pgbench -n -M prepared -c "$clients" -j "$jobs" -T "$seconds" -f "$script" "$url" | sed -nE 's/^tps = ([0-9.]+).*/\1/p')
  printf '%8s callers (%s connections) %12s/s\n' "$callers" "$clients" "$rate"
done
