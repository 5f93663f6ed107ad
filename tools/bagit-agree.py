#!/usr/bin/env python3
"""Holds our verdicts about bags against those of bagit.py (Library of Congress, pinned, from PyPI).

    tools/bagit-agree.py CACHE [BAG...]

Bags that are named (folders, zips or tars, such as those of tools/month-demo.mjs) have to be valid. Without any the tests
leave bags (written by the program, falsified by hand, and the conformance suite's where COUNTERFOIL_CONFORMANCE is set)
with our verdicts in a folder. Exit status: 0 when bagit.py says the same of each, but
for the differences listed here with their reason; 1 otherwise."""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINNED = ROOT / "tools" / "bagit.txt"

# Where we say invalid and bagit.py valid: the case, and what RFC 8493 says.
STRICTER = {
    "an empty line": "each line must be of the form 'checksum filepath' (2.1.3)",
    "a byte-order mark": "in UTF-8 a tag file must not begin with one (2.3)",
    "the manifest is not in the tag manifest": "each tag manifest must list every payload manifest (2.2.1)",
    "a wrong sum": "names of reserved elements are case-insensitive (2.2.2)",
    "two sums": "Payload-Oxum must not be repeated (2.2.2)",
    "an algorithm nobody knows": "every checksum must have been verified (3)",
    "a second manifest that misses a file": "every payload manifest must list every payload file (3)",
    "a linked folder": "files outside the bag must not be accessed (5.1)",
    "bagit-with-invalid-whitespace": "the conformance suite counts it as invalid (2.1.1)",
}


def main() -> int:
    tool = installed(pathlib.Path(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="counterfoil-bagit.") as folder:
        if sys.argv[2:]:
            return valid(tool, [pathlib.Path(bag) for bag in sys.argv[2:]], pathlib.Path(folder))
        command = ["cargo", "test", "--locked", "--profile", "ci", "--test", "it", "--", "verdicts_for_another_program"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "COUNTERFOIL_BAGS": folder}, check=True,
                       stdout=subprocess.DEVNULL)
        return compare(tool, pathlib.Path(folder) / "verdicts.tsv")


def valid(tool: list[str], bags: list[pathlib.Path], folder: pathlib.Path) -> int:
    """Whether bagit.py accepts each of the bags, and refuses it with one byte changed."""
    wrong = 0
    for number, bag in enumerate(bags):
        place = folder / str(number)
        if bag.is_dir():
            shutil.copytree(bag, place / bag.name)
        else:
            shutil.unpack_archive(bag, place)
        for root in place.iterdir():
            ended = subprocess.run([*tool, "--validate", str(root)], capture_output=True, text=True, check=False)
            print(ended.stderr.strip().splitlines()[-1])
            victim = next(file for file in sorted((root / "data").rglob("*")) if file.is_file() and file.stat().st_size)
            data = victim.read_bytes()
            victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
            changed = subprocess.run([*tool, "--validate", "--quiet", str(root)], capture_output=True, check=False)
            if ended.returncode != 0 or changed.returncode == 0:
                wrong += 1
                print(f"{bag}: bagit.py says {ended.returncode}, with one byte changed {changed.returncode}")
    return 1 if wrong else 0


def installed(cache: pathlib.Path) -> list[str]:
    """The command that runs bagit.py; it is fetched on first use."""
    place = cache / f"bagit-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:16]}"
    if not (place / "installed").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", place, "-r", PINNED]
        subprocess.run(command, check=True)
        (place / "installed").touch()
    os.environ["PYTHONPATH"] = str(place)
    return [sys.executable, str(place / "bagit.py")]


def compare(tool: list[str], verdicts: pathlib.Path) -> int:
    same, stricter, wrong = 0, 0, 0
    for line in verdicts.read_text(encoding="utf-8").splitlines():
        ours, what, bag = line.split("\t")
        ended = subprocess.run([*tool, "--validate", "--quiet", bag], capture_output=True, text=True, check=False)
        theirs = "valid" if ended.returncode == 0 else "invalid"
        if ours == theirs:
            same += 1
        elif ours == "invalid" and what in STRICTER:
            stricter += 1
        else:
            wrong += 1
            print(f"{what} ({bag}): we say {ours}, bagit.py {theirs}: {ended.stderr.strip()[-300:]}")
    print(f"bagit.py agrees on {same} bags; {stricter} it accepts are refused for a reason of RFC 8493; {wrong} differ")
    return 1 if wrong or not same else 0


if __name__ == "__main__":
    sys.exit(main())
