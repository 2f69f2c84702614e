#!/bin/sh
# Installs the coordinator, the agent or both on this host as systemd services: the binary, an example configuration
# where there is none yet, the unit, and the user of the coordinator. Run it again with a newer binary to update.
#
#   install.sh BINARY coordinator|agent…
#
# The agent's join token belongs in /etc/buildyard/join-token; on the coordinator's own host it is put there.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
say() { echo "install: $*" >&2; }
fail() { say "$*"; exit 2; }

[ $# -ge 2 ] || fail "usage: install.sh BINARY coordinator|agent…"
binary=$1
shift
[ -x "$binary" ] || fail "$binary is not a program: build it with 'make build'"
[ "$(id -u)" = 0 ] || fail "services are installed as root: run it with sudo"
command -v systemctl >/dev/null || fail "this host has no systemd"
for part in "$@"; do
    case $part in coordinator | agent) ;; *) fail "'$part' is neither coordinator nor agent" ;; esac
done

# A running program's file cannot be written, but another can take its name.
install -D -m 0755 "$binary" /usr/local/bin/.buildyard.new
mv /usr/local/bin/.buildyard.new /usr/local/bin/buildyard
install -d -m 0755 /etc/buildyard
for part in "$@"; do
    if [ "$part" = coordinator ] && ! getent passwd buildyard >/dev/null; then
        useradd --system --user-group --no-create-home --home-dir /var/lib/buildyard --shell /usr/sbin/nologin buildyard
    fi
    config=/etc/buildyard/$part.toml
    if [ ! -e "$config" ]; then
        install -m 0644 "$here/../config/$part.toml" "$config"
        say "made $config: look through it"
    fi
    install -m 0644 "$here/buildyard-$part.service" "/etc/systemd/system/buildyard-$part.service"
done
systemctl daemon-reload

for part in "$@"; do
    if [ "$part" = agent ]; then
        token=/etc/buildyard/join-token
        own=/var/lib/buildyard/coordinator/credentials.json
        if [ ! -e "$token" ] && [ -e "$own" ]; then
            (umask 077 && sed -n 's/.*"join_token": *"\([^"]*\)".*/\1/p' "$own" >"$token")
        fi
        [ -e "$token" ] || fail "put the coordinator's join token into $token (its credentials.json has it), then run this again"
        grep -q '^join_token' /etc/buildyard/agent.toml ||
            sed -i 's|^# join_token_file = .*|join_token_file = "/etc/buildyard/join-token"|' /etc/buildyard/agent.toml
    fi
    systemctl enable --quiet "buildyard-$part"
    # An agent that runs lets its builds end first.
    systemctl restart "buildyard-$part"
    say "buildyard-$part runs; 'journalctl -u buildyard-$part -f' follows its log"
done
