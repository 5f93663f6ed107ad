#!/usr/bin/env python3
"""Holds submissions the program laid out against eark-validator (E-ARK Software, pinned, from PyPI).

    tools/eark-agree.py CACHE [SUBMISSION...]

Without submissions (folders, zips or tars, such as those of tools/month-demo.mjs) the tests leave one of made-up files.

eark-validator is run with the vocabularies it brings along, which it would otherwise fetch anew from the network. It
knows CSIP and SIP 2.1 and judges structure and METS.xml; it does not compute checksums, so those are
computed here, for every file METS.xml names. Exit status: 0 when nothing is found but the differences listed here with
their reason, when nothing at all is found once what they are about is taken out, and when each of several falsified
submissions is refused; 1 otherwise."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.parse
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINNED = ROOT / "tools" / "eark.txt"

LAUNCH = """
import pathlib, urllib.request
from importlib.util import find_spec
place = pathlib.Path(find_spec("eark_validator").submodule_search_locations[0]) / "ipxml/resources/vocabs"
urllib.request.urlopen = lambda address: open(place / address.rsplit("/", 1)[1], "rb")
from eark_validator.cli.app import main
main()
"""

METS = "{http://www.loc.gov/METS/}"
HREF = "{http://www.w3.org/1999/xlink}href"

# What the validator finds in every submission that follows the specification, and why.
UNAVOIDABLE = {
    "SIP2": "2.2 names its profile by version; the validator knows the address of 2.1",
    "CSIP12": "it asks of every CREATOR what CSIP asks of the software; SIP16 makes the submitting agent a CREATOR",
    "CSIP13": "as CSIP12",
    "CSIP16": "as CSIP12",
    "SIP14": "it looks for NOTETYPE without the namespace that CSIP16 and SIP20 give it",
}


def main() -> int:
    tool = installed(pathlib.Path(sys.argv[1]))
    with tempfile.TemporaryDirectory(prefix="counterfoil-eark.") as folder:
        if sys.argv[2:]:
            for given in sys.argv[2:]:
                unpacked(pathlib.Path(given), pathlib.Path(folder))
        else:
            command = ["cargo", "test", "--locked", "--profile", "ci", "--test", "it", "--", "submissions_for_another_program"]
            subprocess.run(command, cwd=ROOT, env={**os.environ, "COUNTERFOIL_SIPS": folder}, check=True,
                           stdout=subprocess.DEVNULL)
        submissions = [path for path in pathlib.Path(folder).iterdir() if path.is_dir()]
        wrong = [fault for path in submissions for fault in judge(tool, path)]
        wrong += [] if submissions else ["no submission was written"]
    for fault in wrong:
        print(fault)
    if not wrong:
        print(f"eark-validator finds nothing wrong in {len(submissions)} submission and refuses each of "
              f"{len(FALSIFIED)} falsified ones; every checksum holds, and one changed byte does not")
    return 1 if wrong else 0


def unpacked(given: pathlib.Path, folder: pathlib.Path) -> None:
    """Puts a copy of a submission into the folder, under the name it has inside."""
    if given.is_dir():
        shutil.copytree(given, folder / given.name)
    else:
        shutil.unpack_archive(given, folder)


def installed(cache: pathlib.Path) -> list[str]:
    """The command that runs eark-validator; it is fetched on first use."""
    place = cache / f"eark-{hashlib.sha256(PINNED.read_bytes()).hexdigest()[:16]}"
    if not (place / "installed").exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", place, "-r", PINNED]
        subprocess.run(command, check=True)
        (place / "installed").touch()
    os.environ["PYTHONPATH"] = str(place)
    return [sys.executable, "-c", LAUNCH]


def found(tool: list[str], path: pathlib.Path) -> set[str]:
    """The rules the validator finds broken; warnings do not count."""
    ended = subprocess.run([*tool, str(path)], capture_output=True, text=True, check=False)
    report = [line for line in ended.stdout.splitlines() if line.startswith("{")]
    if ended.returncode != 0 or not report:
        return {f"no report: {ended.stderr.strip()[-300:]}"}
    report = json.loads(report[0])
    metadata = report["metadata"] or {}
    parts = [report["structure"], metadata.get("schema_results"), metadata.get("schematron_results")]
    if None in parts:
        return {f"structure: {report['structure']['messages']}"}
    return {message["rule_id"] for part in parts for message in part["messages"]
            if message["severity"].lower() == "error"}


def checksums(path: pathlib.Path) -> list[str]:
    """Every file METS.xml names is there with its length and digest, and no other is there."""
    faults, named = [], {"METS.xml"}
    for node in xml.parse(path / "METS.xml").iter():
        if node.tag == METS + "file":
            href = node.find(METS + "FLocat").get(HREF)
        elif node.tag == METS + "mdRef":
            href = node.get(HREF)
        else:
            continue
        name = urllib.parse.unquote(href)
        named.add(name)
        place = path / name
        data = place.read_bytes() if place.is_file() else b""
        if len(data) != int(node.get("SIZE")) or hashlib.sha256(data).hexdigest() != node.get("CHECKSUM"):
            faults.append(f"{name} is not what METS.xml says")
    there = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}
    return faults + [f"{name} is not in METS.xml" for name in sorted(there - named)]


def without_contradictions(mets: str) -> str:
    """Takes out what UNAVOIDABLE is about: the version of the profile, the submitting agent, the rules of a SIP."""
    mets = mets.replace("E-ARK-SIP-v2-2-0.xml", "E-ARK-SIP.xml")
    mets = mets.replace('OAISPACKAGETYPE="SIP"', 'OAISPACKAGETYPE="AIP"')
    return re.sub(r'<mets:agent ROLE="CREATOR" TYPE="(ORGANIZATION|INDIVIDUAL)">.*?</mets:agent>', "", mets, flags=re.DOTALL)


# What is changed in METS.xml, and the rule that has to notice.
FALSIFIED = {
    "no name": (r' OBJID="[^"]*"', "", "CSIP1"),
    "no profile": (r' PROFILE="[^"]*"', "", "CSIP6"),
    "a kind of content nobody knows": (r' TYPE="Mixed"', ' TYPE="Paper"', "CSIP2"),
    "no media type of a file": (r' MIMETYPE="text/csv"', "", "CSIP68"),
    "no structure": (r"<mets:structMap.*</mets:structMap>", "", "XML-1"),
    "no documentation": (r'USE="Documentation"', 'USE="Papers"', "CSIP60"),
    "no software agent": (r'<mets:agent ROLE="CREATOR".*?</mets:agent>', "", "CSIP11"),
}


def judge(tool: list[str], path: pathlib.Path) -> list[str]:
    wrong = [f"{path.name}: {rule}" for rule in sorted(found(tool, path) ^ UNAVOIDABLE.keys())]
    wrong += [f"{path.name}: {fault}" for fault in checksums(path)]
    mets = path / "METS.xml"
    original = mets.read_text(encoding="utf-8")
    plain = without_contradictions(original)
    mets.write_text(plain, encoding="utf-8")
    wrong += [f"{path.name}, contradictions taken out: {rule}" for rule in sorted(found(tool, path))]
    for what, (pattern, instead, rule) in FALSIFIED.items():
        falsified = re.sub(pattern, instead, plain, flags=re.DOTALL)
        mets.write_text(falsified, encoding="utf-8")
        rules = found(tool, path)
        # A validator that breaks off has not accepted it either.
        refused = rule in rules or any(each.startswith("no report") for each in rules)
        if falsified == plain or not refused:
            wrong.append(f"{what}: {rule} was expected, found {sorted(rules)}")
    mets.write_text(original, encoding="utf-8")
    return wrong + tampered(path)


def tampered(path: pathlib.Path) -> list[str]:
    """One byte changed, one file more, one file less: each is noticed."""
    wrong = []
    victim = next(file for file in sorted((path / "representations").rglob("*")) if file.is_file() and file.stat().st_size)
    data = victim.read_bytes()
    victim.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    wrong += [] if len(checksums(path)) == 1 else ["a changed byte was not noticed"]
    victim.write_bytes(data)
    more = path / "documentation" / "more.txt"
    more.write_text("more")
    wrong += [] if len(checksums(path)) == 1 else ["a file more was not noticed"]
    more.unlink()
    shutil.move(victim, path.parent / "aside")
    wrong += [] if len(checksums(path)) == 1 else ["a file less was not noticed"]
    shutil.move(path.parent / "aside", victim)
    return wrong + checksums(path)


if __name__ == "__main__":
    sys.exit(main())
