"""The table and the plot of tools/read-bench.py."""

NAMES = {
    "counterfoil": "Counterfoil, sealed and searchable",
    "one_worker": "Counterfoil, the same with one worker",
    "engine_alone": "Counterfoil, recognition alone",
    "rapidocr": "RapidOCR 3.10.0, its defaults",
    "ocrmypdf": "OCRmyPDF 17.13.0, --jobs 2 --deskew --rotate-pages",
    "tesseract": "tesseract, chi_sim+eng, two at a time",
}
COLOURS = {
    "counterfoil": "#0b6e4f",
    "one_worker": "#3d9970",
    "engine_alone": "#7bb69f",
    "rapidocr": "#c8553d",
    "ocrmypdf": "#588b8b",
    "tesseract": "#ffb347",
}
LABELS = {"one_worker": "Counterfoil (one worker)", "engine_alone": "Counterfoil (recognition alone)"}
STAGES = ["decode", "quality", "codes", "look", "ocr"]
BEGIN, END = "<!-- reading: begin -->", "<!-- reading: end -->"


def write(folder, results, stored, runs, machine):
    """Puts table and plot into `folder`: benchmarks.md between its marks, reading.svg."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reading.svg").write_text(plot(results))
    target = folder / "benchmarks.md"
    text = target.read_text() if target.exists() else f"# Benchmarks\n\n{BEGIN}\n{END}\n"
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    body = table(results, stored, runs, machine)
    target.write_text(f"{head}{BEGIN}\n{body}\n{END}{tail}")
    print(body)


def table(results, stored, runs, machine):
    lines = [
        f"{machine}; median of {runs} runs, one reader after the other, in brackets least and most. CPU",
        "seconds count every process; memory is the most all of a reader's processes held together. Error is that of",
        "characters, by the rule of `counterfoil accuracy`.",
        "",
        "![CPU seconds a page and character error](reading.svg)",
        "",
        "| pages | reader | CPU s a page | × ours | pages a minute | peak MiB | error % |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in results:
        ours = result["readers"]["counterfoil"]["cpu"][0]
        for reader in NAMES:
            row = result["readers"][reader]
            cpu, rate = row["cpu"], row["rate"]
            lines.append(
                f"| {result['name']} ({result['pages']}) | {NAMES[reader]} | {cpu[0]:.2f} ({cpu[1]:.2f}–{cpu[2]:.2f}) "
                f"| {cpu[0] / ours:.2f} | {rate[0]:.1f} ({rate[1]:.1f}–{rate[2]:.1f}) | {row['mib']:.0f} "
                f"| {row['error']:.3f} |")
    lines += [
        "",
        "What reading costs beyond recognition: one worker, sealed and searchable, over recognition alone. Two workers each",
        "open the models and prepare every width of line, which a few pages do not pay back.",
        "",
        "| pages | overhead | of the children's time: " + ", ".join(STAGES) + " |",
        "|---|---|---|",
    ]
    for result in results:
        readers = result["readers"]
        over = readers["one_worker"]["cpu"][0] / readers["engine_alone"]["cpu"][0] - 1
        stages = readers["counterfoil"]["stages"]
        shares = ", ".join(f"{100 * stages[stage] / sum(stages.values()):.1f} %" for stage in STAGES)
        lines.append(f"| {result['name']} ({result['pages']}) | {100 * over:.0f} % | {shares} |")
    ours, plain = stored["ours"], stored["plain"]
    lines += [
        "",
        "Hash and store: 200 scans of 2 MB each, both digests, sealed, durable, against `sha256sum`, `cp` and `sync` of the",
        f"same files: **{ours[0]:.0f} MB/s** ({ours[1]:.0f}–{ours[2]:.0f}) against {plain[0]:.0f} MB/s "
        f"({plain[1]:.0f}–{plain[2]:.0f}), {ours[0] / plain[0]:.2f} of the plain copy.",
    ]
    return "\n".join(lines)


def plot(results):
    """Bars, a group for each set of pages: CPU seconds a page to the left, error to the right."""
    readers = list(NAMES)
    row, gap, top = 16, 26, 34
    height = top + sum(len(readers) * row + gap for _ in results) + 20
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="900" height="{height}" fill="white"/>',
        '<text x="260" y="18" font-weight="bold">CPU seconds a page</text>',
        '<text x="640" y="18" font-weight="bold">characters wrong, %</text>',
    ]
    most_cpu = max(result["readers"][r]["cpu"][0] for result in results for r in readers)
    most_error = max(result["readers"][r]["error"] for result in results for r in readers) or 1
    y = top
    for result in results:
        parts.append(f'<text x="8" y="{y + 10}" font-weight="bold">{result["name"]} ({result["pages"]} pages)</text>')
        y += row
        for reader in readers:
            cpu, error = result["readers"][reader]["cpu"][0], result["readers"][reader]["error"]
            label = LABELS.get(reader, NAMES[reader].split(",")[0])
            parts.append(f'<text x="20" y="{y + 11}">{label}</text>')
            parts.extend(bar(260, y, 300 * cpu / most_cpu, COLOURS[reader], f"{cpu:.2f}"))
            parts.extend(bar(640, y, 200 * error / most_error, COLOURS[reader], f"{error:.2f}"))
            y += row
        y += gap - row
    parts.append("</svg>")
    return "\n".join(parts) + "\n"


def bar(x, y, width, colour, value):
    return [
        f'<rect x="{x}" y="{y + 2}" width="{max(width, 0.5):.1f}" height="12" fill="{colour}"/>',
        f'<text x="{x + width + 5:.1f}" y="{y + 12}">{value}</text>',
    ]
