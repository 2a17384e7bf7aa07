#!/usr/bin/env bash
# Lets systemd read the unit as it will stand on a box: in a root of its own, with the program where the unit says.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
DESTDIR=$stage "$here/install.sh"
# What every system has and ours refers to. It is not ours to check, so it only has to be there.
units=$stage/lib/systemd/system
for unit in sysinit.target basic.target network-online.target time-sync.target multi-user.target shutdown.target; do
    printf '[Unit]\nDescription=%s\nDefaultDependencies=no\n' "$unit" >"$units/$unit"
done
install -D -m 0755 /bin/true "$stage/bin/kill"
said=$(systemd-analyze verify --man=no --root="$stage" mycogate.service 2>&1) || { echo "$said" >&2; exit 1; }
if [ -n "$said" ]; then
    echo "$said" >&2
    exit 1
fi
