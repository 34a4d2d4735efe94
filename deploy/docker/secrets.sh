#!/bin/sh
# Makes every secret of the compose stack that does not exist yet, each in the volume of who needs it (mounted below /secrets).
#   make   (the default) makes what is missing; safe to run at every start
#   show   prints what a person signs in with
set -eu
umask 022
cd "${SECRETS_DIR:-/secrets}"

show() {
  echo "Admin panel     ${PUBLIC_URL:-http://localhost:8080}/admin   ${ADMIN_EMAIL:-admin@mercato.example}   $(cat auth/ADMIN_PASSWORD)"
  echo "RabbitMQ UI     http://localhost:${RABBITMQ_UI_PORT:-15672}   operator   $(cat people/RABBITMQ_OPERATOR_PASSWORD)"
}

# Writes a file whole or not at all.
put() { mkdir -p "$(dirname "$1")"; cat > "$1.new"; mv "$1.new" "$1"; }
# A password of 192 bits, kept in a file.
password() { [ -s "$1" ] || openssl rand -hex 24 | put "$1"; cat "$1"; }
# Salt of 4 bytes and SHA-256 of salt and password, as RabbitMQ keeps it.
rabbitmq_hash() {
  openssl rand 4 > /tmp/salt
  { cat /tmp/salt; printf %s "$1"; } | openssl dgst -sha256 -binary | cat /tmp/salt - | openssl base64 -A
}

make() {
  # PostgreSQL: the superuser's and the roles' passwords for db/init; each service's own URLs.
  password postgres/POSTGRES_PASSWORD > /dev/null
  password postgres/ECOMMERCE_ADMIN_PASSWORD > /dev/null
  for service in auth product order admin notification; do
    database=${service}_db
    [ "$service" != notification ] || database=admin_db
    upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
    owner=$(password "postgres/${upper}_OWNER_PASSWORD")
    application=$(password "postgres/${upper}_SERVICE_PASSWORD")
    echo "postgres://${service}_owner:$owner@postgres:5432/$database" | put "migrations/${upper}_MIGRATION_DATABASE_URL"
    echo "postgres://${service}_service:$application@postgres:5432/$database" | put "$service/${upper}_DATABASE_URL"
  done
  for service in auth product order; do
    upper=$(echo "$service" | tr '[:lower:]' '[:upper:]')
    echo "postgres://admin_service:$(cat postgres/ADMIN_SERVICE_PASSWORD)@postgres:5432/${service}_db" | put "admin/${upper}_READ_URL"
  done

  # Redis.
  redis=$(password redis/password)
  put redis/redis.conf <<CONF
requirepass $redis
dir /data
appendonly yes
appendfsync everysec
save ""
maxmemory 256mb
maxmemory-policy noeviction
CONF

  # RabbitMQ: the shared definitions, with a password for every user in them.
  for user in operator auth product order admin notification; do
    case $user in operator) file=people/RABBITMQ_OPERATOR_PASSWORD ;; *) file=people/rabbitmq_$user ;; esac
    word=$(password "$file")
    printf 's|"name": "%s"|&, "hashing_algorithm": "rabbit_password_hashing_sha256", "password_hash": "%s"|\n' "$user" "$(rabbitmq_hash "$word")"
    [ "$user" = operator ] || echo "amqp://$user:$word@rabbitmq:5672" | put "$user/AMQP_URL"
  done > /tmp/users.sed
  sed -f /tmp/users.sed "${DEFINITIONS:-/definitions.json}" | put rabbitmq/definitions.json
  rm /tmp/users.sed /tmp/salt
  echo "http://admin:$(cat people/rabbitmq_admin)@rabbitmq:15672" | put admin/RABBITMQ_MANAGEMENT_URL

  # Services: a key each, and everybody's public keys.
  if [ ! -s people/keys/services.jwks.json ]; then
    mkdir -p people/keys
    /usr/local/bin/auth generate-service-keys --out people/keys
  fi
  for service in auth product order admin notification; do
    echo "redis://:$redis@redis:6379" | put "$service/REDIS_URL"
    put "$service/SERVICE_KEY" < "people/keys/$service.key"
    put "$service/SERVICE_JWKS" < people/keys/services.jwks.json
  done
  password auth/ADMIN_PASSWORD > /dev/null

  # Payments: the stand-in's keys, which are worth nothing, unless there are Stripe's.
  echo "${STRIPE_SECRET_KEY:-sk_test_mercato}" | put order/STRIPE_SECRET_KEY
  echo "${STRIPE_PUBLISHABLE_KEY:-pk_test_mercato}" | put order/STRIPE_PUBLISHABLE_KEY
  echo "${STRIPE_WEBHOOK_SECRET:-whsec_mercato}" | put order/STRIPE_WEBHOOK_SECRET

  # TLS: self-signed for this machine. Put your own two files into the volume for anything else.
  if [ ! -s nginx/tls.key ]; then
    mkdir -p nginx
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 -subj /CN=localhost \
      -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout nginx/tls.key.new -out nginx/tls.crt 2> /dev/null
    mv nginx/tls.key.new nginx/tls.key
  fi
  chmod 0444 nginx/tls.key nginx/tls.crt

  # Files that services write: they run as 65532.
  for folder in /owned/*; do
    if [ -d "$folder" ]; then chown 65532:65532 "$folder"; fi
  done
  chmod 0700 people
  echo "Secrets are in place. \`docker compose run --rm secrets show\` prints the sign-ins."
}

case ${1:-make} in
  make) make ;;
  show) show ;;
  *) echo "usage: secrets [make|show]" >&2; exit 2 ;;
esac
