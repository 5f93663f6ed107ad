#!/usr/bin/env bash
# Runs the criterion benches and prints one table: bench, time, throughput.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo bench --locked --profile ci --benches -- --noplot "$@" 2>/dev/null | tee /dev/stderr | awk '
  /time: +\[/ { if ($1 != "time:") name = $1; match($0, /\[.*\]/); split(substr($0, RSTART + 1, RLENGTH - 2), t, " "); time = t[3] " " t[4]; printf "%-44s %14s", name, time; pending = 1; next }
  /thrpt: +\[/ { match($0, /\[.*\]/); split(substr($0, RSTART + 1, RLENGTH - 2), t, " "); printf " %18s\n", t[3] " " t[4]; pending = 0; next }
  pending { printf "\n"; pending = 0 }
  /^[a-z_]+\/[^ ]+$/ { name = $1 }
  END { if (pending) printf "\n" }'
