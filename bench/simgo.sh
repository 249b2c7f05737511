#!/bin/sh
# The clock beside simgo (github.com/fschuetz04/simgo) on M/M/1 and on the hold model, in one run: half a
# minute. simgo is built in a temporary module, from the module proxy, or from a folder: SIMGO=/path/to/simgo.
set -eu
cd "$(dirname "$0")/.."
house=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp bench/_simgo.go "$work/main.go"
cd "$work"
go mod init kernels 2>/dev/null
go mod edit -require github.com/twinbed/twinbed@v0.0.0 -replace "github.com/twinbed/twinbed=$house"
if [ -n "${SIMGO:-}" ]; then
  go mod edit -require github.com/fschuetz04/simgo@v0.0.0 -replace "github.com/fschuetz04/simgo=$SIMGO"
else
  go get github.com/fschuetz04/simgo@2dd76aca404607f9dfd047898fbdc71fbc90540e
fi
go mod tidy 2>/dev/null
go run .
