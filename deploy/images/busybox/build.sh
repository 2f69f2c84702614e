#!/bin/sh
# Makes an image with a static busybox and nothing else: the least that a build may run in, and what the tests run in.
# An image of the same recipe that the engine already has is kept.
#
#   build.sh [--force]
#
# BUILDYARD_ENGINE  the engine's command, `docker` by default; `podman` works too.
set -eu

image=buildyard/busybox:1.0
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
engine=${BUILDYARD_ENGINE:-docker}
label=dev.buildyard.recipe

say() { echo "busybox image: $*" >&2; }
fail() { say "$*"; exit 1; }

"$here/../../host/packages.sh" busybox=busybox-static
busybox=$(command -v busybox)
if ldd "$busybox" >/dev/null 2>&1; then
    fail "$busybox is linked dynamically: install busybox-static"
fi

recipe=$(cat "$here/build.sh" "$busybox" | sha256sum | cut -c1-16)
present=$("$engine" image inspect --format "{{ index .Config.Labels \"$label\" }}" "$image" 2>/dev/null || true)
older=$("$engine" image inspect --format '{{ .Id }}' "$image" 2>/dev/null || true)
if [ "$present" = "$recipe" ] && [ "${1:-}" != --force ]; then
    say "$image is up to date (recipe $recipe)"
    exit 0
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$root/bin" "$root/etc" "$root/root" "$root/tmp" "$root/var/tmp"
chmod 0755 "$root"
chmod 1777 "$root/tmp" "$root/var/tmp"
cp "$busybox" "$root/bin/busybox"
for applet in $("$busybox" --list); do
    [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"

tar -C "$root" --owner=0 --group=0 --numeric-owner -c . | "$engine" import \
    --change "LABEL $label=$recipe" \
    --change 'ENV PATH=/bin' \
    --change 'CMD ["sh"]' \
    - "$image" >/dev/null
# The image that this one replaces has lost its name; containers that still use it keep it.
[ -z "$older" ] || "$engine" image rm "$older" >/dev/null 2>&1 || true
say "made $image, $(($("$engine" image inspect --format '{{ .Size }}' "$image") / 1000)) kB (recipe $recipe)"
