"""Memory: what is read from gradients by hand, truncation against plain loops, needs by hand."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import builders
from slicken.evidence.confounding import Confounding
from slicken.evidence.kernels import KernelFit, jackknife_minimum
from slicken.evidence.memory import conclude, gradient_span, kernels_as_good, truncate
from slicken.evidence.required import RequiredHistory
from slicken.evidence.resampling import Interval
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble

LENGTH = 8


def by_lag(*rows: list[float], step: float = 1.0) -> xr.DataArray:
    """Gradients of runs over lags, the oldest first as in a window; two drivers share them."""
    values = np.array(rows)
    return xr.DataArray(
        np.stack([0.25 * values, 0.75 * values], axis=-1),
        dims=("run", "lag", "channel"),
        coords={"run": np.arange(len(rows)), "lag": np.arange(values.shape[1])[::-1] * step},
    )


def test_the_most_recent_seconds_that_hold_a_share_of_the_gradient() -> None:
    """By hand: from the present back 4, 3, 2, 1 hold 40, 70, 90, 100 %."""
    found = gradient_span(by_lag([1, 2, 3, 4], [0, 0, 0, 1], step=5.0))
    assert found.sel(run=0).to_numpy().tolist() == [10.0, 15.0, 20.0]
    assert found.sel(run=1).to_numpy().tolist() == [5.0, 5.0, 5.0]


def test_a_run_without_a_gradient_uses_nothing_that_can_be_said() -> None:
    assert gradient_span(by_lag([0, 0, 0, 0])).isnull().all()


def test_truncated_windows_are_those_of_a_plain_loop() -> None:
    prepared = builders.make_prepared(windows=[LENGTH], stride=4)
    networks = builders.start_networks(builders.TINY, length=LENGTH, runs=2, spread=0.3)
    ensemble = Ensemble(builders.on_host(networks), LENGTH, choose_engine())
    found = truncate(prepared, ensemble, "test", (0, 1, 3, LENGTH))
    assert found["history"].to_numpy().tolist() == [1, 3, 8]
    ends, training = prepared.split.ends["test"], prepared.split.ends["training"]

    def window(end: int) -> np.ndarray:
        return prepared.drivers[end - LENGTH + 1 : end + 1]

    usual = np.mean([window(end) for end in training], axis=0)
    for history in (1, 3, LENGTH):
        cut = np.stack([window(end).copy() for end in ends])
        for lag in range(history, LENGTH):
            cut[:, LENGTH - 1 - lag] = usual[LENGTH - 1 - lag]
        errors = (ensemble.predict_windows(cut) - prepared.friction[ends]) ** 2
        np.testing.assert_allclose(
            found["truncated_loss"].sel(history=history), errors.mean(axis=1), rtol=1e-5
        )


def required(worse: list[bool], loss: list[float]) -> RequiredHistory:
    history = 10.0 * 2.0 ** np.arange(len(loss))
    nothing = np.zeros(len(loss))
    return RequiredHistory("networks", history, np.array(loss), nothing, nothing, np.array(worse))


@pytest.mark.parametrize(
    ("worse", "loss", "expected"),
    [
        ([True, True, False, False], [3, 2, 1.0, 1.1], (20.0, 54.0)),
        ([True, False, False, False], [3, 1.1, 1.05, 1.0], (10.0, np.inf)),
        ([False, False, False, False], [1.1, 1, 1.05, 1.2], None),
        ([False, True, True, True], [1, 2, 3, 4], None),
        ([True, True, True, False], [4, 3, 2, 1], (40.0, np.inf)),
    ],
)
def test_the_range_of_needs_by_hand(
    worse: list[bool], loss: list[float], expected: tuple[float, float] | None
) -> None:
    """Histories of 10, 20, 40 and 80 s; the longest that was tried is no upper end.

    A mean over a third more than the best history would hardly show: 40 s reach to 54 s.
    """
    assert required(worse, loss).range == expected


def test_where_longer_histories_train_badly_there_is_no_upper_end() -> None:
    """A network of 80 s that trains badly says nothing about what friction needs."""
    found = required([True, False, False, True], [3, 1, 1.01, 2])
    assert (found.range, found.limit) == ((10.0, np.inf), "training")
    assert replace(found, family="linear").range == (10.0, 27.0)


def test_needs_survive_a_file() -> None:
    before = required([True, False], [2.0, 1.0])
    after = RequiredHistory.from_dataset(before.to_dataset())
    assert after.family == before.family
    assert after.range == before.range
    np.testing.assert_array_equal(after.loss, before.loss)


def test_the_place_of_a_minimum_has_the_interval_of_the_jackknife() -> None:
    """Parabolas whose lowest places are known: with all groups 3.1, without each 3.0 to 3.3."""
    places = np.arange(7.0)
    lowest = np.array([3.0, 3.3, 3.1, 3.05, 3.15])
    sums = np.stack([(places - at) ** 2 for at in [*lowest, 3.1]], axis=1)
    best, low, high = jackknife_minimum(places, sums)
    error = np.sqrt(4 / 5 * np.sum((lowest - lowest.mean()) ** 2))
    assert best == pytest.approx(3.1)
    assert (low, high) == pytest.approx((3.1 - 4.604095 * error, 3.1 + 4.604095 * error))


def test_too_few_groups_have_no_interval_and_an_edge_is_an_edge() -> None:
    sums = np.stack([np.arange(5.0)] * 3, axis=1)
    best, low, high = jackknife_minimum(np.arange(5.0), sums)
    assert best == 0
    assert np.isnan([low, high]).all()


def kernels(
    shape: str = "boxcar", *, gain: float = 0.1, excess: float = 0.0, behind: float = 0.0
) -> KernelFit:
    return KernelFit(
        shape, np.array([1.0, 10.0, 100.0]), np.array([1.0, 0.2, 0.5]), 50.0, 40.0, 60.0,
        *(Interval(x, x - 0.001, x + 0.001) for x in (excess, gain, behind)),
    )  # type: ignore[arg-type]  # fmt: skip


NEEDED = required([True, True, False, False], [3, 2, 1.0, 1.1])
LADDER = RequiredHistory(
    "linear", NEEDED.history, NEEDED.loss, NEEDED.low, NEEDED.high, NEEDED.clearly_worse
)


def test_the_sharpest_answer_that_holds_is_taken() -> None:
    found = conclude((NEEDED, LADDER), (kernels(),), ("temperature",), lag_model_fits=True)
    assert found is not None
    assert (found.method, found.low, found.high) == ("boxcar", 40.0, 60.0)
    better = (kernels(), kernels("exponential", behind=-0.01))
    assert conclude((LADDER,), better, (), lag_model_fits=True).method == "exponential"  # type: ignore[union-attr]
    no_better = (kernels(), kernels("exponential", behind=-0.0005))
    assert conclude((LADDER,), no_better, (), lag_model_fits=True).method == "boxcar"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("heard", "fits", "method"),
    [
        ((kernels(excess=0.1),), True, "linear"),
        ((kernels(gain=0.0),), True, "linear"),
        ((), False, "networks"),
    ],
)
def test_an_answer_that_does_not_hold_is_not_taken(
    heard: tuple[KernelFit, ...], fits: bool, method: str
) -> None:
    found = conclude((NEEDED, LADDER), heard, (), lag_model_fits=fits)
    assert found is not None
    assert (found.method, found.low, found.high) == (method, 20.0, 54.0)


def test_networks_that_cannot_tell_leave_nothing_to_tell() -> None:
    assert conclude((LADDER,), (), (), lag_model_fits=False) is None


def test_a_way_to_forget_survives_a_file() -> None:
    before = kernels()
    after = KernelFit.from_dataset(before.to_dataset())
    for name in ("shape", "memory", "low", "high", "excess", "gain", "behind", "fits"):
        assert getattr(after, name) == getattr(before, name)
    np.testing.assert_array_equal(after.loss, before.loss)


def test_a_kernel_may_speak_where_it_predicts_as_well_as_the_networks() -> None:
    """The free lag model leaves 0.02 of a variance of 1, of which 0.98 is explained.

    Kernels that gain 0.01, and lose 0.01, on it leave 0.0102 and 0.0298; networks leave 0.01.
    """
    table = xr.Dataset({"explained": 0.98, "loss": 0.02})
    better, worse = kernels(excess=-0.01), kernels("exponential", excess=0.01)
    heard = kernels_as_good((better, worse), Confounding(table), (0.02, 0.01))
    assert heard == (better,)
    found = conclude((NEEDED, LADDER), heard, ("temperature",), lag_model_fits=False)
    assert found is not None
    assert found.method == "boxcar"
