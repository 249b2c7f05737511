#!/usr/bin/env bash
# What faults cost: hours of downtime with an interval, and in live runs readings and time; eleven minutes.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
go build -o "$programs/" ./cmd/twinbed ./bench
"$programs/bench" cost --twinbed "$programs/twinbed" "$@"
