"""Speed: the same training by slicken and by its peers, timed in turns within one call.

Forward pass, backward pass and Adam, on windows gathered from one record. First all must prove
that they compute the same. See the README beside this file.
"""

import argparse
import datetime
import json
import os
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import growth
from case import BASE, CASES, Case
from implementations import POSER, chosen, slicken
from machine import machine
from parity import ParityError, prove_parity
from published_study import study_hours
from results import Record, as_json, base_ratio, make_records
from tables import all_tables, case_table, number, write_between_markers
from turns import Settings, Yards, take_turns
from worker import Worker, WorkerError
from yardsticks import FmaPeak, MatrixProduct

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "results.json", HERE / "README.md"
BUSY = 0.5
"""A load average above it means that the machine is not quiet."""


def ask_user() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", choices=CASES, default="all")
    parser.add_argument("--repeats", type=int, default=3, help="turns of each implementation")
    parser.add_argument("--seconds", type=float, default=1.5, help="of a turn, at least")
    parser.add_argument("--limit", type=float, default=240, help="seconds for one answer")
    parser.add_argument("--engines", default="native,layered", help="of slicken, the first counts")
    parser.add_argument("--implementations", default="", help="only these, such as torch,jax")
    parser.add_argument("--no-growth", action="store_true", help="leave out slicken's own growth")
    parser.add_argument(
        "--add", action="store_true", help="only cases that results.json lacks; keep what it has"
    )
    parser.add_argument("--dry", action="store_true", help="print; write nothing")
    return parser.parse_args()


def main() -> None:
    asked = ask_user()
    engines = asked.engines.split(",")
    implementations = chosen(engines, [key for key in asked.implementations.split(",") if key])
    print(machine())
    warn_if_busy()
    print("parity with float64:", flush=True)
    try:
        parities = prove_parity(implementations, limit=asked.limit)
    except ParityError as error:
        sys.exit(f"PARITY FAILED: {error}")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(asked.repeats, asked.seconds, asked.limit, Path(folder))
        yardsticks = FmaPeak(settings.folder), MatrixProduct(settings.folder, settings.limit)
        records, base_yards = read_results() if asked.add else ([], Yards([], []))
        known = {record.case for record in records}
        for case in CASES[asked.cases]:
            if case in known:
                continue
            print(f"\n{case}", flush=True)
            suited = [(one, case) for one in implementations if one.suits(case)]
            timed, yards = take_turns(suited, pose([case], settings), yardsticks, settings)
            of_case = make_records(timed, yards, parities)
            print(case_table(of_case), flush=True)
            records += of_case
            base_yards = yards if case == BASE else base_yards
            if not asked.dry:  # so that what was measured outlives what may go wrong later
                publish(tell(records, base_yards, []), records, dry=False)
        grown = [] if asked.no_growth else grow(engines, settings, yardsticks)
        yardsticks[1].stop()
    publish(tell(records, base_yards, grown), records, dry=asked.dry)


def warn_if_busy() -> None:
    """Say so where others compute: threads that wait for one another suffer most from it."""
    busy = os.getloadavg()[0]
    if busy > BUSY:
        print(f"other processes are busy here (load {busy:.1f}); ratios will not mean much")


def publish(told: dict[str, Any], records: list[Record], *, dry: bool) -> None:
    """Write the results and their tables, or print the tables only."""
    words = all_tables(records, told["growth"], told["hours_of_published_study"], head(told))
    if dry:
        print(words)
        return
    RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    write_between_markers(PAGE, words)


def read_results() -> tuple[list[Record], Yards]:
    """What an earlier call on this machine has left: its records, and the base case's yardsticks.

    Raises:
        SystemExit: if there is nothing, or it is from another machine or version.
    """
    if not RESULTS.is_file():
        sys.exit("--add: there is no results.json to add to")
    told = json.loads(RESULTS.read_text(encoding="utf-8"))
    if told["machine"] != machine():
        sys.exit(f"--add: results.json is from another machine: {told['machine']}")
    yards = Yards([told["fma_peak_gflops"]], [told["matmul_gflops"]])
    return [Record(**record) for record in told["cases"]], yards


def pose(cases: list[Case], settings: Settings) -> dict[Case, str]:
    """Have the problems of these cases written."""
    paths = {}
    notes = settings.folder / "poser.notes"
    with Worker(POSER.command, limit=settings.limit, notes=notes) as poser:
        for case in cases:
            name = f"{case.length}-{case.batch}-{case.runs}-{case.units}-{case.gates}.npz"
            paths[case] = str(settings.folder / name)
            poser.ask("pose", path=paths[case], steps=None, **vars(case))
    return paths


def grow(
    engines: list[str], settings: Settings, yardsticks: tuple[FmaPeak, MatrixProduct]
) -> list[growth.Growth]:
    """Time slicken alone, with the first of its engines that there is."""
    engine = next((name for name in engines if is_there(name, settings)), None)
    if engine is None:
        return []
    pairs = growth.growth_pairs(engine)
    problems = pose([case for _, case in pairs], settings)
    return growth.read_growth(take_turns(pairs, problems, yardsticks, settings)[0])


def is_there(engine: str, settings: Settings) -> bool:
    """Whether slicken has this engine here."""
    try:
        notes = settings.folder / "engine.notes"
        with Worker(slicken(engine).command, limit=settings.limit, notes=notes) as worker:
            worker.ask("hello")
    except WorkerError:
        return False
    return True


def tell(records: list[Record], yards: Yards, grown: list[growth.Growth]) -> dict[str, Any]:
    """What results.json holds."""
    return {
        "machine": machine(),
        "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        "fma_peak_gflops": middle(yards.fma),
        "matmul_gflops": middle(yards.product),
        "ratio_to_fastest_peer": base_ratio(records),
        "cases": as_json(records),
        "growth": [vars(one) for one in grown],
        "hours_of_published_study": study_hours(records),
    }


def middle(values: list[float]) -> float | None:
    """The median of what a yardstick showed, if it showed anything."""
    return median(values) if values else None


def head(told: dict[str, Any]) -> str:
    """The machine, the day and its yardsticks, in words."""
    yards = (
        f"FMA peak {number(told['fma_peak_gflops'])} GFLOP/s, "
        f"matrix product {number(told['matmul_gflops'])} GFLOP/s (base case)"
    )
    return f"{told['machine']}; {told['date']}. {yards}."


if __name__ == "__main__":
    main()
