#!/bin/sh
# Makes a Python environment in DIR with the given packages, once: real clients and servers to test against.
#
#   python-tools.sh DIR PACKAGE…
set -eu

dir=${1:?usage: python-tools.sh DIR PACKAGE…}
shift
want="$*"
if [ "$(cat "$dir/.packages" 2>/dev/null)" = "$want" ]; then
    exit 0
fi
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    "$(dirname -- "$0")/packages.sh" python3-with-venv=python3-venv
fi
echo "python tools: installing $want into $dir" >&2
rm -rf "$dir"
mkdir -p "$(dirname -- "$dir")"
python3 -m venv "$dir"
# shellcheck disable=SC2086
"$dir/bin/pip" install --quiet --disable-pip-version-check $want
echo "$want" >"$dir/.packages"
