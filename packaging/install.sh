#!/usr/bin/env bash
# Puts the built gateway into a system, or into the folder DESTDIR for packaging and checks.
#   DESTDIR=/tmp/root BINARY=.build/debug/mycogate packaging/install.sh
# An existing configuration is left alone.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
destination=${DESTDIR:-}
binary=${BINARY:-$root/.build/release/mycogate}

if [ ! -x "$binary" ]; then
    echo "no program at $binary: run make build first" >&2
    exit 1
fi
install -D -m 0755 "$binary" "$destination/usr/bin/mycogate"
install -D -m 0644 "$root/systemd/mycogate.service" "$destination/lib/systemd/system/mycogate.service"
install -D -m 0644 "$root/systemd/mycogate.sysusers" "$destination/usr/lib/sysusers.d/mycogate.conf"
find "$root/drivers" -type f -printf '%P\n' | while read -r file; do
    install -D -m 0644 "$root/drivers/$file" "$destination/usr/share/mycogate/drivers/$file"
done
install -D -m 0644 "$root/LICENSE" "$destination/usr/share/doc/mycogate/copyright"
if [ ! -e "$destination/etc/mycogate/gateway.yaml" ]; then
    install -D -m 0640 "$root/config/gateway.yaml" "$destination/etc/mycogate/gateway.yaml"
fi
[ -z "$destination" ] || exit 0
systemd-sysusers mycogate.conf
chgrp mycogate /etc/mycogate/gateway.yaml
systemctl daemon-reload
echo "installed; edit /etc/mycogate/gateway.yaml, then: systemctl enable --now mycogate"
