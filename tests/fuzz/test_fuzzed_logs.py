"""Fuzzed logs: whatever becomes of a log, a valid experiment or an error in words.

``SLICKEN_FUZZ_CASES`` says how many are spoiled and ``SLICKEN_FUZZ_SEED`` which::

    SLICKEN_FUZZ_CASES=10000 pytest tests/fuzz/test_fuzzed_logs.py
"""

import json
import os
import sys
from pathlib import Path
from subprocess import run

CASES = int(os.environ.get("SLICKEN_FUZZ_CASES", "200"))
SEED = int(os.environ.get("SLICKEN_FUZZ_SEED", "0"))
_SHOWN = 5


def test_no_damage_to_a_log_does_more_than_refuse_it() -> None:
    command = [sys.executable, str(Path(__file__).with_name("cases.py"))]
    ended = run(  # noqa: S603 - our own command
        [*command, "--seed", str(SEED), "--first", "0", "--count", str(CASES)],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [json.loads(line) for line in ended.stdout.splitlines()]
    again = f"SLICKEN_DATA={os.environ.get('SLICKEN_DATA', '')} {' '.join(command)} --seed {SEED}"
    assert said, ended.stderr[-3000:]
    assert said[-1] == {"ended": True}, (
        f"the process ended in a case; {again} --first {said[-1].get('next')} --count 1\n"
        f"{ended.stderr[-3000:]}"
    )
    faults = [each for each in said if "fault" in each]
    first = "\n".join(
        f"{again} --first {each['number']} --count 1\n{each['words']}\n{each['fault']}"
        for each in faults[:_SHOWN]
    )
    assert not faults, f"{len(faults)} of {CASES} cases are at fault:\n{first}"
