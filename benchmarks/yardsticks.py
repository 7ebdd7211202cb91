"""Yardsticks: what the machine can do at the very moment that the implementations are timed."""

import shutil
import subprocess
import sys
from pathlib import Path

from implementations import WORKERS
from worker import Worker, WorkerError

SOURCE = Path(__file__).parent / "fma_peak.cpp"
COMPILERS = ("c++", "g++", "clang++")


class FmaPeak:
    """Multiply-adds out of registers on all cores; None where no compiler is.

    Args:
        place: a folder for the program.
    """

    def __init__(self, place: Path) -> None:
        self._program = _compile(place / "fma_peak")

    def turn(self, seconds: float) -> float | None:
        """1e9 operations per second."""
        if self._program is None:
            return None
        done = subprocess.run(  # noqa: S603 (compiled above)
            [self._program, str(seconds)], capture_output=True, text=True, check=True
        )
        return float(done.stdout)


class MatrixProduct:
    """A large matrix product on all cores; None where its worker fails."""

    def __init__(self, place: Path, limit: float) -> None:
        command = [sys.executable, str(WORKERS / "matmul_worker.py")]
        self._worker = Worker(command, limit=limit, notes=place / "matmul.notes")

    def turn(self, seconds: float) -> float | None:
        """1e9 operations per second."""
        try:
            return float(self._worker.ask("turn", seconds=seconds)["gflops"])
        except WorkerError:
            return None

    def stop(self) -> None:
        """End its process."""
        self._worker.stop()


def _compile(program: Path) -> str | None:
    for name in COMPILERS:
        compiler = shutil.which(name)
        if compiler is None:
            continue
        for flags in (["-march=native"], ["-mcpu=native"], []):
            command = [compiler, "-O2", "-std=c++17", "-pthread", *flags, str(SOURCE)]
            done = subprocess.run(  # noqa: S603 (a compiler and our own source)
                [*command, "-o", str(program)], capture_output=True, check=False
            )
            if done.returncode == 0:
                return str(program)
    return None
