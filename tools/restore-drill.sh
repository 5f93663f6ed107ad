#!/usr/bin/env bash
# A restore drill: what a backup holds (ledger, blobs, keys) is put into an empty data folder, everything else is rebuilt;
# then the audit is clean and the log has the same checkpoint. OLD wrote the data, NEW restores it; they may be different
# builds.
#   tools/restore-drill.sh OLD_BINARY NEW_BINARY
set -euo pipefail
cd "$(dirname "$0")/.."
old=${1:?the binary that writes} new=${2:?the binary that restores}
folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-restore.XXXXXX")
trap 'rm -rf "$folder"' EXIT
export XDG_CONFIG_HOME="$folder/config"
scans=(fixtures/scans/*.{jpg,png,tif})
"$old" --data "$folder/data" ingest "${scans[@]}" >/dev/null
node tools/window-demo.mjs "$old" "$folder/data" >/dev/null
before=$("$old" --data "$folder/data" --json audit | tail -1)
mkdir -p "$folder/restored"
cp -a "$folder/data/ledger" "$folder/data/blobs" "$folder/restored/"
"$new" --data "$folder/restored" rebuild >/dev/null
after=$("$new" --data "$folder/restored" --json audit | tail -1)
echo "before: $before"
echo "after:  $after"
cmp <(cd "$folder/data/ledger" && find . -name '*.seg*' -type f -exec sha256sum {} + | sort) \
    <(cd "$folder/restored/ledger" && find . -name '*.seg*' -type f -exec sha256sum {} + | sort)
echo "the restored log is byte for byte the same, and its audit is clean"
