"""One verdict for each driver, on readings made by hand; concordance against SciPy and by hand."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from slicken.evidence.attribution import METHODS, NOISE, SHUFFLED
from slicken.evidence.drivers import (
    DriverVerdict,
    above_null,
    judge_drivers,
    kendalls_w,
    rank_intervals,
    ranks_of,
    shares_of,
)
from slicken.evidence.resampling import Blocks
from slicken.statements import Statement

DRIVERS = ("slip_velocity", "temperature", "temperature_rate")
RUNS, TARGETS = 4, 80
BLOCKS = np.repeat(np.arange(8), TARGETS // 8)


def readings(**levels: dict[str, float]) -> xr.Dataset:
    """Every method gives each driver this much, a little different in each run and target."""
    random = np.random.default_rng(0)
    channels = list(next(iter(levels.values())))
    table = xr.Dataset(coords={"channel": np.array(channels, dtype=object)})
    for method in METHODS:
        level = np.array(list(levels.get(method, levels["all"]).values()))
        values = level + 0.05 * random.normal(size=(RUNS, TARGETS, len(channels)))
        table[method] = ("run", "target", "channel"), values
    return table


def with_probes(levels: dict[str, float], zero: float = 0.1) -> dict[str, float]:
    return {**levels, NOISE: zero, **{SHUFFLED + name: zero for name in levels}}


def roles(
    *,
    left_out: tuple[float, ...] = (0.0, 0.5, 0.3),
    ahead: tuple[float, ...] = (0.0, 0.0, 0.0),
    stress_gain: float = 0.0,
    explained: float = 0.8,
    both: dict[tuple[int, int], float] | None = None,
) -> xr.Dataset:
    pairs = np.full((3, 3), np.nan)
    for i in range(3):
        for j in range(3):
            if i != j:
                pairs[i, j] = max(left_out[i], left_out[j])
    for (i, j), gap in (both or {}).items():
        pairs[i, j] = pairs[j, i] = gap
    return xr.Dataset(
        {
            "left_out": ("channel", np.array(left_out)),
            "lead_gain": ("channel", np.array(ahead)),
            "lead_gain_low": ("channel", np.array(ahead) - 0.01),
            "stress_gain": stress_gain,
            "stress_gain_low": stress_gain - 0.01,
            "explained": explained,
            "left_out_both_low": (("channel", "other"), pairs),
        },
        coords={"channel": np.array(DRIVERS, dtype=object)},
    )


LEVELS = {"slip_velocity": 0.0, "temperature": 2.0, "temperature_rate": 1.0}


def verdicts(
    table: xr.Dataset | None = None,
    probes: xr.Dataset | None = None,
    of: xr.Dataset | None = None,
    *,
    has_skill: bool = True,
    lag_model_fits: bool = True,
) -> dict[str, DriverVerdict]:
    found = judge_drivers(
        readings(all=LEVELS) if table is None else table,
        readings(all=with_probes(LEVELS)) if probes is None else probes,
        roles() if of is None else of,
        Blocks(BLOCKS),
        has_skill=has_skill,
        lag_model_fits=lag_model_fits,
        seed=0,
    )
    return {one.channel: one for one in found}


def test_a_driver_that_all_methods_find_is_supported_and_noise_is_noise() -> None:
    found = verdicts()
    assert found["temperature"].verdict == found["temperature_rate"].verdict == "supported"
    assert found["slip_velocity"].verdict == "no_better_than_noise"
    assert found["temperature"].share.value == pytest.approx(2 / 3, abs=0.02)
    assert found["temperature"].rank.value == 1
    assert found["slip_velocity"].rank.value == 3


@pytest.mark.parametrize(("explained", "has_power"), [(0.8, True), (0.97, False)])
def test_a_test_that_could_find_nothing_speaks_for_nothing(
    explained: float, has_power: bool
) -> None:
    """The future can add no 5 % of the variance where 3 % are unexplained."""
    (reason,) = verdicts(of=roles(explained=explained))["temperature"].reasons[2:]
    expected = "nothing_against" if has_power else "no_power"
    assert reason.key == f"driver_reasons.{expected}"


def test_without_skill_no_driver_has_a_story() -> None:
    assert {one.verdict for one in verdicts(has_skill=False).values()} == {"unknown"}


def test_errors_and_gradients_that_disagree_are_said_to() -> None:
    """By gradients slip velocity is far above the probes; it takes no error away."""
    gradients = with_probes({**LEVELS, "slip_velocity": 1.5})
    found = verdicts(probes=readings(all=gradients))
    assert found["slip_velocity"].verdict == "methods_disagree"
    low = readings(all=with_probes({**LEVELS, "temperature": 0.05}))
    assert verdicts(probes=low)["temperature"].verdict == "methods_disagree"


def test_a_driver_that_another_can_replace_is_not_separable_from_it() -> None:
    replaced = roles(left_out=(0.0, 0.5, 0.0), both={(1, 2): 0.9})
    found = verdicts(of=replaced)["temperature_rate"]
    assert found.verdict == "not_separable"
    assert Statement("driver_reasons.replaceable", partner="temperature") in found.reasons
    assert verdicts(of=replaced, lag_model_fits=False)["temperature_rate"].verdict == "supported"


def test_a_future_that_tells_of_friction_speaks_against_a_cause() -> None:
    found = verdicts(of=roles(ahead=(0.0, 0.3, 0.0)))
    assert found["temperature"].verdict == "informative"
    assert found["temperature"].reasons == (Statement("driver_reasons.lead", gain=0.3),)
    assert found["temperature_rate"].verdict == "supported"


def test_a_load_that_tells_more_speaks_against_all_drivers() -> None:
    found = verdicts(of=roles(stress_gain=0.4))
    assert found["temperature"].verdict == found["temperature_rate"].verdict == "informative"
    assert found["temperature"].reasons == (Statement("driver_reasons.stress", gain=0.4),)


def test_without_controls_errors_decide() -> None:
    found = judge_drivers(
        readings(all=LEVELS),
        None,
        roles(),
        Blocks(BLOCKS),
        has_skill=True,
        lag_model_fits=True,
        seed=0,
    )
    assert [one.verdict for one in found][1:] == ["supported", "supported"]
    assert found[0].verdict == "no_better_than_noise"
    no_null = Statement("driver_reasons.no_null")
    assert all(no_null in one.reasons for one in found)
    assert not any("above_null" in reason.key for one in found for reason in one.reasons)


def test_the_number_of_methods_above_the_null_level_is_said() -> None:
    """Three of six methods do not find temperature rate: no majority; two do not: a majority."""
    below = with_probes({**LEVELS, "temperature_rate": 0.0})
    for few, verdict in ((2, "supported"), (3, "methods_disagree")):
        probes = readings(all=with_probes(LEVELS), **dict.fromkeys(METHODS[:few], below))
        found = verdicts(probes=probes)["temperature_rate"]
        assert found.verdict == verdict
        said = Statement("driver_reasons.above_null", above=6 - few, methods=6)
        assert said in found.reasons


def test_a_driver_that_accounts_for_little_is_negligible() -> None:
    levels = {**LEVELS, "slip_velocity": 0.06}
    probes = readings(all=with_probes({**LEVELS, "slip_velocity": 1.0}))
    found = verdicts(table=readings(all=levels), probes=probes)["slip_velocity"]
    assert found.verdict == "negligible"
    assert found.reasons[0] == Statement("driver_reasons.small_reduction", limit=0.05)


def test_a_driver_is_above_zero_only_if_it_earns_more_than_every_probe() -> None:
    probes = readings(all={**with_probes(LEVELS), SHUFFLED + "temperature": 1.5})
    assert above_null(probes, "friction_gradient", "temperature")
    assert not above_null(probes, "friction_gradient", "temperature_rate")


def test_concordance_is_kendalls() -> None:
    """W = chi2 of Friedman's test over m (n - 1)."""
    random = np.random.default_rng(0)
    ranks = np.stack([random.permutation(5) + 1 for _ in range(6)])
    friedman = stats.friedmanchisquare(*ranks.T).statistic
    assert kendalls_w(ranks) == pytest.approx(friedman / (6 * 4))
    assert np.isnan(kendalls_w(ranks[:1]))


