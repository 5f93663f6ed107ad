#!/usr/bin/env python3
"""Reads the same pages with Counterfoil, RapidOCR, OCRmyPDF and tesseract, one after the other, and writes a table and a
plot: CPU seconds a page, pages a minute, peak memory, character error.

    tools/read-bench.py BINARY PYTHON OUTPUT-FOLDER FOLDER...

PYTHON is an interpreter with tools/read-bench.txt installed. Each FOLDER holds images with NAME.gt.txt beside them.
COUNTERFOIL_BENCH_RUNS says how often each is run (3). Nothing else should run on the machine.
"""

import ctypes
import json
import os
import pathlib
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import read_bench_page as page

SUBREAPER = 36
IMAGES = {".jpg", ".jpeg", ".png", ".tif", ".webp"}
RUNS = int(os.environ.get("COUNTERFOIL_BENCH_RUNS", "3"))

RAPIDOCR = """
import pathlib, sys
from rapidocr import RapidOCR
engine = RapidOCR()
out = pathlib.Path(sys.argv[1])
for name in sys.argv[2:]:
    found = engine(name)
    lines = found.txts or ()
    (out / (pathlib.Path(name).stem + ".txt")).write_text("\\n".join(lines))
"""

OCRMYPDF = """
import pathlib, sys, img2pdf
layout = img2pdf.get_fixed_dpi_layout_fun((200, 200))
pathlib.Path(sys.argv[1]).write_bytes(
    img2pdf.convert(sys.argv[2:], layout_fun=layout, rotation=img2pdf.Rotation.ifvalid))
"""


def descendants():
    """Process ids of everything started from here."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except (OSError, IndexError, ValueError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, open_ = [], [os.getpid()]
    while open_:
        for child in children.get(open_.pop(), []):
            found.append(child)
            open_.append(child)
    return found


def proportional(pid):
    """Memory of a process in MiB, shared pages by their share."""
    try:
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError):
        pass
    return 0.0


class Peak(threading.Thread):
    """The most memory that all descendants held together."""

    def __init__(self):
        super().__init__(daemon=True)
        self.most = 0.0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.2):
            self.most = max(self.most, sum(map(proportional, descendants())))


def children_cpu():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def measured(commands, environment=None):
    """Runs shares of commands at the same time, each share one after the other; CPU and wall seconds, MiB."""
    peak = Peak()
    before, began = children_cpu(), time.monotonic()
    peak.start()
    failures = []

    def share(mine):
        for command, target in mine:
            output = open(target, "wb") if target else subprocess.DEVNULL
            done = subprocess.run(
                command, stdout=output, stderr=subprocess.PIPE,
                env={**os.environ, **(environment or {})}, check=False)
            if done.returncode:
                failures.append(done.stderr.decode(errors="replace")[-800:])

    threads = [threading.Thread(target=share, args=(mine,)) for mine in commands if mine]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wall = time.monotonic() - began
    peak.over.set()
    peak.join()
    # Children of children that were left behind are ours to count.
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        pass
    if failures:
        sys.exit(f"read-bench: a command failed: {failures[0]}")
    return {"cpu": children_cpu() - before, "wall": wall, "mib": peak.most}


class Bench:
    """One run of each reader over one folder's pages."""

    def __init__(self, binary, python, pages, place):
        self.binary, self.python, self.pages = binary, python, pages
        self.place = pathlib.Path(place)

    def folder(self, name):
        made = self.place / name
        shutil.rmtree(made, ignore_errors=True)
        made.mkdir(parents=True)
        return made

    def counterfoil(self, more=""):
        place = self.folder("counterfoil")
        config = place / "counterfoil.toml"
        config.write_text('[keys]\nfolder = "keys"\n' + more)
        command = [self.binary, "--json", "--config", config, "--data", place / "data", "ingest", "--times"]
        target = self.place / "ingest.jsonl"
        cost = measured([[(command + self.pages, target)]])
        lines = [json.loads(line) for line in target.read_text().splitlines()]
        cost["stages"] = {line["stage"]: line["seconds"] for line in lines if "stage" in line}
        return cost, None

    def one_worker(self):
        return self.counterfoil("[work]\nworkers = 1\n")

    def engine_alone(self):
        pages = self.folder("pages")
        for name in self.pages:
            os.symlink(name, pages / pathlib.Path(name).name)
            truth = pathlib.Path(name).with_suffix(".gt.txt")
            os.symlink(truth, pages / truth.name)
        target = self.place / "engine.jsonl"
        cost = measured([[([self.binary, "--json", "accuracy", pages], target)]])
        lines = [json.loads(line) for line in target.read_text().splitlines()]
        return cost, lines[-1]["percent"]

    def rapidocr(self):
        texts = self.folder("rapidocr")
        cost = measured([[([self.python, "-c", RAPIDOCR, texts, *self.pages], None)]])
        return cost, self.scored(texts)

    def ocrmypdf(self):
        texts = self.folder("ocrmypdf")
        joined = self.place / "joined.pdf"
        subprocess.run([self.python, "-c", OCRMYPDF, joined, *self.pages], check=True)
        sidecar = self.place / "sidecar.txt"
        command = [
            self.python, "-m", "ocrmypdf", "--jobs", "2", "-l", "chi_sim+eng", "--deskew", "--rotate-pages",
            "--sidecar", sidecar, joined, self.place / "read.pdf"]
        cost = measured([[(command, None)]])
        read = sidecar.read_text().split("\f")
        for name, text in zip(self.pages, read):
            (texts / (pathlib.Path(name).stem + ".txt")).write_text(text)
        return cost, self.scored(texts)

    def tesseract(self):
        texts = self.folder("tesseract")
        shares = [[], []]
        for place, name in enumerate(self.pages):
            target = texts / (pathlib.Path(name).stem + ".txt")
            shares[place % 2].append((["tesseract", name, "-", "-l", "chi_sim+eng"], target))
        return measured(shares, {"OMP_THREAD_LIMIT": "1"}), self.scored(texts)

    def scored(self, texts):
        """Character error of other readers' texts, by the same rule as ours."""
        pages = self.place / "pages"
        done = subprocess.run(
            [self.binary, "--json", "accuracy", "--readings", texts, pages],
            check=True, capture_output=True)
        return json.loads(done.stdout.splitlines()[-1])["percent"]


