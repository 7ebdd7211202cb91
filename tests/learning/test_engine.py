"""Engines: every one of them through the same facts."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import builders
import naive
from slicken.errors import PlanError
from slicken.learning.engine import ENGINES, Engine, Windows, choose_engine
from slicken.learning.engine.layered import LayeredEngine
from slicken.learning.engine.library import engine_library
from slicken.learning.network import Network
from slicken.learning.settings import Architecture

KERNELS = [
    # Every pair of layer counts, kernels and activations taking turns; then the published shape.
    Architecture(
        filters=3, kernel=(2, 3, 1)[gru % 3], conv_layers=conv, units=3, gru_layers=gru,
        activation=("linear", "relu")[(conv + gru) % 2],
    )
    for conv in (0, 1, 2)
    for gru in (1, 2, 3, 4)
]  # fmt: skip
FEW = [KERNELS[i] for i in (0, 5, 6, 9)]
"""Each number of layers, kernel and activation once."""
PAPER_SHAPE = Architecture(filters=5, kernel=3, conv_layers=2, units=4, gru_layers=4)
RUNS, BATCH, LENGTH, DRIVERS = 2, 3, 8, 2

Given = tuple[Network, Any, Any, Any]


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    return made(request.param)


def made(name: str) -> Engine:
    if name == "native" and engine_library().handle is None:
        pytest.skip(f"the native engine is {engine_library().problem}")
    return ENGINES[name]()


@cache
def started(architecture: Architecture) -> Network:
    """Networks none of whose weights is zero."""
    with jax.enable_x64(False):
        return builders.start_networks(
            architecture, drivers=DRIVERS, length=LENGTH, runs=RUNS, spread=0.2
        )


def given_to(architecture: Architecture) -> Given:
    """Networks, windows, targets, and weights of windows of which the last is zero."""
    networks = started(architecture)
    random = np.random.default_rng(3)
    windows = random.normal(size=(RUNS, BATCH, LENGTH, DRIVERS))
    targets = random.normal(size=(RUNS, BATCH))
    weights = np.tile([1.0, 1.0, 0.0], (RUNS, 1))
    return networks, *(jnp.asarray(a, jnp.float32) for a in (windows, targets, weights))


def in_double(given: Given) -> Given:
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), given)


def each_alone(windows: Any) -> Windows:  # noqa: ANN401 (an array)
    """Windows one after another in a record: none overlaps another."""
    runs, batch, length, channels = windows.shape
    ends = jnp.arange(runs * batch, dtype=jnp.int32).reshape(runs, batch) * length + length - 1
    return Windows(windows.reshape(-1, channels), ends, length)


def everything(engine: Engine, given: Given) -> Any:  # noqa: ANN401 (arrays by name)
    """All that an engine computes, on the host."""
    return jax.device_get(program(type(engine), getattr(engine, "runs_together", None))(*given))


@cache
def program(kind: type[Any], together: bool | None) -> Any:  # noqa: ANN401 (what jit returns)
    """Compiled once for all tests."""
    return all_of(kind() if together is None else kind(runs_together=together))


def all_of(engine: Engine) -> Any:  # noqa: ANN401 (what jit returns)
    """All that an engine computes, in one program."""

    @jax.jit
    def compute(networks: Network, x: Any, y: Any, w: Any) -> Any:  # noqa: ANN401 (arrays)
        losses, gradients = engine.loss_and_gradients(networks, each_alone(x), y, w)
        friction, by_window = engine.predict_with_gradients(networks, each_alone(x))
        return {
            "predicted": engine.predict(networks, each_alone(x)),
            "losses": losses,
            "gradients": gradients,
            "friction": friction,
            "by_window": by_window,
        }

    return compute


@pytest.mark.parametrize(
    "architecture",
    [
        pytest.param(KERNELS[5], id="small"),
        pytest.param(PAPER_SHAPE, id="paper", marks=pytest.mark.slow),
    ],
)
def test_an_engine_equals_the_naive_network_and_central_differences(
    engine: Engine, architecture: Architecture
) -> None:
    """In float64: output and loss to 1e-10, gradients to what central differences can tell."""
    relu = architecture.activation == "relu"
    with jax.enable_x64(True):
        given = in_double(given_to(architecture))
        networks, windows, targets, counts = (jax.device_get(a) for a in given)
        found = everything(engine, given)
    for run in range(RUNS):
        weights = naive.of_run(networks, run)
        expected = [naive.friction(weights, window, relu=relu) for window in windows[run]]
        np.testing.assert_allclose(found["predicted"][run], expected, rtol=0, atol=1e-10)
        np.testing.assert_allclose(found["friction"][run], expected, rtol=0, atol=1e-10)

        def loss(weights: Any, run: int = run) -> float:  # noqa: ANN401 (arrays by name)
            return naive.loss(weights, windows[run], targets[run], counts[run], relu=relu)

        assert found["losses"][run] == pytest.approx(loss(weights), abs=1e-10)
        slopes = naive.of_run(found["gradients"], run)
        for name, slope in naive.weight_gradients(weights, loss).items():
            np.testing.assert_allclose(slopes[name], slope, atol=1e-8, rtol=1e-6, err_msg=name)
        for window, gradient in zip(windows[run], found["by_window"][run], strict=True):
            slope = naive.central_differences(
                lambda x, w=weights: naive.friction(w, x, relu=relu), window
            )
            np.testing.assert_allclose(gradient, slope, atol=1e-8, rtol=1e-6)


def test_an_engine_equals_the_naive_network_in_single_precision(engine: Engine) -> None:
    """float32 keeps seven digits; eight steps of four layers may lose one."""
    given = given_to(PAPER_SHAPE)
    found = everything(engine, given)
    for run in range(RUNS):
        weights = naive.of_run(given[0], run)
        expected = [naive.friction(weights, window) for window in np.asarray(given[1][run])]
        np.testing.assert_allclose(found["predicted"][run], expected, rtol=0, atol=2e-6)
        assert found["predicted"].dtype == found["by_window"].dtype == np.float32


def test_windows_without_weight_count_for_nothing(engine: Engine) -> None:
    networks, windows, targets, weights = given_to(PAPER_SHAPE)
    spoiled = everything(
        engine, (networks, windows.at[:, 2].set(9.0), targets.at[:, 2].set(1e3), weights)
    )
    plain = everything(engine, (networks, windows, targets, weights))
    np.testing.assert_array_equal(spoiled["losses"], plain["losses"])
    jax.tree.map(np.testing.assert_array_equal, spoiled["gradients"], plain["gradients"])


def test_weights_are_relative(engine: Engine) -> None:
    """A weighted mean: all windows twice as heavy are the same windows."""
    networks, windows, targets, weights = given_to(KERNELS[5])
    once = everything(engine, (networks, windows, targets, weights))
    twice = everything(engine, (networks, windows, targets, 2 * weights))
    np.testing.assert_allclose(once["losses"], twice["losses"], rtol=1e-6)


def test_a_run_does_not_depend_on_the_other_runs(engine: Engine) -> None:
    """Not even on one whose numbers are no numbers; the bits of the first run stay."""
    networks, windows, targets, weights = given_to(PAPER_SHAPE)
    broken = jax.tree.map(lambda leaf: leaf.at[1].set(jnp.nan), networks)
    beside_good = everything(engine, (networks, windows, targets, weights))
    beside_bad = everything(engine, (broken, windows.at[1].set(5.0), targets, weights))
    jax.tree.map(
        lambda one, other: np.testing.assert_array_equal(one[0], other[0]), beside_good, beside_bad
    )
    assert np.isnan(beside_bad["losses"][1])


@pytest.mark.parametrize(
    "architecture",
    [pytest.param(a, marks=() if a in FEW else pytest.mark.slow) for a in KERNELS],
    ids=lambda a: f"{a.conv_layers}x{a.gru_layers}-{a.kernel}-{a.activation}",
)
def test_every_engine_equals_the_reference(architecture: Architecture) -> None:
    """Loss and gradients in float64, for 0 to 2 convolutions and 1 to 4 recurrent layers."""
    native = engine_library().handle is not None
    names = [name for name in ENGINES if name != "reference" and (name != "native" or native)]
    with jax.enable_x64(True):
        given = in_double(given_to(architecture))
        lowered = [gradients_of(made(name)).lower(*given) for name in ("reference", *names)]
        with ThreadPoolExecutor(2) as pool:
            programs = list(pool.map(compiled_roughly, lowered))
        reference, *others = (program(*given) for program in programs)
    for name, found in zip(names, others, strict=True):
        jax.tree.map(
            lambda one, other, name=name: np.testing.assert_allclose(
                one, other, rtol=1e-9, atol=1e-12, err_msg=name
            ),
            found,
            reference,
        )


def compiled_roughly(lowered: Any) -> Any:  # noqa: ANN401 (what jit returns)
    """The machine code need not be quick here; unpolished, it takes half the time to make."""
    return lowered.compile({"xla_backend_optimization_level": 0})


def gradients_of(engine: Engine) -> Any:  # noqa: ANN401 (what jit returns)
    # The gradient in the windows would take as long again to compile, and goes the same way back.
    def compute(networks: Network, x: Any, y: Any, w: Any) -> Any:  # noqa: ANN401 (arrays)
        return engine.loss_and_gradients(networks, each_alone(x), y, w)

    return jax.jit(compute)


def with_histories(windows: Any, histories: Any) -> Windows:  # noqa: ANN401 (arrays)
    alone = each_alone(windows)
    return Windows(alone.drivers, alone.ends, alone.length, jnp.asarray(histories))


def of_histories(engine: Engine) -> Any:  # noqa: ANN401 (what jit returns)
    """All that an engine computes of windows with histories, in one program."""

    def compute(given: Given, histories: Any) -> Any:  # noqa: ANN401 (arrays)
        networks, x, y, w = given
        windows = with_histories(x, histories)
        return (
            engine.predict(networks, windows),
            engine.loss_and_gradients(networks, windows, y, w),
            engine.predict_with_gradients(networks, windows),
        )

    return jax.jit(compute)


def drawn_histories(architecture: Architecture) -> Any:  # noqa: ANN401 (an array)
    """The shortest and the longest that may be, and one between; other orders in other runs."""
    shortest = architecture.shortest_window
    three = [shortest, LENGTH, (shortest + LENGTH) // 2]
    return np.array([np.roll(three, run) for run in range(RUNS)], np.int32)


@cache
def of_short_windows(architecture: Architecture) -> Any:  # noqa: ANN401 (arrays)
    """In float64, what windows as long as those histories give, each as the only one of a batch.

    By run and window: friction, loss, gradients in weights, and in samples with zeros before. By
    the engine that is quickest here, which other tests compare with the reference.
    """
    histories = drawn_histories(architecture)
    predicted, losses = np.empty((RUNS, BATCH)), np.empty((RUNS, BATCH))
    gradients, by_window = {}, np.zeros((RUNS, BATCH, LENGTH, DRIVERS))
    with jax.enable_x64(True):
        networks, x, y, w = in_double(given_to(architecture))
        engine = choose_engine()
        compute = jax.jit(
            lambda *short: (
                engine.loss_and_gradients(short[0], each_alone(short[1]), *short[2:]),
                engine.predict_with_gradients(short[0], each_alone(short[1])),
            )
        )
        programs: dict[int, Any] = {}
        for run, window in np.ndindex(RUNS, BATCH):
            history = histories[run, window]
            one = jnp.s_[run : run + 1]
            of_run = jax.tree.map(lambda leaf, one=one: leaf[one], networks)
            here = jnp.s_[run : run + 1, window : window + 1]
            short = of_run, x[here][:, :, LENGTH - history :], y[here], jnp.ones_like(w[here])
            if history not in programs:
                programs[history] = compiled_roughly(compute.lower(*short))
            (loss, slopes), (friction, by_sample) = jax.device_get(programs[history](*short))
            losses[run, window], predicted[run, window] = loss[0], friction[0, 0]
            gradients[run, window] = jax.tree.map(lambda leaf: leaf[0], slopes)
            by_window[run, window, LENGTH - history :] = by_sample[0, 0]
    return predicted, losses, gradients, by_window


@pytest.mark.parametrize(
    ("architecture", "double"),
    [
        pytest.param(
            a,
            double,
            marks=() if a in (FEW if double else FEW[3:]) else pytest.mark.slow,
            id=f"{a.conv_layers}x{a.gru_layers}-{a.kernel}-{a.activation}-{64 if double else 32}",
        )
        for double in (True, False)
        for a in KERNELS
    ],
)
def test_a_window_with_a_history_is_a_window_of_that_length(
    engine: Engine, architecture: Architecture, double: bool
) -> None:
    """Friction, loss, and gradients in weights and samples, window by window.

    Samples before a history are no numbers here, and change nothing; nor do histories of another
    run.
    """
    close = {"rtol": 1e-9, "atol": 1e-12} if double else {"rtol": 1e-4, "atol": 3e-6}
    predicted, losses, gradients, by_window = of_short_windows(architecture)
    histories = drawn_histories(architecture)
    older = np.arange(LENGTH) < LENGTH - histories[..., None]
    with jax.enable_x64(double):
        networks, x, y, w = given_to(architecture)
        given = networks, jnp.where(older[..., None], jnp.nan, x), y, w
        given = in_double(given) if double else given
        compute = compiled_roughly(of_histories(engine).lower(given, histories))
        for window in range(BATCH):
            only = jnp.zeros_like(given[3]).at[:, window].set(1)
            found = jax.device_get(compute((*given[:3], only), histories))
            np.testing.assert_allclose(found[0], predicted, **close)
            np.testing.assert_allclose(found[2][0], predicted, **close)
            np.testing.assert_allclose(found[2][1], by_window, **close)
            assert (found[2][1][older] == 0).all()
            np.testing.assert_allclose(found[1][0], losses[:, window], **close)
            for run in range(RUNS):
                jax.tree.map(
                    lambda ours, theirs, run=run: np.testing.assert_allclose(
                        ours[run], theirs, **close
                    ),
                    found[1][1],
                    gradients[run, window],
                )
        others = np.concatenate([histories[:1], np.roll(histories[1:], 1, axis=1)])
        first = jax.device_get(compute((*given[:3], only), others))
    jax.tree.map(lambda one, other: np.testing.assert_array_equal(one[0], other[0]), first, found)


@pytest.mark.parametrize("together", [True, False])
def test_the_layered_engine_is_the_same_with_runs_in_turn_or_together(together: bool) -> None:
    given = given_to(KERNELS[5])
    ours = everything(LayeredEngine(runs_together=together), given)
    reference = everything(ENGINES["reference"](), given)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=2e-6), ours, reference)


def test_the_door_knows_every_engine_by_name() -> None:
    assert choose_engine().name in ENGINES
    for name in ENGINES:
        if name != "native" or engine_library().handle is not None:
            assert choose_engine(name).name == name
    with pytest.raises(PlanError, match="there are auto, native, layered, reference"):
        choose_engine("warp")
