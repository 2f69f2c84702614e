#!/bin/sh
# Makes the image buildyard/standard:1.0 out of the host distribution's own packages: no registry is asked.
# An image of the same recipe that the engine already has is kept. Needs root and a Debian or Ubuntu host.
#
#   build.sh [--force]
#
# BUILDYARD_ENGINE  the engine's command, `docker` by default; `podman` works too.
set -eu

image=buildyard/standard:1.0
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
engine=${BUILDYARD_ENGINE:-docker}
label=dev.buildyard.recipe

say() { echo "standard image: $*" >&2; }
fail() { say "$*"; exit 1; }

command -v "$engine" >/dev/null || fail "no '$engine' here: run 'make engine', or set BUILDYARD_ENGINE=podman"

recipe=$(cat "$here/build.sh" "$here/packages.txt" "$here/../apt-sources.sh" | sha256sum | cut -c1-16)
present=$("$engine" image inspect --format "{{ index .Config.Labels \"$label\" }}" "$image" 2>/dev/null || true)
older=$("$engine" image inspect --format '{{ .Id }}' "$image" 2>/dev/null || true)
if [ "$present" = "$recipe" ] && [ "${1:-}" != --force ]; then
    say "$image is up to date (recipe $recipe)"
    exit 0
fi

[ "$(id -u)" = 0 ] || fail "packages are unpacked as root: run it with sudo, or 'docker load' an image made elsewhere"
command -v apt-get >/dev/null || fail "the recipe takes Debian packages: run it on Debian or Ubuntu and 'docker save' the image"
if ! command -v mmdebstrap >/dev/null; then
    say "installing mmdebstrap"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends mmdebstrap >/dev/null
fi
sources=$("$here/../apt-sources.sh" deb 2>/dev/null) || { apt-get update -qq; sources=$("$here/../apt-sources.sh" deb); }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
packages=$(sed -e 's/#.*//' "$here/packages.txt" | xargs | tr ' ' ,)
echo "$sources" >"$work/sources.list"
"$here/../apt-sources.sh" options >"$work/apt.conf"

say "unpacking $(echo "$packages" | tr , '\n' | wc -l) packages and what they need (a minute or two)"
started=$(date +%s)
# Documentation, translations and package lists are left out: together they would be a third of the image.
mmdebstrap --quiet --mode=root --variant=apt --format=tar --include="$packages" \
    --aptopt="$work/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/info/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-include=/usr/share/doc/*/copyright' \
    --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' \
    "" "$work/root.tar" - <"$work/sources.list"

"$engine" import \
    --change "LABEL $label=$recipe" \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV LANG=POSIX' \
    --change 'ENV DEBIAN_FRONTEND=noninteractive' \
    --change 'CMD ["bash"]' \
    "$work/root.tar" "$image" >/dev/null
# The image that this one replaces has lost its name; containers that still use it keep it.
[ -z "$older" ] || "$engine" image rm "$older" >/dev/null 2>&1 || true
size=$("$engine" image inspect --format '{{ .Size }}' "$image")
say "made $image in $(($(date +%s) - started)) s, $((size / 1000000)) MB (recipe $recipe)"
