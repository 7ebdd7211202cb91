"""Kills a study with SIGKILL at random moments, again and again, and compares what it ends with.

    python tests/study/kills.py 500 [SEED]

A study is trained, its evidence gathered, its figures and its page written, undisturbed. Then the
same study is begun elsewhere, killed after a random time, gone on with, killed again, until it
ends: then every file must have the bytes of the undisturbed one. Then the next one is begun, until
there were so many kills. Children are forks of a process that has imported everything, so that a
life is not all importing.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import builders
from slicken.api import report_study, run_study
from slicken.study import checkpoint

EXPERIMENTS = builders.make_experiments()
PLAN = builders.make_plan(epochs=12, runs=2, windows=[5, 10])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def begin(folder: Path) -> int:
    """Begin the study, or go on with it, in a process of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            checkpoint.DEAREST = 1e6  # epochs of milliseconds are not worth their checkpoints
            report_study(run_study(EXPERIMENTS, PLAN, folder, every=0.0))
            status = 0
        finally:
            sys.stderr.flush()
            os._exit(status)
    return child


def ended(child: int, within: float) -> bool:
    """Whether a process ends within a time; if not, it is killed."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main(kills: int, seed: int) -> int:
    warnings.simplefilter("ignore", RuntimeWarning)  # of JAX, which has no thread yet that a fork loses
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as place:
        whole = Path(place) / "whole"
        began = time.monotonic()
        _, status = os.waitpid(begin(whole), 0)
        if status:
            return 1
        takes = time.monotonic() - began
        expected = contents(whole)
        print(f"{len(expected)} files in {takes:.1f} s, undisturbed", flush=True)
        folder, studies, done, lives = Path(place) / "killed", 0, 0, 0
        while done < kills:
            lives += 1
            if not ended(begin(folder), within=dice.uniform(0, 0.7) * takes):
                done += 1
                continue
            studies += 1
            found = contents(folder)
            wrong = sorted(n for n in {*found, *expected} if found.get(n) != expected.get(n))
            if wrong:
                print(f"seed {seed}, after {done} kills these differ: {', '.join(wrong)}")
                shutil.copytree(folder, "killed-study", dirs_exist_ok=True)
                return 1
            shutil.rmtree(folder)
        print(f"{done} kills, {lives} lives, {studies} studies ended with the same bytes", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
