#!/usr/bin/env bash
# The main job: take the fixture scans in, search them, export one; run a case through the window and a month through the
# transfer; prove that all is consistent.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${COUNTERFOIL_BIN:?run this through make demo}
folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-demo.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export COUNTERFOIL_DATA="$folder/data"
export XDG_CONFIG_HOME="$folder/config"
run() { printf '\n\033[1m$ counterfoil %s\033[0m\n' "$*"; "$bin" "$@"; }

scans=(fixtures/scans/*.{jpg,pdf,png,tif})
printf '\n\033[1m$ counterfoil ingest fixtures/scans/*.{jpg,pdf,png,tif}\033[0m\n'
"$bin" ingest "${scans[@]}"
run search 行政许可 --limit 3
run search 统一社会信用代码 --limit 1
record=$("$bin" --json search 统一社会信用代码 --limit 1 | sed -n 's/.*"record":"\([0-9a-f]*\)".*/\1/p' | head -1)
run text "$record" | head -12
run export "$record" --format pdf -o "$folder/record.pdf"
pdfinfo "$folder/record.pdf" | grep -E 'Title|Pages|Page size|PDF version'
qpdf --check "$folder/record.pdf" >/dev/null && echo "qpdf --check: no errors"
run audit
node tools/window-demo.mjs "$bin" "$COUNTERFOIL_DATA"
run audit
env -u COUNTERFOIL_DATA node tools/month-demo.mjs "$bin" "$folder/month"
