"""slicken and its rivals on the same planted truths, side by side, whoever wins.

.venv/bin/python benchmarks/rivals/compare.py truth/tuning build/rivals
.venv/bin/python benchmarks/rivals/compare.py truth/tuning   # with the answers that were kept

It writes ``results.json`` and the tables of the README beside this file.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

from slicken.channels import DRIVERS
from slicken.physics.truths import TRUTHS
from slicken.truth.targets import (
    WITHOUT_SECONDS,
    Record,
    found_range,
    has_memory,
    innocents,
    is_within,
    supported,
    width,
)

HERE = Path(__file__).parent
METHODS = {
    "slicken": "slicken",
    "pcmci-parcorr": "PCMCI+, ParCorr",
    "pcmci-robust-parcorr": "PCMCI+, RobustParCorr",
    "dlnm": "DLNM",
    "dlnm-robust": "DLNM, robust errors",
    "keras-gradients": "Keras, gradients",
}
"""Titles of all methods, in the order of the tables."""
COUNTED = ("false_drivers", "carriers_called", "cause_called", "cause_first", "memory_within")
"""Counts of the summary that stand before the width of a memory."""
BEGIN, END = "<!-- results -->", "<!-- end of results -->"


def main(studies: Path, answers: Path | None = None) -> None:
    """Compare what lies in the folders, and write it down.

    Args:
        studies: Folder of records of ``slicken truth``.
        answers: Folder of the rivals' answers; None for those in ``results.json``.
    """
    results, page = HERE / "results.json", HERE / "README.md"
    records = list(of_rivals(answers)) if answers else kept_of_rivals(results)
    keys = {_key(record) for record in records}
    records += [one for one in of_slicken(studies) if _key(one) in keys]
    content = {"slicken": version("slicken"), "records": in_order(records)}
    results.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    page.write_text(with_tables(page.read_text(encoding="utf-8"), records), encoding="utf-8")
    print(to_tables(records))


def kept_of_rivals(results: Path) -> list[Record]:
    """Records of the rivals in a file of results."""
    kept = json.loads(results.read_text(encoding="utf-8"))["records"]
    return [record for record in kept if record["method"] != "slicken"]


def of_rivals(folder: Path) -> Iterable[Record]:
    """Every answer to every case of a folder of ``export.py``, as a record."""
    for planted in sorted(folder.glob("*/case.json")):
        case = json.loads(planted.read_text(encoding="utf-8"))
        for answer in sorted(planted.parent.glob("*.answer.json")):
            yield as_record(case, json.loads(answer.read_text(encoding="utf-8")))


def of_slicken(folder: Path) -> Iterable[Record]:
    """Every record of a folder of ``slicken truth``, with what the tables need."""
    for file in sorted(folder.glob("*.json")):
        kept = json.loads(file.read_text(encoding="utf-8"))
        told = kept["has_skill"]
        yield {
            "method": "slicken",
            **{key: kept[key] for key in ("scenario", "seed", "unit", "causes", "carriers")},
            # Records say 0 s where there is none to choose.
            "memory": kept["memory"] or None,
            "verdicts": kept["verdicts"],
            "first": kept["first"]["shapley_loss"],
            "required_s": kept["required_s"] if told else None,
            "required_m": kept.get("required_m") if told else None,
            "seconds": round(sum(kept["seconds"].values()), 1),
        }


def as_record(case: dict[str, Any], answer: dict[str, Any]) -> Record:
    """What a rival answered, in the words of a record of slicken."""
    called = set(answer["called"])
    return {
        "method": answer["rival"],
        **{key: case[key] for key in ("scenario", "seed", "unit", "causes", "carriers", "memory")},
        "verdicts": {
            one.name: "supported" if one.name in called else "not_called" for one in DRIVERS
        },
        "first": answer["ranking"][0] if answer["ranking"] else None,
        "required_s": answer["memory_s"],
        "required_m": None,
        "seconds": answer["seconds"],
        "notes": answer["notes"],
    }


def in_order(records: Iterable[Record]) -> list[Record]:
    """Records by truth, memory and seed, and then by method."""
    truths, methods = list(TRUTHS), list(METHODS)
    return sorted(
        records,
        key=lambda r: (
            truths.index(r["scenario"]),
            r["memory"] or 0.0,
            r["seed"],
            methods.index(r["method"]),
        ),
    )


def called(record: Record) -> list[str]:
    """Drivers that are called causes."""
    return [name for name, verdict in record["verdicts"].items() if verdict == "supported"]


def may_be_false(record: Record) -> list[str]:
    """Drivers that are wrong to call: the innocent; where no driver is a cause, every one."""
    return innocents(record) if record["causes"] else [channel.name for channel in DRIVERS]


def has_none(record: Record) -> bool:
    """Whether no seconds of history are planted, nor needed to guess a hidden cause."""
    return record["scenario"] in (*WITHOUT_SECONDS, "nothing")


def summary(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Counts of each method: pairs of what came out so, and of what counts."""
    rows = []
    for method in METHODS:
        own = [r for r in records if r["method"] == method]
        if not own:
            continue
        with_memory = [r for r in own if has_memory(r)]
        wrong = [one for r in own for one in supported(r, may_be_false(r))]
        carried = [one for r in own if r["causes"] for one in supported(r, r["carriers"])]
        firsts = [r["first"] in r["causes"] for r in own if r["causes"]]
        found = [bool({*called(r)} & {*r["causes"]}) for r in own if r["causes"]]
        none = [bool(r["required_s"]) for r in own if has_none(r)]
        widths = [factor for r in with_memory if (factor := width(r)) is not None]
        rows.append(
            {
                "method": method,
                "cases": len(own),
                "false_drivers": (sum(wrong), len(wrong)),
                "carriers_called": (sum(carried), len(carried)),
                "cause_called": (sum(found), len(found)),
                "cause_first": (sum(firsts), len(firsts)),
                "memory_within": (sum(map(is_within, with_memory)), len(with_memory)),
                "memory_of_none": (sum(none), len(none)),
                "median_width": median(widths) if widths else None,
                "median_seconds": median(r["seconds"] for r in own),
            }
        )
    return rows


