"""Tables: the results as Markdown, written into the README of the benchmarks."""

from pathlib import Path
from typing import Any

from case import BASE
from results import Record

BEGIN, END = "<!-- results -->", "<!-- end of results -->"
NONE = "–"

GROWTH = "The base case with one factor changed; threads are the cores that slicken may use."
STUDY = (
    "Training time from the rates above, interpolated in length: 10 lengths from 50 to 500 "
    "samples, 20 runs, 100 epochs, a record of 6,000 samples of which 60 % are for training, "
    "every one of them a target that has 500 samples before it (3,101 windows of each length). "
    "Validation is not counted."
)


def write_between_markers(page: Path, words: str, begin: str = BEGIN, end: str = END) -> None:
    """Replace what stands between the markers of a page.

    Raises:
        ValueError: if the page has no markers.
    """
    text = page.read_text(encoding="utf-8")
    if begin not in text or end not in text:
        raise ValueError(f"{page.name} needs the lines {begin} and {end}")
    before, rest = text.split(begin, 1)
    after = rest.split(end, 1)[1]
    page.write_text(f"{before}{begin}\n{words.strip()}\n{end}{after}", encoding="utf-8")


def all_tables(
    records: list[Record], growth: list[dict[str, Any]], hours: dict[str, float], head: str
) -> str:
    """Everything between the markers."""
    cases = list(dict.fromkeys(record.case for record in records))
    parts = [head, "### All cases", summary_table(records)]
    for case in cases:
        name = f"### {'Base case: ' if case == BASE else ''}{case}"
        parts += [name, case_table([record for record in records if record.case == case])]
    if growth:
        parts += ["### How the cost of slicken grows", GROWTH, growth_table(growth)]
    if hours:
        parts += ["### The published study at full size", STUDY, hours_table(hours)]
    return "\n\n".join(parts)


def summary_table(records: list[Record]) -> str:
    """One line a case: slicken, its fastest peer and the ratio."""
    rows = []
    for case in dict.fromkeys(record.case for record in records):
        here = [record for record in records if record.case == case]
        ours = first_slicken(here)
        peers = [record for record in here if record.peer and record.windows_per_s is not None]
        fastest = max(peers, key=lambda record: record.windows_per_s or 0, default=None)
        rows.append(
            [
                str(case),
                number(ours.windows_per_s if ours else None),
                number(fastest.windows_per_s if fastest else None),
                fastest.implementation if fastest else NONE,
                times(ours.ratio_to_fastest_peer if ours else None),
            ]
        )
    return table(["case", "slicken, windows/s", "fastest peer", "which", "ratio"], rows)


def case_table(records: list[Record]) -> str:
    """One line an implementation, the fastest first; slicken's ratio to each."""
    ours = first_slicken(records)
    rate = ours.windows_per_s if ours else None
    ran = [record for record in records if record.windows_per_s is not None]
    rows = [
        [
            record.implementation,
            number(record.windows_per_s),
            f"{number(record.windows_per_s_min)} to {number(record.windows_per_s_max)}",
            times(rate / record.windows_per_s if rate and record.windows_per_s else None),
            number(record.gflops),
            percent(record.share_of_fma_peak),
            percent(record.nominal_share_of_fma_peak),
            percent(record.share_of_matmul),
            mebibytes(record.peak_memory_bytes),
            exponent(record.loss_parity),
        ]
        for record in sorted(ran, key=lambda record: -(record.windows_per_s or 0))
    ]
    heads = [
        "implementation",
        "windows/s",
        "slowest to fastest turn",
        "slicken is so many times as fast",
        "GFLOP/s",
        "of FMA peak, done",
        "of FMA peak, nominal",
        "of matrix product",
        "peak MiB",
        "loss differs by",
    ]
    missing = [
        f"- {record.implementation}: {record.reason}"
        for record in records
        if record.windows_per_s is None
    ]
    return "\n".join([table(heads, rows), *(["", "Not run:", "", *missing] if missing else [])])


def growth_table(growth: list[dict[str, Any]]) -> str:
    """One line a factor and value: windows/s and time of a window over that of the first line."""
    rows = []
    first: dict[str, float] = {}
    for line in growth:
        rate = line["windows_per_s"]
        cost = None
        if rate is not None:
            cost = first.setdefault(line["factor"], rate) / rate
        rows.append([line["factor"], str(line["value"]), number(rate), times(cost)])
    return table(["factor", "value", "windows/s", "time of a window, first value 1"], rows)


def hours_table(hours: dict[str, float]) -> str:
    """One line an implementation."""
    return table(["implementation", "hours"], [[name, f"{h:.1f}"] for name, h in hours.items()])


def first_slicken(records: list[Record]) -> Record | None:
    """The first engine of slicken that ran, of the records of one case."""
    ran = (record for record in records if not record.peer and record.windows_per_s is not None)
    return next(ran, None)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table; the first column is words, the others numbers."""
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float | None) -> str:
    """Three figures, or all before the point."""
    if value is None:
        return NONE
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def times(value: float | None) -> str:
    """A ratio with two figures after the point."""
    return NONE if value is None else f"{value:.2f}"


def percent(value: float | None) -> str:
    """A share."""
    return NONE if value is None else f"{100 * value:.1f} %"


def mebibytes(value: int | None) -> str:
    """Memory."""
    return NONE if value is None else f"{value / 2**20:.0f}"


def exponent(value: float | None) -> str:
    """A small number."""
    return NONE if value is None else f"{value:.0e}"
