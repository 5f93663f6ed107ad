#!/usr/bin/env python3
"""Takes a folder of scans in and says what became of each: the count of every status, the time, the peak memory of any
process, and whether every sealed record's searchable PDF is sound (qpdf, poppler) and gives the reading back.

    tools/corpus.py PROGRAM FOLDER [FOLDER ...]

Exit status: 0 when every file has a status, memory stays under 1 GiB and every PDF is sound; 1 otherwise."""

import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

LIMIT_MIB = 1024
DEADLINE_S = 3600


def main() -> int:
    program, folders = sys.argv[1], sys.argv[2:]
    if not folders:
        sys.exit(__doc__)
    return 1 if [folder for folder in folders if not sound(program, pathlib.Path(folder))] else 0


def sound(program: str, folder: pathlib.Path) -> bool:
    files = sorted(str(path) for path in folder.iterdir() if path.is_file())
    with tempfile.TemporaryDirectory(prefix="counterfoil-corpus.") as scratch:
        results, seconds, peak = ingest(program, scratch, files)
        statuses = collections.Counter(result["status"] for result in results)
        print(f"{folder}: {len(files)} files in {seconds:.0f} s, peak {peak:.0f} MiB of any process: "
              + ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())), flush=True)
        missing = len(files) - len(results)
        if missing:
            print(f"  {missing} files without a status")
        records = sorted({result["record"] for result in results if result["status"] == "sealed"})
        broken = [record for record in records if not pdf_sound(program, scratch, record)]
        print(f"  searchable PDFs sound and giving the reading back: {len(records) - len(broken)} of {len(records)}",
              flush=True)
    return not missing and not broken and peak < LIMIT_MIB


def ingest(program: str, data: str, files: list[str]) -> tuple[list[dict], float, float]:
    """The result of each file, the seconds all took, and the most memory any one process held, in MiB."""
    started = time.monotonic()
    process = subprocess.Popen([program, "--data", data, "--json", "ingest", *files], stdout=subprocess.PIPE, text=True)
    peak, done = [0.0], threading.Event()

    def watch() -> None:
        while not done.wait(0.1):
            listed = subprocess.run(["ps", "-eo", "rss=,comm="], capture_output=True, text=True, check=False).stdout
            sizes = [int(line.split()[0]) for line in listed.splitlines() if "counterfoil" in line]
            peak[0] = max([peak[0], *(size / 1024 for size in sizes)])

    watcher = threading.Thread(target=watch)
    watcher.start()
    out, _ = process.communicate(timeout=DEADLINE_S)
    done.set()
    watcher.join()
    lines = [json.loads(line) for line in out.splitlines()]
    return [line for line in lines if "status" in line], time.monotonic() - started, peak[0]


def pdf_sound(program: str, data: str, record: str) -> bool:
    path = pathlib.Path(data) / "export.pdf"
    run = lambda *command: subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: E731
    for command in ([program, "--data", data, "export", record, "--format", "pdf", "-o", str(path)],
                    ["qpdf", "--check", str(path)], ["pdfinfo", str(path)]):
        ended = run(*command)
        if ended.returncode != 0 or (command[0] != program and ended.stderr.strip()):
            print(f"  {record}: {command[0]}: {ended.stderr.strip()[:300]}")
            return False
    extracted = solid(run("pdftotext", "-raw", str(path), "-").stdout)
    reading = solid(run(program, "--data", data, "text", record).stdout)
    path.unlink()
    if extracted != reading:
        lost, more = collections.Counter(reading), collections.Counter(extracted)
        print(f"  {record}: pdftotext gives another text: lost {dict(lost - more)}, added {dict(more - lost)}")
    return extracted == reading


def solid(text: str) -> str:
    """The text without white space: how lines and pages are broken is the viewer's choice."""
    return "".join(text.split())


if __name__ == "__main__":
    sys.exit(main())
