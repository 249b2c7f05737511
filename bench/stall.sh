#!/usr/bin/env bash
# A broker that stands still for a second, as an open loop and as a closed one see it; half a minute. Fails when the report hides it.
set -euo pipefail
cd "$(dirname "$0")/.."
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
go build -o "$programs/" ./cmd/twinbed ./bench
"$programs/bench" stall --twinbed "$programs/twinbed"
