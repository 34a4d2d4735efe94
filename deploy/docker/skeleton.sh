#!/bin/sh
# Copies the workspace's manifests to a folder, with an empty program for every target, so that its dependencies can be built
# without its sources. The result changes only when the manifests do.
set -eu
to=$1

find . -path ./target -prune -o \( -name Cargo.toml -o -name Cargo.lock -o -path ./.cargo/config.toml \) -print | while read -r file; do
  mkdir -p "$to/$(dirname "$file")"
  cp "$file" "$to/$file"
done
for manifest in */*/Cargo.toml */Cargo.toml; do
  package=$(dirname "$manifest")
  mkdir -p "$to/$package/src"
  if [ -f "$package/src/lib.rs" ]; then : > "$to/$package/src/lib.rs"; fi
  if [ -f "$package/src/main.rs" ]; then echo 'fn main() {}' > "$to/$package/src/main.rs"; fi
  if [ -f "$package/build.rs" ]; then echo 'fn main() {}' > "$to/$package/build.rs"; fi
  # Targets that a manifest names must exist.
  sed -n 's/^path = "\(.*\.rs\)"$/\1/p' "$manifest" | while read -r target; do
    mkdir -p "$to/$package/$(dirname "$target")"
    [ -f "$to/$package/$target" ] || echo 'fn main() {}' > "$to/$package/$target"
  done
done
# Same content, same time: the layers after this one stay.
find "$to" -exec touch -t 200001010000 {} +
