#!/bin/sh
# Prints the host's own package sources as one-line entries, so that no mirror is ever named in this repository.
#
#   apt-sources.sh deb        the distribution's binary packages
#   apt-sources.sh deb-src    its source packages, whether or not the host has them enabled
#   apt-sources.sh options    the host's proxies and date checks, as lines of apt.conf
#
# Only the distribution's own archive counts (Origin: Debian or Ubuntu); third-party sources are left out.
set -eu

kind=${1:?usage: apt-sources.sh deb|deb-src|options}

fail() { echo "apt-sources.sh: $*" >&2; exit 1; }

command -v apt-get >/dev/null || fail "this host has no apt: run it on Debian or Ubuntu"

if [ "$kind" = options ]; then
    apt-config dump | grep -E '^Acquire::(Check-|http::Proxy|https::Proxy|http::Proxy-Auto-Detect)' || true
    exit 0
fi

[ -r /etc/os-release ] || fail "this host does not say what it is (/etc/os-release)"
case $(. /etc/os-release && echo "${ID:-} ${ID_LIKE:-}") in
    *ubuntu*) origin=Ubuntu keyring=/usr/share/keyrings/ubuntu-archive-keyring.gpg ;;
    *debian*) origin=Debian keyring=/usr/share/keyrings/debian-archive-keyring.gpg ;;
    *) fail "this host is neither Debian nor Ubuntu" ;;
esac
signed=
[ -e "$keyring" ] && signed="[signed-by=$keyring] "

# `$(REPO_URI)` and its like are apt's own placeholders, not the shell's.
# shellcheck disable=SC2016
list() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
        'Created-By: Packages' "Origin: $origin" | sort -u
}

entries=$(list)
[ -n "$entries" ] || fail "apt knows no source of $origin: run 'apt-get update' first"
echo "$entries" | while read -r uri suite component; do
    echo "$kind $signed$uri $suite $component"
done
