#!/usr/bin/env bash
# What other programs say about the derived files that the tests leave: PDF before qpdf and PDFBox preflight (Debian:
# libpdfbox2-java), ALTO and OFD before their published schemas where those are given.
#   COUNTERFOIL_ALTO_XSD=alto-4-4.xsd, which finds xlink.xsd; COUNTERFOIL_OFD_XSD=folder with OFD.xsd, Document.xsd, Page.xsd and Res.xsd
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d "${TMPDIR:-/tmp}/counterfoil-derived.XXXXXX")
trap 'rm -rf "$folder"' EXIT
mkdir "$folder"/{pdf,alto,ofd}
COUNTERFOIL_PDFA=$folder/pdf COUNTERFOIL_ALTO=$folder/alto COUNTERFOIL_OFD=$folder/ofd \
  cargo test --locked --profile ci --test it -- derive:: alto | tail -n 2

# Preflight knows PDF/A-1b only. Left out is what it says of a rule that 2b does not have: an ICC profile of version 2 at
# most (2b: version 4 too, ISO 19005-2, 6.2.3), a CIDSet for a subset (2b: it need not be there, 6.2.11.4.2), a claim of
# part 1 (2b: of part 2, 6.6.4).
only_1b='^(2\.1\.6 : .*Invalid version of the ICCProfile|3\.1\.11 : .*CIDSet entry is missing|7\.11\.2 : .*part must be 1)'
jars=/usr/share/java
class_path=$(printf '%s:' $jars/{preflight,pdfbox2,fontbox2,xmpbox,commons-logging,commons-io,javax.activation,jaxb-api}.jar)
if [ -e $jars/preflight.jar ] && [ -e $jars/javax.activation.jar ] && [ -e $jars/jaxb-api.jar ]; then
  for file in "$folder"/pdf/*.pdf; do
    qpdf --check "$file" >/dev/null
    said=$(java -cp "$class_path" org.apache.pdfbox.preflight.Validator_A1b "$file" 2>/dev/null || true)
    # A validator that broke off has said nothing.
    grep -q 'PDF/A-1b file' <<<"$said" || { echo "preflight broke off on ${file##*/}" >&2; exit 1; }
    left=$(grep -E '^[0-9.]+ :' <<<"$said" | grep -vE "$only_1b" || true)
    [ -z "$left" ] || { echo "preflight: ${file##*/}: $left" >&2; exit 1; }
  done
  echo "qpdf and preflight: $(ls "$folder"/pdf | wc -l) PDF files, nothing that speaks against PDF/A-2b"
else
  echo "preflight: not here (apt: libpdfbox2-java libactivation-java libjaxb-api-java libcommons-io-java)"
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