def store(binary, place):
    """Taking 400 MB of scans in durably, read later, beside sha256sum, cp and sync of the same files: MB a second."""
    place = pathlib.Path(place)
    source = place / "source"
    source.mkdir()
    page = pathlib.Path(__file__).parent.parent / "fixtures/scans/official-letter.jpg"
    for number in range(200):
        (source / f"{number:04}.jpg").write_bytes(page.read_bytes() + os.urandom(2_000_000))
    files = sorted(map(str, source.iterdir()))
    megabytes = sum(os.path.getsize(name) for name in files) / 1e6
    config = place / "counterfoil.toml"
    config.write_text('[keys]\nfolder = "keys"\n')
    rates = {"ours": [], "plain": []}
    for number in range(RUNS):
        for name in files:
            pathlib.Path(name).read_bytes()
        data, copy = place / f"data{number}", place / f"copy{number}"
        copy.mkdir()
        os.sync()
        plain = f"sha256sum {source}/* > {copy}/SHA256SUMS && cp {source}/*.jpg {copy}/ && sync -f {copy}"
        rates["plain"].append(megabytes / measured([[(["sh", "-c", plain], None)]])["wall"])
        os.sync()
        ours = [binary, "--json", "--config", config, "--data", data, "ingest", "--no-wait", *files]
        rates["ours"].append(megabytes / measured([[(ours, None)]])["wall"])
        shutil.rmtree(data)
        shutil.rmtree(copy)
    return {name: middle(values) for name, values in rates.items()}


READERS = ["engine_alone", "one_worker", "counterfoil", "rapidocr", "ocrmypdf", "tesseract"]


def images(folder):
    found = []
    for entry in sorted(pathlib.Path(folder).iterdir()):
        if entry.suffix.lower() in IMAGES and entry.with_suffix(".gt.txt").exists():
            entry.read_bytes()
            found.append(str(entry.resolve()))
    return found


def middle(values):
    return statistics.median(values), min(values), max(values)


def main():
    binary, python, output, *folders = sys.argv[1:]
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    results = []
    for folder in folders:
        pages = images(folder)
        if not pages:
            sys.exit(f"read-bench: {folder} has no image with a NAME.gt.txt beside it")
        with tempfile.TemporaryDirectory() as place:
            bench = Bench(os.path.abspath(binary), python, pages, place)
            rows = {reader: [] for reader in READERS}
            for _ in range(RUNS):
                for reader in READERS:
                    cost, error = getattr(bench, reader)()
                    rows[reader].append({**cost, "error": error})
                    print(f"{folder} {reader}: {cost['cpu'] / len(pages):.2f} CPU s/page, error {error}",
                          file=sys.stderr, flush=True)
        summary = {}
        for reader, runs in rows.items():
            summary[reader] = {
                "cpu": middle([run["cpu"] / len(pages) for run in runs]),
                "rate": middle([60 * len(pages) / run["wall"] for run in runs]),
                "mib": max(run["mib"] for run in runs),
                "error": runs[-1]["error"],
            }
        for reader in ["counterfoil", "one_worker"]:
            summary[reader]["error"] = summary["engine_alone"]["error"]
        summary["counterfoil"]["stages"] = rows["counterfoil"][-1]["stages"]
        results.append({"name": pathlib.Path(folder).resolve().name, "pages": len(pages), "readers": summary})
    with tempfile.TemporaryDirectory() as place:
        stored = store(os.path.abspath(binary), place)
    page.write(pathlib.Path(output), results, stored, RUNS, f"{processor()}, {os.cpu_count()} cores")


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            features = " ".join(f for f in ("avx512_vnni", "avx512_bf16", "amx_bf16") if f in flags())
            return f"{line.split(':', 1)[1].strip()} ({features or 'no wide extensions'})"
    return platform.machine()


def flags():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("flags"):
            return line.split()
    return []


if __name__ == "__main__":
    main()
