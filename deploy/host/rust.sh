#!/bin/sh
# Checks the Rust toolchain that the workspace needs, and says how to get it where it is missing. Installs nothing:
# toolchains are the user's own.
#
#   rust.sh [build|test]     test also asks for rustfmt, clippy and cargo-nextest, and installs the last
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -1)

fail() { echo "rust: $*" >&2; exit 1; }

command -v cargo >/dev/null || fail "no cargo here: install Rust $wanted or newer with rustup, then run this again"
found=$(rustc --version | cut -d' ' -f2)
oldest=$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -1)
[ "$oldest" = "$wanted" ] || fail "rustc $found is older than $wanted: run 'rustup update'"
command -v cc >/dev/null || fail "no C compiler here: install gcc (on Debian or Ubuntu: apt-get install gcc libc6-dev)"
[ "${1:-build}" = test ] || exit 0

cargo fmt --version >/dev/null 2>&1 || fail "no rustfmt here: run 'rustup component add rustfmt'"
cargo clippy --version >/dev/null 2>&1 || fail "no clippy here: run 'rustup component add clippy'"
if ! cargo nextest --version >/dev/null 2>&1; then
    echo "rust: installing cargo-nextest" >&2
    # The workspace's default target is for its own static binary, not for tools.
    (cd / && cargo install --locked --quiet cargo-nextest)
fi
