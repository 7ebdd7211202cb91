"""Kills a study with SIGKILL at random moments, again and again, and compares what it ends with.

    python tests/study/kills.py KILLS [--seed N] [--figures]

A study is trained, its evidence gathered (and its figures and its page written), undisturbed. Then
the same study is begun elsewhere, killed after a random time, resumed, killed again, until it
ends: then every file must have the bytes of the undisturbed one. Then the next one is begun, until
there were this many kills. Children are forks of a process that has imported everything, and share
what is compiled: a life should not be all importing and compiling.
"""

import argparse
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

import jax

import builders
from slicken.pipeline import explain, report, train
from slicken.reporting.summary import write_summary
from slicken.study import checkpoint
from slicken.study.lock import study_lock

EXPERIMENTS = builders.make_experiments()
PLAN = builders.make_plan(epochs=12, runs=2, windows=[5, 10])


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def begin(folder: Path, *, figures: bool) -> int:
    """Begin or resume the study in a process of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            checkpoint.DEAREST = 1e6  # epochs of milliseconds are not worth their checkpoints
            evidence = explain(train(EXPERIMENTS, PLAN, folder, checkpoint_every=0.0))
            with study_lock(folder):
                write_summary(evidence)
            if figures:
                report(evidence)
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


def differing(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    """Names of files that are not the same in both."""
    return sorted(name for name in {*found, *expected} if found.get(name) != expected.get(name))


def kill(kills: int, seed: int, place: Path, *, figures: bool) -> int:
    """Do it; the exit code."""
    dice = random.Random(seed)  # noqa: S311 (no secret)
    jax.config.update("jax_compilation_cache_dir", str(place / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    for _ in range(2):  # the second finds everything compiled, and says how long a life may be
        shutil.rmtree(place / "whole", ignore_errors=True)
        began = time.monotonic()
        if os.waitpid(begin(place / "whole", figures=figures), 0)[1]:
            return 1
        takes = time.monotonic() - began
    expected = contents(place / "whole")
    print(f"{len(expected)} files in {takes:.1f} s, undisturbed", flush=True)
    folder, studies, done = place / "killed", 0, 0
    while done < kills:
        if not ended(begin(folder, figures=figures), within=dice.uniform(0, 0.35) * takes):
            done += 1
            continue
        studies += 1
        wrong = differing(contents(folder), expected)
        if wrong:
            print(f"seed {seed}, after {done} kills these differ: {', '.join(wrong)}")
            return 1
        shutil.rmtree(folder)
    if not ended(begin(folder, figures=figures), within=100 * takes):
        return 1
    wrong = differing(contents(folder), expected)
    print(f"{done} kills, {studies + 1} studies that ended; differing: {wrong or 'nothing'}")
    return bool(wrong)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("kills", type=int)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--figures", action="store_true")
    given = asked.parse_args()
    # JAX warns of forks for its threads; it has none here yet.
    warnings.simplefilter("ignore", RuntimeWarning)
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(kill(given.kills, given.seed, Path(folder), figures=given.figures))
