#!/usr/bin/env bash
# Twinbed's live loop beside other ways to load an MQTT broker, in about five minutes; in one with QUICK=1.
# Another tool takes part with --peer 'name: command {host} {port} {qos} {seconds} {rate}'.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
go build -o "$programs/" ./cmd/twinbed ./bench
how=(--rounds 3 --for 3s)
if [ -n "${QUICK:-}" ]; then how=(--rounds 1 --for 1500ms); fi
"$programs/bench" rates --twinbed "$programs/twinbed" "${how[@]}" "$@"
