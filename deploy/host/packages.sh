#!/bin/sh
# Makes sure that commands are there, each given as COMMAND=PACKAGE. On Debian or Ubuntu, as root, it installs the
# packages of those that are missing; elsewhere it names them.
#
#   packages.sh busybox=busybox-static mmdebstrap=mmdebstrap
set -eu

missing=
for pair in "$@"; do
    command -v "${pair%%=*}" >/dev/null 2>&1 || missing="$missing ${pair#*=}"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "packages: missing here:$missing" >&2
    echo "packages: install them (on Debian or Ubuntu: sudo apt-get install$missing) and run this again" >&2
    exit 1
fi
echo "packages: installing$missing" >&2
apt-get update -qq
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
