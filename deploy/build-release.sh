#!/bin/sh
# Builds the three programs for release, into a folder:
#
#     sh deploy/build-release.sh OUT
#
# The same commit with the same Rust and C compiler gives the same bytes, whoever builds it and in whatever folder: no time and
# no path of the building machine gets in. `cargo auditable` writes the list of crates into each program, where scanners
# read it.
set -eu
out=${1:?say where to put the programs}
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/.."

if ! command -v cargo-auditable >/dev/null; then
    cargo install --locked cargo-auditable@0.7.7
fi
crates=${CARGO_HOME:-$HOME/.cargo}/registry/src
export SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-0}" CARGO_INCREMENTAL=0
# These take the place of what .cargo/config.toml says.
export RUSTFLAGS="--remap-path-prefix=$PWD=/secure-secret --remap-path-prefix=$crates=/crates -Clink-arg=-Wl,-z,pack-relative-relocs"
export CFLAGS="-ffile-prefix-map=$PWD=/secure-secret -ffile-prefix-map=$crates=/crates"

cargo auditable build --release --locked --package bot --package reveal-web --package migration
for program in bot web migrate; do
    install -m 0755 "${CARGO_TARGET_DIR:-target}/release/secure-secret-$program" "$out/"
done
cd "$out"
sha256sum secure-secret-bot secure-secret-web secure-secret-migrate
