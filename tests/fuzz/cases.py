"""Cases: logs spoiled at random and read, each within bounds of time and memory.

A case is its number and the seed of the run; ``SLICKEN_FUZZ_SEED`` and a number make it again::

    python tests/fuzz/cases.py --seed 0 --first 4711 --count 1
"""

import argparse
import faulthandler
import json
import math
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from contract import check_experiment, check_findings, check_inspection, check_refusal
from mutations import BINARY, TEXT, WORKBOOK
from seeds import Seed, all_seeds

from slicken.errors import SlickenError
from slicken.experiment import (
    ChannelMap,
    Inspection,
    Log,
    describe,
    read_experiment,
    read_log,
)

SECONDS = 10
"""Of this process, for one case; a busy machine is no fault."""
PATIENCE = 120
"""Seconds on the clock, for what waits for ever."""
MEMORY = 4 * 2**30
"""Bytes of addresses for the whole run, libraries included."""


class Case(NamedTuple):
    """A spoiled log, and how it is to be read.

    Args:
        words: what was done, for a failure.
        suffix: of the file name.
        content: the spoiled bytes.
        channels: the map to read it with; guessed where None.
    """

    words: str
    suffix: str
    content: bytes
    channels: ChannelMap | None


class Slow(BaseException):
    """A case ran out of time; no ``except Exception`` may catch it."""


def make_case(seeds: list[Seed], seed: int, number: int) -> Case:
    """The case of a number."""
    random = Random(f"{seed}:{number}")  # noqa: S311 - not for secrets
    log = random.choice(seeds)
    ways = TEXT if log.is_text else WORKBOOK if log.suffix == ".xlsx" else BINARY
    chosen = [random.choice(ways) for _ in range(random.choice((1, 1, 2, 3)))]
    content = log.content
    for spoil in chosen:
        content = spoil(content, random)
    channels = _spoiled_map(ChannelMap.load(log.channels), random) if log.channels else None
    if random.random() < 0.5:
        channels = None
    words = f"{log.name}: {', '.join(spoil.__name__ for spoil in chosen)}"
    return Case(words, log.suffix, content, channels)


def _spoiled_map(channels: ChannelMap, random: Random) -> ChannelMap:
    """The map with settings that are legal, and sometimes mad."""
    mad = {
        "step": (5e-324, 1e-9, 0.1, 0.7, 10.0, 1e9),
        "rate_span": (1e-300, 0.5, 30.0, 1e9),
        "start": (-1e300, 0.0, 50.0, 1e300),
        "end": (-1e300, 60.0, 1e300),
        "max_gap": (0.0, 1e9, 1e300),
        "stage_change": (1e-300, 0.5, 0.999),
        "contact_area_mm2": (1e-9, 100.0, 1e12),
        "stationary": ("trim", "keep"),
    }
    settings = channels.preparation.model_dump()
    for name in random.sample(sorted(mad), random.choice((0, 1, 3))):
        settings[name] = random.choice(mad[name])
    whole = channels.model_dump() | {"preparation": settings}
    return ChannelMap.model_validate(whole)


def fault_of(case: Case, folder: Path) -> str | None:
    """What is wrong with how slicken took a spoiled log; None where nothing is."""
    path = folder / f"spoiled{case.suffix}"
    path.write_bytes(case.content)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            _read(path, case.channels)
    except SlickenError as problem:
        try:
            check_refusal(problem)
        except AssertionError:
            return traceback.format_exc()
    except (Exception, Slow):  # noqa: BLE001 - whatever it is, it is a fault
        return traceback.format_exc()
    return None


def _read(path: Path, channels: ChannelMap | None) -> None:
    log = read_log(path)
    inspection = describe(log, channels)
    if channels is None:
        check_inspection(inspection)
    _follow(log, inspection)
    check_experiment(read_experiment(path, channels))


def _follow(log: Log, inspection: Inspection) -> None:
    """What is proposed is a map that can be read, and a time that rises where time was at fault."""
    proposed = [finding for finding in inspection.findings if finding.correction]
    if not proposed:
        return
    channel_map = inspection.channel_map.to_toml()
    text = "\n".join([channel_map, *(finding.correction for finding in proposed)])
    again = describe(log, ChannelMap.from_toml(text))
    check_findings(again.findings)
    clock = [finding for finding in proposed if finding.kind.startswith("clock_")]
    if inspection.problem and clock:
        for words in ("time runs backward", "time stands still", "time jumps"):
            assert words not in again.problem, again.problem


def run_cases(seed: int, numbers: range) -> Iterator[tuple[int, str, str]]:
    """Number, words and fault of each case that is at fault; says on stdout which one is next."""
    seeds = all_seeds()
    signal.signal(signal.SIGPROF, _too_slow)
    with tempfile.TemporaryDirectory() as folder:
        for number in numbers:
            print(json.dumps({"next": number}), flush=True)
            case = make_case(seeds, seed, number)
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            # What hangs in a library hears no alarm.
            faulthandler.dump_traceback_later(PATIENCE, exit=True)
            try:
                fault = fault_of(case, Path(folder))
            finally:
                signal.setitimer(signal.ITIMER_PROF, 0)
                faulthandler.cancel_dump_traceback_later()
            if fault:
                yield number, case.words, fault


def _too_slow(_: int, __: FrameType | None) -> None:
    raise Slow(f"more than {SECONDS} s")


def main() -> None:
    """Run cases in this process, bounded in memory; each fault is a line of JSON on stdout."""
    words = argparse.ArgumentParser(description=__doc__)
    for name in ("seed", "first", "count"):
        words.add_argument(f"--{name}", type=int, required=True)
    asked = words.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    least = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (math.floor(least), most))
    for number, spoiled, fault in run_cases(
        asked.seed, range(asked.first, asked.first + asked.count)
    ):
        print(json.dumps({"number": number, "words": spoiled, "fault": fault}), flush=True)
    print(json.dumps({"ended": True}), flush=True)


if __name__ == "__main__":
    sys.exit(main())
