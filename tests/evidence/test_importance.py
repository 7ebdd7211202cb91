"""Importance: against central finite differences, shares by hand, and constant networks."""

import jax
import numpy as np
import pytest
import xarray as xr

import builders
import naive
from slicken.evidence import importance as explained
from slicken.evidence.importance import KINDS, measure_importance, ranking, shares
from slicken.learning.engine import choose_engine
from slicken.learning.ensemble import Ensemble
from slicken.study.prepared import Prepared

LENGTH = 6


@pytest.fixture(scope="module")
def prepared() -> Prepared:
    experiments = builders.make_experiments(5, 60, stages=[30, 30], start=100.0)
    split = {"test": ["run1", "run3"]}
    return builders.make_prepared(experiments, windows=[LENGTH], stride=4, split=split)


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    networks = builders.start_networks(builders.TINY, length=LENGTH, runs=3, spread=0.3)
    return Ensemble(builders.on_host(networks), LENGTH, choose_engine())


@pytest.fixture(scope="module")
def gradients(prepared: Prepared, ensemble: Ensemble) -> xr.Dataset:
    return measure_importance(prepared, ensemble, "test")


def test_gradients_are_those_of_central_differences(
    prepared: Prepared, ensemble: Ensemble, gradients: xr.Dataset
) -> None:
    ends = prepared.split.ends["test"]
    batch = naive.windows(prepared.drivers, ends.tolist(), LENGTH)
    for run in range(3):
        weights = naive.of_run(ensemble.networks, run)
        slow = naive.importance(weights, batch, prepared.friction[ends])
        here = gradients.sel(run=run)
        for kind in KINDS:
            for name, expected in (
                (kind, slow[kind].mean(axis=1)),
                (f"{kind}_by_lag", slow[kind].mean(axis=0)),
            ):
                np.testing.assert_allclose(here[name], expected, rtol=2e-4, atol=2e-6, err_msg=name)


def test_lags_count_back_from_the_target_time(gradients: xr.Dataset) -> None:
    assert gradients["lag"].to_numpy().tolist() == [5, 4, 3, 2, 1, 0]
    assert gradients.attrs["window"] == LENGTH
    assert gradients["channel"].to_numpy().tolist() == ["slip_velocity", "temperature"]


@pytest.mark.parametrize("kind", KINDS)
def test_shares_sum_to_one_however_they_are_cut(gradients: xr.Dataset, kind: str) -> None:
    for cut in (explained.by_run, explained.by_stage, explained.over_time):
        np.testing.assert_allclose(cut(gradients, kind).sum("channel"), 1, rtol=1e-6)
    np.testing.assert_allclose(explained.by_lag(gradients, kind).sum(), 1, rtol=1e-6)


def rows(gradients: xr.Dataset, kind: str) -> list[tuple[str, int, np.ndarray]]:
    """Experiment, stage and values over (run, channel) of each target."""
    return [
        (
            str(gradients["experiment"].to_numpy()[n]),
            int(gradients["stage"].to_numpy()[n]),
            gradients[kind].to_numpy()[:, n],
        )
        for n in range(gradients.sizes["target"])
    ]


def share_of(values: np.ndarray) -> list[float]:
    return list(naive.shares(dict(enumerate(values.tolist()))).values())


@pytest.mark.parametrize("kind", KINDS)
def test_cuts_by_run_stage_and_time_are_plain_loops(gradients: xr.Dataset, kind: str) -> None:
    by_run = explained.by_run(gradients, kind)
    by_stage = explained.by_stage(gradients, kind)
    over_time = explained.over_time(gradients, kind)
    everything = rows(gradients, kind)
    for run in range(3):
        total = sum(values[run] for _, _, values in everything)
        np.testing.assert_allclose(by_run.sel(run=run), share_of(total), rtol=1e-5)
    stages = list(
        zip(by_stage["experiment"].to_numpy(), by_stage["stage_number"].to_numpy(), strict=True)
    )
    assert stages == [("run1", 0), ("run1", 1), ("run3", 0), ("run3", 1)]
    assert by_stage["normal_stress"].to_numpy().tolist() == [1e6, 2e6, 1e6, 2e6]
    assert by_stage.dims == ("stage", "run", "channel")
    for place, (name, number) in enumerate(stages):
        chosen = [values for n, s, values in everything if (n, s) == (name, number)]
        for run in range(3):
            expected = share_of(sum(values[run] for values in chosen))
            np.testing.assert_allclose(by_stage[place].sel(run=run), expected, rtol=1e-5)
    for place, (_, _, values) in enumerate(everything):
        expected = np.mean([share_of(of_run) for of_run in values], axis=0)
        np.testing.assert_allclose(over_time[place], expected, rtol=1e-5)
    assert (over_time["time"] >= 100).all()


