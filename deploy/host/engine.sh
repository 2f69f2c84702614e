#!/bin/sh
# Makes sure that a container engine answers. On Debian or Ubuntu, as root, it installs and starts one; elsewhere it
# says what to do.
#
# BUILDYARD_ENGINE  the engine's command, `docker` by default; `podman` works too.
set -eu

engine=${BUILDYARD_ENGINE:-docker}

say() { echo "engine: $*" >&2; }
fail() { say "$*"; exit 1; }
answers() { "$engine" info >/dev/null 2>&1; }

if answers; then
    exit 0
fi

system=
if [ -r /etc/os-release ]; then
    system=$(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}")
fi
case " $system " in
    *" debian "* | *" ubuntu "*) package_manager=apt-get ;;
    *) package_manager= ;;
esac

if [ -z "$package_manager" ]; then
    fail "'$engine' does not answer. Install Docker or Podman with this system's package manager, start its service
  (systemctl enable --now docker, or systemctl enable --now podman.socket), check that '$engine info' works for
  this user, and run this again. With Podman, set BUILDYARD_ENGINE=podman."
fi
if [ "$(id -u)" != 0 ]; then
    if command -v "$engine" >/dev/null; then
        fail "'$engine' is installed but does not answer. Start it with 'sudo systemctl start docker'; if it runs,
  let this user in with 'sudo usermod -aG docker $(id -un)' and log in again."
    fi
    fail "no '$engine' here. Install it with 'sudo apt-get install docker.io', then run this again (or run it with sudo)."
fi
[ "$engine" = docker ] || fail "'$engine' does not answer: install and start it, or leave BUILDYARD_ENGINE unset for Docker."

if ! command -v dockerd >/dev/null; then
    say "installing docker.io"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables ca-certificates >/dev/null
fi

log=/var/log/buildyard-dockerd.log
if ! answers; then
    say "starting dockerd"
    if [ -d /run/systemd/system ]; then
        systemctl start docker || true
    elif [ -x /etc/init.d/docker ]; then
        /etc/init.d/docker start >/dev/null 2>&1 || true
    fi
fi
tries=0
until answers; do
    tries=$((tries + 1))
    # No init system took it, as in a container or a minimal machine: start it ourselves.
    [ $tries = 10 ] && ! pidof dockerd >/dev/null 2>&1 && { setsid dockerd >"$log" 2>&1 </dev/null & }
    if [ $tries -ge 60 ]; then
        tail -n 3 "$log" >&2 2>/dev/null || true
        fail "dockerd does not answer after 60 s: see 'journalctl -u docker' or $log"
    fi
    sleep 1
done
say "$("$engine" version --format '{{ .Server.Version }}' 2>/dev/null || echo ready) answers"
