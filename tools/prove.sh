#!/usr/bin/env bash
# The long proofs. Each prints what it found; the first that fails ends the run.
#   COUNTERFOIL_KILLS (200), COUNTERFOIL_POWER_ROUNDS (20), COUNTERFOIL_SCALE_PAGES (100000), COUNTERFOIL_ROUND_CASES (2000)
#   COUNTERFOIL_CONFORMANCE=folder with merkle/, tlog/ and bagit/ vectors, COUNTERFOIL_CORPUS=folder of hostile files
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${COUNTERFOIL_BIN:?run this through make prove}
it() { cargo test --locked --profile ci --test it -- --nocapture --test-threads=1 "$@"; }

echo "== kill -9"
COUNTERFOIL_KILLS=${COUNTERFOIL_KILLS:-200} it kill::
echo "== power loss"
if [ "$(id -u)" -eq 0 ]; then
  tools/power-loss.py "$bin" "${COUNTERFOIL_POWER_ROUNDS:-20}"
else
  echo "not root: recorded prefixes of write, fsync and rename are replayed instead"
  it ledger_faults::
fi
echo "== exact search at scale"
COUNTERFOIL_SCALE_PAGES=${COUNTERFOIL_SCALE_PAGES:-100000} it search_scale::
echo "== ledger rates"
COUNTERFOIL_LEDGER_FACTS=${COUNTERFOIL_LEDGER_FACTS:-50000} it ledger_rate::
echo "== memory of a long stream"
COUNTERFOIL_ALONE=1 it blob_laws::a_very_long_stream
echo "== conformance"
it conformance::
echo "== bags: files past 4 GiB, and what bagit.py says"
COUNTERFOIL_ALONE=1 it bag::a_file_of_five_gigabytes
tools/bagit-agree.py "${COUNTERFOIL_CACHE:?run this through make prove}"
echo "== a whole round as a package, beside bagit.py and tar"
folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-prove.XXXXXX")
trap 'rm -rf "$folder"' EXIT
node tools/round-bench.mjs "$bin" "$folder/round" "$(ls "$COUNTERFOIL_CACHE"/bagit-*/bagit.py | head -n 1)"
rm -rf "$folder/round"
echo "== derived files, and what qpdf, preflight and the schemas say"
tools/derive-agree.sh
echo "== submissions, and what eark-validator says"
tools/eark-agree.py "${COUNTERFOIL_CACHE:?run this through make prove}"
echo "== a month of the demo: its bag before bagit.py, its submission before eark-validator"
XDG_CONFIG_HOME="$folder/config" node tools/month-demo.mjs "$bin" "$folder/month" >/dev/null
tools/bagit-agree.py "$COUNTERFOIL_CACHE" "$folder"/month/t-*.zip
tools/eark-agree.py "$COUNTERFOIL_CACHE" "$folder"/month/eark/*.zip
echo "== years of transfers"
COUNTERFOIL_YEARS_CASES=${COUNTERFOIL_YEARS_CASES:-20} it transfer_years::
echo "== restore drill"
tools/restore-drill.sh "$bin" "${COUNTERFOIL_OTHER_BIN:-$bin}"
