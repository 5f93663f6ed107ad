#!/usr/bin/env bash
# Draws the pictures of the printed forms that the README shows: docs/NAME.png.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${COUNTERFOIL_BIN:?run this through make pictures}
folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-pictures.XXXXXX")
trap 'rm -rf "$folder"' EXIT

"$bin" forms --out "$folder" intake_receipt one_time_notice dispatch_slip
mkdir -p docs
for name in intake-receipt one-time-notice dispatch-slip; do
  pdftoppm -png -r 76 -singlefile "$folder/$name.pdf" "docs/$name"
done
ls -l docs/*.png
