#!/usr/bin/env bash
# Broker and platform are killed (SIGKILL) at 5,000 readings a second of QoS 1, with the fleet in another process: three runs with the
# journal, one without; a minute and a half. Fails when an acknowledged reading is lost with it, or a loss is not counted without it.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT
go build -o "$work/" ./cmd/twinbed ./bench
cp bench/kill.yaml "$work"
cd "$work"
broker=mqtt://127.0.0.1:${PORT:-18834}

play() { # name, keep, how the second process is told to go on
    local name=$1 keep=$2
    shift 2
    ./twinbed run kill.yaml --only platform --broker "$broker" --set durable="$keep" --out "$name" -q 2>/dev/null &
    local platform=$!
    sleep 1
    ./twinbed run kill.yaml --only fleet --broker "$broker" --duration 15s --out "$name-fleet" -q 2>/dev/null &
    local fleet=$!
    sleep 8
    kill -KILL $platform
    wait $platform 2>/dev/null || true
    sleep 0.5
    ./twinbed run kill.yaml --only platform --broker "$broker" --set durable="$keep" "$@" -q >"$name.txt" 2>/dev/null &
    platform=$!
    wait $fleet || true
    sleep 1
    kill -INT $platform
    wait $platform || true
    ./bench kill "$name-fleet/report.json" "$name/report.json"
}

for n in 1 2 3; do play "journal-$n" journal --resume "journal-$n"; done
play numbers numbers --out numbers
