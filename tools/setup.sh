#!/usr/bin/env bash
# Installs what is missing on Debian 12 and says so; does nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  tesseract-ocr tesseract-ocr-eng tesseract-ocr-chi-sim libtesseract-dev libleptonica-dev
  pkg-config clang libclang-dev cmake g++ nasm
  fonts-noto-cjk poppler-utils qpdf python3 python3-pip
)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "setup: installing ${missing[*]}" >&2
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

command -v cargo >/dev/null || { echo "setup: cargo is missing; install Rust 1.95 or newer (https://rustup.rs)" >&2; exit 1; }
command -v node >/dev/null || { echo "setup: node is missing; install Node 20 or newer (https://nodejs.org)" >&2; exit 1; }
# The identity provider that the single sign-on tests are held against.
if [ ! -d tests/oidc/node_modules/oidc-provider ] || [ tests/oidc/package-lock.json -nt tests/oidc/node_modules ]; then
  echo "setup: installing the test identity provider" >&2
  (cd tests/oidc && npm ci --silent --no-audit --no-fund && touch node_modules)
fi
tools/fetch-ocr.sh
