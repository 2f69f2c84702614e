#!/bin/sh
# Runs the redis that was built: starts DIR/redis-server on a socket, stores a value and reads it with DIR/redis-cli.
#
#   check.sh DIR
set -eu

dir=${1:?usage: check.sh DIR}
server=
work=$(mktemp -d)
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

"$dir/redis-server" --version
"$dir/redis-server" --port 0 --unixsocket "$work/redis.sock" --dir "$work" --save '' >"$work/log" 2>&1 &
server=$!
cli() { "$dir/redis-cli" -s "$work/redis.sock" "$@"; }

tries=0
until [ "$(cli ping 2>/dev/null)" = PONG ]; do
    tries=$((tries + 1))
    if [ $tries -ge 50 ] || ! kill -0 "$server" 2>/dev/null; then
        cat "$work/log" >&2
        echo "redis-server did not answer" >&2
        exit 1
    fi
    sleep 0.1
done
cli set built-by buildyard >/dev/null
value=$(cli get built-by)
[ "$value" = buildyard ] || { echo "redis gave $value" >&2; exit 1; }
echo "redis answers: built-by = $value"
