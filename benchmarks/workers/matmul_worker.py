"""A large matrix product in float32, by NumPy on all cores: what a library makes of the machine."""

import time
from typing import Any

import numpy as np
from answering import answer

SIDE = 3072


class MatrixProduct:
    """Two square matrices, multiplied again and again."""

    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._left, self._right = rng.standard_normal((2, SIDE, SIDE), dtype=np.float32)
        self._product = np.empty((SIDE, SIDE), np.float32)

    def turn(self, seconds: float) -> dict[str, Any]:
        """Multiply for so long, once at least; 1e9 operations per second."""
        began, times, spent = time.perf_counter(), 0, 0.0
        while spent < seconds:
            np.matmul(self._left, self._right, out=self._product)
            times, spent = times + 1, time.perf_counter() - began
        return {"gflops": times * 2 * SIDE**3 / spent / 1e9}


if __name__ == "__main__":
    answer(MatrixProduct())
