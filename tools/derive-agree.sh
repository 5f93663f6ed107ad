#!/usr/bin/env bash
# What other programs say about the derived files that the tests leave: PDF before qpdf and PDFBox preflight (Debian:
# libpdfbox2-java), ALTO and OFD before their published schemas where those are given.
#   COUNTERFOIL_ALTO_XSD=alto-4-4.xsd   COUNTERFOIL_OFD_XSD=folder with OFD.xsd, Document.xsd, Page.xsd and Res.xsd
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-derived.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"/{pdf,alto,ofd}
COUNTERFOIL_PDFA=$folder/pdf COUNTERFOIL_ALTO=$folder/alto COUNTERFOIL_OFD=$folder/ofd \
  cargo test --locked --profile ci --test it -- derive:: alto | tail -n 2

# Preflight knows PDF/A-1b only. Left out is what it says of a rule that 2b does not have:
#   1.1    the header says 1.4 at most (2b: any 1.n, ISO 19005-2, 6.1.2)
#   3.1.11 a subset of a CIDFont has a CIDSet (2b: it need not have one, 6.2.11.4.2)
#   7.11   the claim is of part 1 (2b: of part 2, 6.6.4)
jars=/usr/share/java
if [ -e $jars/preflight.jar ]; then
  class_path=$(printf '%s:' $jars/{preflight,pdfbox2,fontbox2,xmpbox,commons-logging,commons-io}.jar)
  for file in "$folder"/pdf/*.pdf; do
    qpdf --check "$file" >/dev/null
    said=$(java -cp "$class_path" org.apache.pdfbox.preflight.Validator_A1b "$file" 2>/dev/null || true)
    left=$(grep -vE '^(1\.1|3\.1\.11|7\.11) :' <<<"$said" | grep -E '^[0-9.]+ :' || true)
    [ -z "$left" ] || { echo "preflight: ${file##*/}: $left" >&2; exit 1; }
  done
  echo "qpdf and preflight: $(ls "$folder"/pdf | wc -l) PDF files, nothing that speaks against PDF/A-2b"
else
  echo "preflight: not here (apt: libpdfbox2-java)"
fi

if [ -n "${COUNTERFOIL_ALTO_XSD:-}" ]; then
  xmllint --noout --nonet --schema "$COUNTERFOIL_ALTO_XSD" "$folder"/alto/*.xml
fi
if [ -n "${COUNTERFOIL_OFD_XSD:-}" ]; then
  for file in "$folder"/ofd/*.ofd; do
    parts=${file%.ofd}
    mkdir "$parts" && (cd "$parts" && python3 -m zipfile -e "$file" .)
    # The schema fixes DocType to OFD; the archive profile says OFD-A.
    sed -i 's/DocType="OFD-A"/DocType="OFD"/' "$parts/OFD.xml"
    for pair in OFD:OFD.xml Document:Doc_0/Document.xml Res:Doc_0/PublicRes.xml Res:Doc_0/DocumentRes.xml; do
      xmllint --noout --nonet --schema "$COUNTERFOIL_OFD_XSD/${pair%%:*}.xsd" "$parts/${pair#*:}"
    done
    xmllint --noout --nonet --schema "$COUNTERFOIL_OFD_XSD/Page.xsd" "$parts"/Doc_0/Pages/*/Content.xml
  done
fi
