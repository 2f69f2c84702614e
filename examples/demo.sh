#!/bin/sh
# The whole way in one go, once the binary and the standard image are there (`make demo` sees to both): builds redis
# from Debian's sources on `buildyard up`, fetches the program with `aws` from the embedded S3 and runs it.
#
#   examples/demo.sh BUILDYARD TOOLS
#
# BUILDYARD     the buildyard binary
# TOOLS         a folder for a Python environment with `aws`, where this host has none
# DEMO_DIR      where everything is kept; a temporary folder, removed at the end, by default
set -eu

buildyard=${1:?usage: demo.sh BUILDYARD TOOLS}
tools=${2:?usage: demo.sh BUILDYARD TOOLS}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
up=

step() { printf '\n\033[1m== %s\033[0m\n' "$*" >&2; }
fail() { echo "demo: $*" >&2; exit 1; }

if [ -n "${DEMO_DIR:-}" ]; then
    mkdir -p "$DEMO_DIR"
    work=$(CDPATH='' cd -- "$DEMO_DIR" && pwd)
    kept=yes
else
    work=$(mktemp -d)
    kept=
fi
mkdir -p "$work/run"

finish() {
    code=$?
    trap - EXIT INT TERM
    if [ -n "$up" ]; then
        kill -TERM "$up" 2>/dev/null || true
        wait "$up" 2>/dev/null || true
    fi
    [ $code = 0 ] || { echo "demo: failed; the last lines of $work/up.log:" >&2; tail -n 20 "$work/up.log" >&2 2>/dev/null || true; }
    [ -n "$kept" ] || [ $code != 0 ] || rm -rf "$work"
    exit $code
}
trap finish EXIT
trap 'exit 130' INT TERM

# Runs "$@" until it succeeds, for at most $1 seconds; gives up at once when process $2 is gone.
await() {
    seconds=$1 process=$2
    shift 2
    end=$(($(date +%s) + seconds))
    until "$@" >/dev/null 2>&1; do
        kill -0 "$process" 2>/dev/null || return 1
        [ "$(date +%s)" -lt "$end" ] || return 1
        sleep 0.2
    done
}

if command -v aws >/dev/null; then
    aws=aws
elif [ -x "$tools/bin/aws" ]; then
    aws=$tools/bin/aws
else
    step "a Python environment with the aws command"
    "$here/../deploy/host/python-tools.sh" "$tools" awscli==1.46.3
    aws=$tools/bin/aws
fi

step "the source: Debian's redis"
"$here/redis/fetch.sh" "$work/source/redis"

step "coordinator, storage and agent: buildyard up"
rm -f "$work/data/credentials.env"
"$buildyard" up --data-dir "$work/data" --http 127.0.0.1:0 --grpc 127.0.0.1:0 >"$work/up.log" 2>&1 &
up=$!
await 60 "$up" test -s "$work/data/credentials.env" || fail "buildyard up did not come up"
set -a
. "$work/data/credentials.env"
set +a
agent_is_online() { "$buildyard" agents --output json | grep -q '"ONLINE"'; }
await 60 "$up" agent_is_online || fail "the agent did not come online"
"$buildyard" agents

step "the build: buildyard start --follow"
"$buildyard" start --source "$work/source/redis" --buildspec "$here/redis/buildspec.yml" --follow
id=$("$buildyard" builds --project redis --limit 1 | awk 'NR == 2 { print $1 }')

step "the artifact: aws s3 cp from $AWS_ENDPOINT_URL"
"$buildyard" artifacts "$id"
for program in redis-server redis-cli; do
    object=$("$buildyard" artifacts "$id" | awk -v path="$program" '$1 == path { print $NF }')
    [ -n "$object" ] || fail "the build has no artifact $program"
    "$aws" s3 cp --no-progress "$object" "$work/run/$program"
    chmod +x "$work/run/$program"
done

step "the program that was built"
"$here/redis/check.sh" "$work/run"

step "done"
