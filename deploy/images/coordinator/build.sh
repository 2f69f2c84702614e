#!/bin/sh
# Makes the image buildyard/coordinator:VERSION: the static binary, the host's certificates of authorities, and nothing
# else; not even a shell.
#
#   build.sh BINARY
#
# BUILDYARD_ENGINE  the engine's command, `docker` by default; `podman` works too.
set -eu

engine=${BUILDYARD_ENGINE:-docker}
say() { echo "coordinator image: $*" >&2; }
fail() { say "$*"; exit 1; }

binary=${1:-}
[ -x "$binary" ] || fail "usage: build.sh BINARY ('make build' makes one)"
! ldd "$binary" 2>/dev/null | grep -q "=>" || fail "$binary is linked dynamically: build it as the workspace does"
authorities=/etc/ssl/certs/ca-certificates.crt
[ -r "$authorities" ] || fail "no $authorities here: install ca-certificates"
image=buildyard/coordinator:$("$binary" --version | cut -d' ' -f2)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT TERM
chmod 0755 "$root"
mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/etc/buildyard" "$root/var/lib/buildyard/coordinator" "$root/tmp"
cp "$binary" "$root/usr/local/bin/buildyard"
cp "$authorities" "$root/etc/ssl/certs/"
printf 'root:x:0:0:root:/:/\nbuildyard:x:65532:65532:buildyard:/var/lib/buildyard:/\n' >"$root/etc/passwd"
printf 'root:x:0:\nbuildyard:x:65532:\n' >"$root/etc/group"
cat >"$root/etc/buildyard/coordinator.toml" <<'TOML'
# Every key that is left out has the default of deploy/config/coordinator.toml.
[listen]
http = "0.0.0.0:8080"
grpc = "0.0.0.0:8081"
# Of the ports as they are published; another file is mounted here for another address.
public_url = "http://127.0.0.1:8080"
TOML
chmod 1777 "$root/tmp"
chown -R 65532:65532 "$root/var/lib/buildyard"
chmod 0700 "$root/var/lib/buildyard/coordinator"

tar -C "$root" --numeric-owner -c . | "$engine" import \
    --change 'ENV PATH=/usr/local/bin' \
    --change 'USER 65532:65532' \
    --change 'EXPOSE 8080' \
    --change 'EXPOSE 8081' \
    --change 'VOLUME /var/lib/buildyard/coordinator' \
    --change 'ENTRYPOINT ["buildyard"]' \
    --change 'CMD ["coordinator", "--config", "/etc/buildyard/coordinator.toml"]' \
    - "$image" >/dev/null
say "made $image, $(($("$engine" image inspect --format '{{ .Size }}' "$image") / 1000000)) MB"
