#!/bin/sh
# Makes the image buildyard/agent:VERSION: the static binary beside git, ssh and iptables from the host distribution's
# own packages. The packages are an image of their own, made once per recipe; a newer binary is a layer on top.
#
#   build.sh BINARY
#
# BUILDYARD_ENGINE  the engine's command, `docker` by default; `podman` works too.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
engine=${BUILDYARD_ENGINE:-docker}
label=dev.buildyard.recipe
say() { echo "agent image: $*" >&2; }
fail() { say "$*"; exit 1; }

binary=${1:-}
[ -x "$binary" ] || fail "usage: build.sh BINARY ('make build' makes one)"
! ldd "$binary" 2>/dev/null | grep -q "=>" || fail "$binary is linked dynamically: build it as the workspace does"
image=buildyard/agent:$("$binary" --version | cut -d' ' -f2)
base=buildyard/agent-base:1

recipe=$(cat "$here/build.sh" "$here/../apt-sources.sh" | sha256sum | cut -c1-16)
present=$("$engine" image inspect --format "{{ index .Config.Labels \"$label\" }}" "$base" 2>/dev/null || true)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

if [ "$present" != "$recipe" ]; then
    [ "$(id -u)" = 0 ] || fail "packages are unpacked as root: run it with sudo, or 'docker load' an image made elsewhere"
    command -v apt-get >/dev/null || fail "the recipe takes Debian packages: run it on Debian or Ubuntu and 'docker save' the image"
    "$here/../../host/packages.sh" mmdebstrap=mmdebstrap
    sources=$("$here/../apt-sources.sh" deb 2>/dev/null) || { apt-get update -qq; sources=$("$here/../apt-sources.sh" deb); }
    echo "$sources" >"$work/sources.list"
    "$here/../apt-sources.sh" options >"$work/apt.conf"
    say "unpacking packages for $base (a minute)"
    mmdebstrap --quiet --mode=root --variant=apt --format=tar \
        --include=git,openssh-client,ca-certificates,iptables \
        --aptopt="$work/apt.conf" \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/doc/*' \
        --dpkgopt='path-include=/usr/share/doc/*/copyright' \
        --customize-hook='rm -f "$1/etc/hostname" "$1/etc/resolv.conf"' \
        "" "$work/root.tar" - <"$work/sources.list"
    "$engine" import --change "LABEL $label=$recipe" "$work/root.tar" "$base" >/dev/null
    rm "$work/root.tar"
fi

mkdir "$work/context"
cp "$binary" "$work/context/buildyard"
cat >"$work/context/Dockerfile" <<DOCKERFILE
FROM $base
COPY buildyard /usr/local/bin/buildyard
VOLUME /var/lib/buildyard/agent
ENTRYPOINT ["buildyard"]
CMD ["agent", "--config", "/etc/buildyard/agent.toml"]
DOCKERFILE
"$engine" build --quiet --tag "$image" "$work/context" >/dev/null
say "made $image, $(($("$engine" image inspect --format '{{ .Size }}' "$image") / 1000000)) MB"