@pytest.mark.parametrize("kind", KINDS)
def test_shares_by_lag_are_a_plain_loop(gradients: xr.Dataset, kind: str) -> None:
    values = gradients[f"{kind}_by_lag"].to_numpy().astype(float)
    expected = np.zeros(values.shape[1:])
    for of_run in values:
        expected += of_run / of_run.sum() / len(values)
    np.testing.assert_allclose(explained.by_lag(gradients, kind), expected, rtol=1e-5)


def test_where_stages_are_not_known_an_experiment_is_one_stage(ensemble: Ensemble) -> None:
    prepared = builders.make_prepared(windows=[LENGTH], stride=4)
    stages = explained.by_stage(measure_importance(prepared, ensemble, "validation"), "loss")
    assert stages["stage_number"].to_numpy().tolist() == [-1] * stages.sizes["stage"]
    assert np.isnan(stages["normal_stress"]).all()


def test_what_the_network_fits_well_counts_for_nothing_in_the_loss(
    prepared: Prepared, ensemble: Ensemble
) -> None:
    """|dLoss/dx| = 2 |residual| |dfriction/dx| for each window."""
    gradients = measure_importance(prepared, ensemble, "test")
    ends = prepared.split.ends["test"]
    errors = np.abs(ensemble.predict(prepared.drivers, ends) - prepared.friction[ends])
    expected = 2 * errors[..., None] * gradients["friction"].to_numpy()
    np.testing.assert_allclose(gradients["loss"], expected, rtol=1e-4, atol=1e-7)


def test_a_constant_network_has_no_shares(prepared: Prepared, ensemble: Ensemble) -> None:
    """All weights zero in run 1: NaN there, shares in the others, and no warning of 0/0."""
    networks = jax.tree.map(np.array, ensemble.networks)
    for leaf in jax.tree.leaves(networks):
        leaf[1] = 0
    gradients = measure_importance(prepared, Ensemble(networks, LENGTH, choose_engine()), "test")
    for kind in KINDS:
        by_run = explained.by_run(gradients, kind)
        assert np.isnan(by_run.sel(run=1)).all()
        np.testing.assert_allclose(by_run.sel(run=[0, 2]).sum("channel"), 1, rtol=1e-6)
        assert np.isnan(explained.by_stage(gradients, kind).sel(run=1)).all()
        np.testing.assert_allclose(
            explained.over_time(gradients, kind).sum("channel"), 1, rtol=1e-5
        )
        np.testing.assert_allclose(explained.by_lag(gradients, kind).sum(), 1, rtol=1e-5)
        assert len(ranking(by_run)) == 2
        nobody = gradients.sel(run=[1])
        assert np.isnan(explained.over_time(nobody, kind)).all()
        assert np.isnan(explained.by_lag(nobody, kind)).all()
        assert ranking(explained.by_run(nobody, kind)) == []
        # No run ended well: nothing to speak of either, and no warning.
        assert ranking(explained.by_run(gradients.isel(run=[]), kind)) == []


def test_shares_of_nothing_and_of_infinity_are_no_numbers() -> None:
    values = xr.DataArray([[0.0, 0.0], [1.0, 3.0], [np.inf, 1.0]], dims=("run", "channel"))
    np.testing.assert_array_equal(
        shares(values), [[np.nan, np.nan], [0.25, 0.75], [np.nan, np.nan]]
    )


def test_the_ranking_is_by_mean_share_largest_first() -> None:
    values = xr.DataArray(
        [[0.1, 0.7, 0.2], [0.3, 0.5, 0.2], [np.nan] * 3],
        dims=("run", "channel"),
        coords={"channel": ["a", "b", "c"]},
    )
    assert ranking(values) == [
        ("b", pytest.approx(0.6)), ("a", pytest.approx(0.2)), ("c", pytest.approx(0.2)),
    ]  # fmt: skip


def test_a_reading_is_evened_within_its_experiment(gradients: xr.Dataset) -> None:
    """By a plain loop over neighbours, the first and the last repeated beyond the ends."""
    found = explained.smoothed(gradients, "loss", 3)["loss"]
    values, names = gradients["loss"].to_numpy(), gradients["experiment"].to_numpy()
    for name in np.unique(names.astype(str)):
        here = np.flatnonzero(names.astype(str) == name)
        for place, target in enumerate(here):
            near = [here[min(max(place + step, 0), here.size - 1)] for step in (-1, 0, 1)]
            np.testing.assert_allclose(found[:, target], values[:, near].mean(axis=1), rtol=1e-5)
