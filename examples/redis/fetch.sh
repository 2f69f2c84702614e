#!/bin/sh
# Fetches Debian's source package of redis and unpacks it into DIR, with the host's own package sources and an apt
# state of its own: the host's apt is not changed. Needs no root but for missing tools.
#
#   fetch.sh DIR
set -eu

dir=${1:?usage: fetch.sh DIR}
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
package=redis

say() { echo "source: $*" >&2; }

if [ -e "$dir/src/version.h" ]; then
    say "$dir is there"
    exit 0
fi
command -v apt-get >/dev/null || { say "this host has no apt: fetch the source of $package by other means into $dir"; exit 1; }
"$here/../../deploy/host/packages.sh" dpkg-source=dpkg-dev

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/out"
# apt drops its rights to a user of its own while it fetches.
chmod 0755 "$work"
[ "$(id -u)" != 0 ] || chown -R _apt "$work/lists/partial" "$work/cache/archives/partial" "$work/out" 2>/dev/null || true
"$here/../../deploy/images/apt-sources.sh" deb-src >"$work/sources.list"
cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::Cache "$work/cache";
CONF
export APT_CONFIG="$work/apt.conf"

say "fetching $package"
apt-get update -qq
cd "$work/out"
# A mirror may lack the newest security update: the release's own version will do.
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
apt-get source -qq "$package" >"$work/log" 2>&1 ||
    apt-get source -qq "$package/$release" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
unpacked=$(find . -mindepth 1 -maxdepth 1 -type d -name "$package-*")
mkdir -p "$(dirname -- "$dir")"
cp -a "$unpacked" "$dir"
say "$(head -1 "$dir/debian/changelog")"
