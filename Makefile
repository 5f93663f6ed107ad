# Counterfoil (存根). `make help` lists what can be done; `make demo` and `make test` need nothing but Debian 12,
# Rust and Node. Build products and models stay outside the clone, in $(CACHE).
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/counterfoil
export CARGO_TARGET_DIR ?= $(CACHE)/target
export COUNTERFOIL_OCR_DIR ?= $(CACHE)/ocr
BIN := $(CARGO_TARGET_DIR)/ci/counterfoil
DATA ?= counterfoil-data
CORPUS ?= fixtures/scans

.PHONY: help setup build demo test run bench reading lint doctor accuracy corpus pictures api prove clean

help: ## list what can be done
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install what is missing: Debian packages, OCR runtime and models (pinned, verified)
	@tools/setup.sh

build: setup ## build the program (profile ci)
	@cargo build --locked --profile ci

demo: build ## the main job on the fixture scans: ingest, search, export, audit
	@COUNTERFOIL_BIN=$(BIN) tools/demo.sh

test: build ## every test
	@cargo test --locked --profile ci --lib --bins --test it

run: build ## serve on this machine (data in $DATA, default ./counterfoil-data)
	@$(BIN) --data $(DATA) serve

bench: reading ## criterion benches and the side-by-side runs, one table at the end
	@tools/bench.sh

reading: build ## read pages beside RapidOCR, OCRmyPDF and tesseract; CORPUS="folder …" (default: fixtures/scans)
	@tool=$(CACHE)/read-bench-$$(sha256sum tools/read-bench.txt | cut -c1-16)
	[ -e "$$tool/installed" ] || { python3 -m venv "$$tool" && "$$tool/bin/pip" install --quiet -r tools/read-bench.txt && touch "$$tool/installed"; }
	tools/read-bench.py $(BIN) "$$tool/bin/python" docs $(CORPUS)

lint: setup ## formatting and clippy, warnings are errors
	@cargo fmt --check
	cargo clippy --locked --profile ci --all-targets -- -D warnings

doctor: build ## check this machine: engines, disk, clock, permissions, limits
	@$(BIN) --data $(DATA) doctor

pictures: build ## draw the pictures of the forms in docs/ again
	@COUNTERFOIL_BIN=$(BIN) tools/pictures.sh

accuracy: build ## character error per page: CORPUS=folder with NAME.gt.txt beside each image
	@for engine in paddle tesseract; do $(BIN) accuracy --engine $$engine $(CORPUS); done

corpus: build ## take a folder of scans in and judge every status and PDF: CORPUS=folder
	@tools/corpus.py $(BIN) $(CORPUS)

api: build ## hold the running server against its own OpenAPI description (Schemathesis, pinned, from PyPI)
	@tool=$(CACHE)/schemathesis-$$(sha256sum tools/schemathesis.txt | cut -c1-16)
	[ -e "$$tool/installed" ] || { python3 -m pip install --quiet --target "$$tool" -r tools/schemathesis.txt && touch "$$tool/installed"; }
	node tools/api-check.mjs $(BIN) "$$tool"

prove: build ## the long proofs: hundreds of kills, power loss, scale, conformance (see tools/prove.sh)
	@COUNTERFOIL_BIN=$(BIN) COUNTERFOIL_CACHE=$(CACHE) tools/prove.sh

clean: ## remove build products (models are kept)
	@rm -rf $(CARGO_TARGET_DIR)