def to_tables(records: Sequence[Record]) -> str:
    """Both tables in Markdown."""
    return f"{_summary_table(records)}\n\n### Every case\n\n{_case_table(records)}"


def with_tables(page: str, records: Sequence[Record]) -> str:
    """The page with other tables between its markers.

    Raises:
        ValueError: if it has no markers.
    """
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{to_tables(records)}\n{END}{after}"


def _summary_table(records: Sequence[Record]) -> str:
    heads = (
        "method", "cases", "false drivers", "carriers called", "cause called", "cause first",
        "memory inside", "width", "memory where none", "seconds a case",
    )  # fmt: skip
    rows = [
        [
            METHODS[one["method"]],
            str(one["cases"]),
            *(_of(one[key]) for key in COUNTED),
            "-" if one["median_width"] is None else f"{one['median_width']:.1f}",
            _of(one["memory_of_none"]),
            f"{one['median_seconds']:.0f}",
        ]
        for one in summary(records)
    ]
    return _table(heads, rows)


def _case_table(records: Sequence[Record]) -> str:
    heads = ("planted truth", "method", "called causes", "first", "memory", "inside", "seconds")
    rows, last = [], None
    for record in in_order(records):
        rows.append(_row(record, is_new=_key(record) != last))
        last = _key(record)
    return _table(heads, rows)


def _row(record: Record, *, is_new: bool) -> list[str]:
    memory = _length(record["memory"], record["unit"]) if record["memory"] else ""
    wrong = may_be_false(record)
    named = [f"**{_plain(n)}**" if n in wrong else _plain(n) for n in called(record)]
    return [
        f"`{record['scenario']}` {memory}, seed {record['seed']}".replace(" ,", ",")
        if is_new
        else "",
        METHODS[record["method"]],
        ", ".join(named) or "none",
        _plain(record["first"] or "-"),
        _told(record),
        ("yes" if is_within(record) else "no") if has_memory(record) else "-",
        f"{record['seconds']:.0f}",
    ]


def _told(record: Record) -> str:
    """The memory that was found: in slip where slip is planted and told, else in seconds."""
    in_slip = found_range(record) if record["unit"] == "m" else None
    ends = record["required_m"] if in_slip else record["required_s"]
    if not ends:
        return "none"
    unit = "m" if in_slip else "s"
    low, high = ends
    if high is None:
        return f"more than {_length(low, unit)}"
    return f"{_length(low, unit).split()[0]} to {_length(high, unit)}"


def _length(value: float, unit: str) -> str:
    return f"{1e6 * value:.3g} µm" if unit == "m" and value < 1e-3 else f"{value:.3g} {unit}"


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _of(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]}" if pair[1] else "-"


def _key(record: Record) -> tuple[str, float | None, int]:
    return record["scenario"], record["memory"], record["seed"]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
