#!/usr/bin/env bash
# Installs what building, testing and running need and is missing. With everything there it does nothing and needs no
# network. The Swift toolchain itself is not a Debian package: see docs/start/build.md.
set -euo pipefail

packages=(
    # what the Swift toolchain itself loads, and what it compiles and links with
    libncurses6 libxml2 tzdata
    binutils gcc g++ libc6-dev libstdc++-12-dev make pkg-config
    # the libraries of ARCHITECTURE.md
    libmosquitto-dev libsqlite3-dev libserialport-dev libmodbus-dev libcurl4-openssl-dev libwebsockets-dev libyaml-dev
    libsodium-dev libssl-dev libsystemd-dev libzstd-dev zlib1g-dev libsimdjson-dev libnats-dev
    # what the gateway runs, and what tests and the demo call
    mosquitto mosquitto-clients nats-server curl openssl procps
    libfaketime postgresql python3 python3-psycopg2 python3-pymodbus python3-serial python3-serial-asyncio zstd
    # what `make check` verifies the unit file with
    systemd
)

missing=()
for package in "${packages[@]}"; do
    status=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "installing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    echo "this is not Debian: install these by hand, then run again: ${missing[*]}" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null; then
        echo "not root and no sudo: run as root: apt-get install ${missing[*]}" >&2
        exit 1
    fi
    as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y -q -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1; }
# The lists of a fresh machine are empty or old; without network the packages may still be in its cache.
apt update || echo "apt-get update failed, trying with the lists there are" >&2
if ! apt install --no-install-recommends "${missing[@]}"; then
    tail -n 20 "$log" >&2
    exit 1
fi
