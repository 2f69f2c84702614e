#!/bin/sh
# Makes the image buildyard/systemd-test:1, a Debian whose first process is systemd, for the test of the units. An image
# of the same recipe that the engine already has is kept.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
images=$here/../../deploy/images
image=buildyard/systemd-test:1
label=dev.buildyard.recipe
recipe=$(sha256sum "$here/systemd-image.sh" | cut -c1-16)
present=$(docker image inspect --format "{{ index .Config.Labels \"$label\" }}" "$image" 2>/dev/null || true)
[ "$present" != "$recipe" ] || exit 0

"$here/../../deploy/host/packages.sh" mmdebstrap=mmdebstrap
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
sources=$("$images/apt-sources.sh" deb 2>/dev/null) || { apt-get update -qq; sources=$("$images/apt-sources.sh" deb); }
echo "$sources" >"$work/sources.list"
"$images/apt-sources.sh" options >"$work/apt.conf"
mmdebstrap --quiet --mode=root --variant=apt --format=tar --include=systemd,passwd,git \
    --aptopt="$work/apt.conf" \
    --dpkgopt='path-exclude=/usr/share/man/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --dpkgopt='path-exclude=/usr/share/doc/*' \
    "" "$work/root.tar" - <"$work/sources.list"
docker import --change "LABEL $label=$recipe" --change 'CMD ["/lib/systemd/systemd"]' "$work/root.tar" "$image" >/dev/null
