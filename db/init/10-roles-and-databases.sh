#!/bin/sh
# Creates the roles and databases of every service. Runs once on a new cluster: by the official image from
# /docker-entrypoint-initdb.d, and by `cargo xtask up`. Safe to run again.
#
# Each role's password is in the environment (AUTH_OWNER_PASSWORD, …) or in a file of that name in the folder $MERCATO_PASSWORDS.
# POSTGRES_USER or PGUSER is a superuser.
set -eu

# Quiet about what is there already.
export PGOPTIONS="${PGOPTIONS:-} -c client_min_messages=warning"
sql() { psql -v ON_ERROR_STOP=1 -q -X --username "${POSTGRES_USER:-${PGUSER:-postgres}}" "$@"; }

# The password of a role, by the variable's name.
password() {
  eval "found=\${$1:-}"
  if [ -z "$found" ] && [ -n "${MERCATO_PASSWORDS:-}" ]; then found=$(cat "$MERCATO_PASSWORDS/$1"); fi
  if [ -z "$found" ]; then echo "$1 is not set" >&2; return 1; fi
  printf %s "$found"
}

# role name, environment variable with its password, attributes
role() {
  # Through psql's own environment: arguments can be seen by every user of the machine.
  role_password=$(password "$2")
  export role_password
  sql --dbname postgres -v name="$1" <<SQL
\getenv password role_password
SELECT format('CREATE ROLE %I', :'name') WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
SELECT format('ALTER ROLE %I WITH LOGIN $3 PASSWORD %L', :'name', :'password') \gexec
SQL
}

# Creates databases and roles and nothing else at run time.
role ecommerce_admin      ECOMMERCE_ADMIN_PASSWORD      "NOSUPERUSER CREATEDB CREATEROLE"
# Owners run migrations; services may only read and write rows.
for service in auth product order admin; do
  upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
  role "${service}_owner"   "${upper}_OWNER_PASSWORD"   "NOSUPERUSER NOCREATEDB NOCREATEROLE"
  role "${service}_service" "${upper}_SERVICE_PASSWORD" "NOSUPERUSER NOCREATEDB NOCREATEROLE"
done
role notification_owner   NOTIFICATION_OWNER_PASSWORD   "NOSUPERUSER NOCREATEDB NOCREATEROLE"
role notification_service NOTIFICATION_SERVICE_PASSWORD "NOSUPERUSER NOCREATEDB NOCREATEROLE"

# What a new cluster lets everybody open, nobody needs.
sql --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO ecommerce_admin;
SQL

for service in auth product order admin; do
  sql --dbname postgres -v db="${service}_db" -v owner="${service}_owner" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I', :'db', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'db') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'db') \gexec
SQL
  sql --dbname "${service}_db" -v db="${service}_db" -v owner="${service}_owner" -v app="${service}_service" <<'SQL'
GRANT CONNECT ON DATABASE :"db" TO :"app", ecommerce_admin;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO :"owner";
GRANT USAGE ON SCHEMA public TO :"app";
-- What the owner's migrations create, the application role may use, but not change.
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"app";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO :"app";
SQL
done

# The admin service reads the other databases. Which columns is decided where the columns are made: each service's
# migrations grant them to admin_service one by one.
for service in auth product order; do
  sql --dbname "${service}_db" -v db="${service}_db" <<'SQL'
GRANT CONNECT ON DATABASE :"db" TO admin_service;
GRANT USAGE ON SCHEMA public TO admin_service;
-- The grants already refuse a write; this says so before anything is tried.
ALTER ROLE admin_service IN DATABASE :"db" SET default_transaction_read_only = on;
SQL
done

# The mail worker lives in a schema of its own in admin_db.
sql --dbname admin_db <<'SQL'
GRANT CONNECT ON DATABASE admin_db TO notification_owner, notification_service;
CREATE SCHEMA IF NOT EXISTS notification AUTHORIZATION notification_owner;
GRANT USAGE ON SCHEMA notification TO notification_service, admin_service;
ALTER ROLE notification_owner IN DATABASE admin_db SET search_path = notification;
ALTER ROLE notification_service IN DATABASE admin_db SET search_path = notification;
ALTER DEFAULT PRIVILEGES FOR ROLE notification_owner IN SCHEMA notification GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO notification_service;
ALTER DEFAULT PRIVILEGES FOR ROLE notification_owner IN SCHEMA notification GRANT USAGE, SELECT ON SEQUENCES TO notification_service;
SQL

# A service that hangs or is cut off in a transaction may not hold locks for ever.
for service in auth product order admin notification; do
  sql --dbname postgres -v app="${service}_service" <<'SQL'
ALTER ROLE :"app" SET idle_in_transaction_session_timeout = '60s';
ALTER ROLE :"app" SET statement_timeout = '30s';
SQL
done