def test_ranks_and_shares_are_those_of_each_run() -> None:
    table = readings(all=LEVELS)
    shares = shares_of(table, "shapley_loss")
    np.testing.assert_allclose(shares.sum("channel"), 1)
    ranks = ranks_of(shares)
    assert ranks.to_numpy().tolist() == [[3, 1, 2]] * RUNS
    assert rank_intervals(ranks, 0)["temperature"] == (1, 1, 1)


def test_a_driver_that_predicts_nothing_about_trends_is_not_separable_from_them() -> None:
    of = roles()
    drivers = of["channel"].to_numpy().tolist()
    values = {"temperature": (0.3, 0.1), "temperature_rate": (0.001, -0.001)}
    for place, end in enumerate(("", "_low")):
        column = [values.get(name, (0.0, 0.0))[place] for name in drivers]
        of[f"about_trends{end}"] = "channel", np.array(column)
    found = verdicts(of=of)
    assert found["temperature"].verdict == "supported"
    assert found["temperature_rate"].verdict == "not_separable"
    assert found["temperature_rate"].reasons[0] == Statement("driver_reasons.trend")


def test_beside_a_common_course_no_driver_is_supported() -> None:
    found = judge_drivers(
        readings(all=LEVELS),
        readings(all=with_probes(LEVELS)),
        roles(),
        Blocks(BLOCKS),
        has_skill=True,
        lag_model_fits=True,
        seed=0,
        common_course=True,
    )
    assert not any(one.verdict == "supported" for one in found)
    assert Statement("driver_reasons.common_course") in found[1].reasons
