#!/usr/bin/env bash
# Runs the benches and prints one table: bench, time, throughput; below it the window under load and packages.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
cargo bench --locked --profile ci --benches -- --noplot "$@" | tee "$log" >&2
printf '\n%-52s %14s %18s\n' bench time throughput
awk '
  function value(line, parts) { match(line, /\[.*\]/); split(substr(line, RSTART + 1, RLENGTH - 2), parts, " "); return parts[3] " " parts[4] }
  function end() { if (open) print ""; open = 0 }
  /time: +\[/ { end(); if ($1 != "time:") { name = $0; sub(/ *time:.*/, "", name) } printf "%-52s %14s", name, value($0); open = 1; next }
  /thrpt: +\[/ { printf " %18s", value($0); end(); next }
  /^[a-z_]+\// { name = $0 }
  END { end() }' "$log"
printf '\n'
grep -E '^(load|package): ' "$log" || true
