"""PyTorch: nn.Conv1d and nn.GRU, one network after another."""

import argparse
from collections.abc import Sequence

import numpy as np
import torch
from answering import Crowd, Problem, Session, answer, keep_to
from numpy.typing import NDArray


class Model(torch.nn.Module):
    """The paper's network, its layers in the order and shapes of PyTorch."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        super().__init__()
        kernels = [weights[f"kernel{layer}"] for layer in range(_count(weights, "kernel"))]
        self.convolutions = torch.nn.Sequential(
            *(torch.nn.Conv1d(k.shape[1], k.shape[2], k.shape[0]) for k in kernels)
        )
        layers = _count(weights, "gru_kernel")
        units = weights["dense"].size
        self.gru = torch.nn.GRU(weights["gru_kernel0"].shape[0], units, layers)
        self.dense = torch.nn.Linear(units, 1)
        self._copy(weights)

    def forward(self, windows: torch.Tensor) -> torch.Tensor:
        """Friction of windows of shape (B, L, C)."""
        sequence = self.convolutions(windows.transpose(1, 2))
        states, _ = self.gru(sequence.permute(2, 0, 1))  # time first is what nn.GRU likes
        return self.dense(states[-1])[:, 0]

    def _copy(self, weights: dict[str, NDArray[np.float32]]) -> None:
        def put(parameter: torch.Tensor, values: NDArray[np.float32]) -> None:
            parameter.copy_(torch.from_numpy(np.array(values, order="C")))

        with torch.no_grad():
            for layer, convolution in enumerate(self.convolutions):
                put(convolution.weight, weights[f"kernel{layer}"].transpose(2, 1, 0))
                put(convolution.bias, weights[f"bias{layer}"])
            for layer in range(self.gru.num_layers):
                biases = weights[f"gru_bias{layer}"]
                for ours, theirs in (
                    ("weight_ih", weights[f"gru_kernel{layer}"].T),
                    ("weight_hh", weights[f"gru_recurrent{layer}"].T),
                    ("bias_ih", biases[0]),
                    ("bias_hh", biases[1]),
                ):
                    put(getattr(self.gru, f"{ours}_l{layer}"), _reset_first(theirs))
            put(self.dense.weight, weights["dense"][None])
            put(self.dense.bias, weights["offset"].reshape(1))


class TorchNetwork:
    """One network and its Adam."""

    def __init__(self, problem: Problem, runs: Sequence[int], *, compiled: bool) -> None:
        (run,) = runs
        model = Model({name: values[run] for name, values in problem.weights.items()})
        self._model = torch.compile(model) if compiled else model
        self._adam = torch.optim.Adam(model.parameters(), lr=1e-3, eps=1e-7)
        self._drivers = torch.from_numpy(problem.drivers)
        self._friction = torch.from_numpy(problem.friction)
        self._lags = torch.from_numpy(problem.lags)

    def predict(self, ends: NDArray[np.int32]) -> NDArray[np.float32]:
        """Outputs for the windows that end there, shape ``(1, N)``."""
        with torch.no_grad():
            return self._model(self._windows(torch.from_numpy(ends)))[None].numpy()

    def step(self, ends: NDArray[np.int32]) -> NDArray[np.float32]:
        """Train on one batch, ends of shape ``(1, B)``."""
        here = torch.from_numpy(ends[0])
        self._adam.zero_grad()
        loss = torch.nn.functional.mse_loss(self._model(self._windows(here)), self._friction[here])
        loss.backward()
        self._adam.step()
        return loss.detach().numpy()[None]

    def wait(self) -> None:
        """Nothing is pending: PyTorch on CPUs computes when asked."""

    def _windows(self, ends: torch.Tensor) -> torch.Tensor:
        return self._drivers[ends[:, None] + self._lags]


def _count(weights: dict[str, NDArray[np.float32]], kind: str) -> int:
    return sum(name.startswith(kind) for name in weights)


def _reset_first(gates: NDArray[np.float32]) -> NDArray[np.float32]:
    """Gates from the order of Keras (z, r, n) into that of PyTorch (r, z, n), on the first axis."""
    update, reset, candidate = np.split(gates, 3)
    return np.concatenate([reset, update, candidate])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--flush", action="store_true", help="denormal numbers become zero")
    parser.add_argument("--compile", action="store_true", help="through torch.compile")
    parser.add_argument("--per-core", action="store_true", help="one process per core")
    parser.add_argument("--core", type=int, help="the only one to use, with one thread")
    asked = parser.parse_args()
    if asked.per_core:
        answer(Crowd(["--flush"] * asked.flush + ["--compile"] * asked.compile))
        return
    if asked.flush:
        torch.set_flush_denormal(True)  # before there are threads: they inherit it
    if asked.core is not None:
        keep_to(asked.core)
        torch.set_num_threads(1)

    def make(problem: Problem, runs: Sequence[int]) -> TorchNetwork:
        return TorchNetwork(problem, runs, compiled=asked.compile)

    answer(Session(torch.__version__, make))


if __name__ == "__main__":
    main()
