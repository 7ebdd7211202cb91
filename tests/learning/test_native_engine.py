"""The native engine: odd sizes, odd numbers and odd callers, beside slower engines and by hand."""

import ctypes
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import builders
import naive
from slicken.learning.engine import Engine, Windows, engine_library
from slicken.learning.engine.layered import LayeredEngine
from slicken.learning.engine.native import NativeEngine
from slicken.learning.engine.reference import ReferenceEngine
from slicken.learning.ensemble import Ensemble
from slicken.learning.network import GRU, Conv1D, Network
from slicken.learning.settings import Activation, Architecture, Optimiser
from slicken.learning.training import Trainer, run_seeds
from slicken.learning.training_data import training_data

LIBRARY = engine_library()
pytestmark = pytest.mark.skipif(
    LIBRARY.handle is None, reason=f"the native engine is {LIBRARY.problem}"
)

INSTRUCTION_SETS = ("avx512", "avx2", "neon", "baseline")
THREADS = (1, 2, 3, 7)
SMALL = Architecture(filters=5, kernel=3, conv_layers=2, units=7, gru_layers=2)


class Kernel(NamedTuple):
    """How many of everything a call has."""

    architecture: Architecture
    length: int
    batch: int
    runs: int
    drivers: int

    def __str__(self) -> str:
        """Its name among the tests."""
        a = self.architecture
        return (
            f"{a.activation}-{a.conv_layers}x{a.filters}k{a.kernel}-{a.gru_layers}x{a.units}"
            f"-L{self.length}-B{self.batch}-R{self.runs}-C{self.drivers}"
        )


class Given(NamedTuple):
    """What a call gets."""

    networks: Network
    windows: Windows
    targets: Any
    weights: Any


def shaped(
    filters: int, kernel: int, conv: int, units: int, gru: int, activation: Activation
) -> Architecture:
    return Architecture(
        filters=filters, kernel=kernel, conv_layers=conv, units=units, gru_layers=gru,
        activation=activation,
    )  # fmt: skip


# Every size of the contract at least once. A linear front is one composed convolution where that
# is less work; "apart" marks those that stay as written: wide, few filters, many drivers.
KERNELS = [
    Kernel(shaped(1, 1, 1, 1, 1, "linear"), 5, 1, 1, 1),
    Kernel(shaped(5, 2, 2, 7, 2, "relu"), 6, 31, 3, 5),
    Kernel(shaped(20, 3, 2, 64, 1, "linear"), 6, 32, 1, 5),
    Kernel(shaped(3, 4, 1, 100, 2, "linear"), 5, 33, 1, 5),  # apart
    Kernel(shaped(64, 3, 2, 7, 1, "linear"), 5, 33, 3, 1),  # one step is left
    Kernel(shaped(7, 3, 2, 7, 4, "linear"), 500, 1, 1, 1),
    Kernel(shaped(2, 4, 3, 7, 1, "linear"), 10, 31, 1, 5),  # apart, one step is left
    Kernel(shaped(6, 4, 3, 1, 1, "relu"), 500, 31, 1, 5),
    Kernel(shaped(9, 2, 3, 7, 1, "linear"), 6, 1, 3, 1),
    Kernel(shaped(33, 1, 1, 7, 1, "relu"), 6, 33, 20, 5),
    Kernel(shaped(1, 1, 0, 7, 4, "linear"), 6, 33, 20, 5),
    Kernel(shaped(1, 1, 0, 1, 3, "relu"), 500, 32, 3, 1),
]
FEW = [KERNELS[1], KERNELS[4], KERNELS[6]]


def given_to(shape: Kernel, *, samples: int = 60, seed: int = 1) -> Given:
    """Windows that overlap in one record, of which the fourth has no weight."""
    random = np.random.default_rng(seed)
    samples += shape.length
    ends = random.integers(shape.length - 1, samples, (shape.runs, shape.batch))
    # The first window there is, the last, and that one once more.
    for place, end in enumerate((shape.length - 1, samples - 1, samples - 1)[: shape.batch]):
        ends[:, place] = end
    weights = random.uniform(0.5, 2, ends.shape)
    weights[:, 3:4] = 0
    record = single(random.normal(size=(samples, shape.drivers)))
    return Given(
        networks_of(shape, random),
        Windows(record, jnp.asarray(ends, jnp.int32), shape.length),
        single(random.normal(size=ends.shape)),
        single(weights),
    )


def networks_of(shape: Kernel, random: np.random.Generator) -> Network:
    """Networks without a zero; to start some as users do takes JAX seconds to compile."""
    a = shape.architecture

    def weights(*axes: int) -> Any:  # noqa: ANN401 (an array)
        """Such that what comes out is as large as what goes in."""
        fan = max(int(np.prod(axes[:-1])), 1)
        return single(random.normal(size=(shape.runs, *axes)) / np.sqrt(fan))

    channels = shape.drivers
    convolutions = []
    for _ in range(a.conv_layers):
        kernel = weights(a.kernel, channels, a.filters)
        convolutions.append(Conv1D(kernel, 0.1 * weights(a.filters)))
        channels = a.filters
    recurrent = []
    for _ in range(a.gru_layers):
        kernel = weights(channels, 3 * a.units)
        recurrent.append(GRU(kernel, weights(a.units, 3 * a.units), 0.1 * weights(2, 3 * a.units)))
        channels = a.units
    dense = weights(a.units, 1)[..., 0]
    return Network(tuple(convolutions), tuple(recurrent), dense, weights(), a.activation)


def single(values: Any) -> Any:  # noqa: ANN401 (an array)
    return jnp.asarray(values, jnp.float32)


def in_double(given: Given) -> Given:
    def wider(leaf: Any) -> Any:  # noqa: ANN401 (an array)
        return leaf.astype(jnp.float64) if leaf.dtype == jnp.float32 else leaf

    return jax.tree.map(wider, given)


def all_of(engine: Engine) -> Any:  # noqa: ANN401 (what jit returns)
    """All that an engine computes, in one program."""

    @jax.jit
    def compute(given: Given) -> Any:  # noqa: ANN401 (arrays by name)
        losses, gradients = engine.loss_and_gradients(*given)
        friction, by_window = engine.predict_with_gradients(given.networks, given.windows)
        return {
            "predicted": engine.predict(given.networks, given.windows),
            "losses": losses,
            "gradients": gradients,
            "friction": friction,
            "by_window": by_window,
        }

    return compute


def everything(engine: Engine, given: Given) -> Any:  # noqa: ANN401 (arrays by name)
    return jax.device_get(all_of(engine)(given))


def slowly(engine: Engine, given: Given) -> Any:  # noqa: ANN401 (arrays by name)
    """The same by an engine of JAX's."""
    return jax.device_get(roughly(all_of(engine), given)(given))


def roughly(program: Any, *given: Any) -> Any:  # noqa: ANN401 (what jit returns)
    """Compiled unpolished, which takes half the time."""
    return program.lower(*given).compile({"xla_backend_optimization_level": 0})


def layered() -> Engine:
    return LayeredEngine(runs_together=False)


def same_bits(one: Any, other: Any) -> None:  # noqa: ANN401 (arrays by name)
    jax.tree.map(np.testing.assert_array_equal, one, other)


def strayed(found: Any, expected: Any) -> dict[str, float]:  # noqa: ANN401 (arrays by name)
    """The largest error of each array of a run, in parts of the run's largest entry there."""

    def of_array(ours: Any, theirs: Any) -> float:  # noqa: ANN401 (arrays)
        runs = len(theirs)
        ours, theirs = (np.asarray(a, np.float64).reshape(runs, -1) for a in (ours, theirs))
        largest = np.maximum(abs(theirs).max(1), np.finfo(np.float64).tiny)  # all may be zero
        return float(np.max(abs(ours - theirs).max(1) / largest))

    paths = jax.tree_util.tree_flatten_with_path(expected)[0]
    return {
        jax.tree_util.keystr(path): of_array(ours, theirs)
        for (path, theirs), ours in zip(paths, jax.tree.leaves(found), strict=True)
    }


@pytest.fixture
def use() -> Iterator[Any]:
    """Asks for an instruction set; the one that was in use comes back afterwards."""
    assert LIBRARY.handle is not None
    before = LIBRARY.instruction_set.encode()

    def ask(name: str) -> None:
        if not LIBRARY.handle.slicken_use_instruction_set(name.encode()):
            pytest.skip(f"{name} was not built, or this processor lacks it")

    yield ask
    LIBRARY.handle.slicken_use_instruction_set(before)


@pytest.mark.parametrize(
    "shape",
    [pytest.param(s, marks=() if s in FEW else pytest.mark.slow) for s in KERNELS],
    ids=str,
)
def test_it_equals_a_slower_engine_in_float64_and_loses_no_more_in_float32(shape: Kernel) -> None:
    """float64: what sums in another order lose. float32: up to four times what JAX loses.

    To that, three gates that are wrong by five units in the last place (6e-8) each.
    """
    given = given_to(shape)
    with jax.enable_x64(True):
        expected = slowly(layered(), in_double(given))
        assert max(strayed(everything(NativeEngine(), in_double(given)), expected).values()) < 1e-11
    lost = max(strayed(slowly(layered(), given), expected).values())
    for array, error in strayed(everything(NativeEngine(), given), expected).items():
        assert error < 4 * lost + 1e-6, array


def test_it_equals_the_naive_network_where_windows_overlap() -> None:
    given = given_to(KERNELS[1])
    found = everything(NativeEngine(), given)["predicted"]
    for run in range(3):
        weights = naive.of_run(given.networks, run)
        windows = naive.windows(given.windows.drivers, given.windows.ends[run, :6], 6)
        expected = [naive.friction(weights, window, relu=True) for window in windows]
        np.testing.assert_allclose(found[run, :6], expected, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", INSTRUCTION_SETS)
@pytest.mark.parametrize("shape", FEW, ids=str)
def test_every_instruction_set_computes_the_same(use: Any, name: str, shape: Kernel) -> None:  # noqa: ANN401
    """To rounding: each multiplies and adds in another order."""
    given = given_to(shape)
    with jax.enable_x64(True):
        expected = everything(NativeEngine(), in_double(given))
        use(name)
        assert max(strayed(everything(NativeEngine(), in_double(given)), expected).values()) < 1e-11
    assert max(strayed(everything(NativeEngine(), given), expected).values()) < 5e-6


@pytest.mark.parametrize("name", INSTRUCTION_SETS)
@pytest.mark.parametrize(
    "batch",
    [33, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2, 15, 17, 32, 49, 64, 70))],
)
def test_the_bits_do_not_depend_on_the_threads(use: Any, name: str, batch: int) -> None:  # noqa: ANN401
    """Nor, so, on how wide the tiles are, which the threads decide."""
    use(name)
    for runs in (1, 3):
        given = given_to(Kernel(SMALL, 9, batch, runs, 3))
        first, *others = (everything(NativeEngine(threads=n), given) for n in THREADS)
        for other in others:
            same_bits(first, other)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_the_bits_of_a_run_do_not_depend_on_how_many_there_are(threads: int) -> None:
    twenty = given_to(Kernel(SMALL, 9, 33, 20, 3))
    engine = NativeEngine(threads=threads)
    of_twenty = everything(engine, twenty)
    for runs in (1, 2):

        def first(leaf: Any, runs: int = runs) -> Any:  # noqa: ANN401 (an array)
            return leaf[:runs]

        windows = Windows(twenty.windows.drivers, twenty.windows.ends[:runs], 9)
        fewer = Given(
            jax.tree.map(first, twenty.networks),
            windows,
            twenty.targets[:runs],
            twenty.weights[:runs],
        )
        same_bits(everything(engine, fewer), jax.tree.map(first, of_twenty))


@pytest.mark.parametrize("clip", [None, 1e-3], ids=["unclipped", "clipped"])
def test_a_run_trains_to_the_same_bits_whatever_the_number_of_runs(
    clip: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor of cores: on one core all runs are in one share."""
    random = np.random.default_rng(5)
    ends = np.arange(8, 108)
    data = training_data(
        random.normal(size=(108, 3)).astype(np.float32),
        random.normal(size=108).astype(np.float32),
        training=ends[:70],
        validation=ends[70:],
        histories=(9,),
    )

    def trained(runs: int, cores: int) -> tuple[Network, Any]:
        monkeypatch.setattr("slicken.learning.devices.cores", lambda: cores)
        trainer = Trainer(
            engine=NativeEngine(),
            architecture=SMALL,
            optimiser=Optimiser(learning_rate=1e-2, clip=clip, decay="cosine"),
            seeds=run_seeds(2, runs),
            epochs=2,
            data=data,
        )
        states, losses = trainer.start(), []
        for number in (1, 2):
            states, ended = trainer.epoch(states, number)
            losses += [ended.training, ended.validation]
        return trainer.best_networks(states), losses

    six = trained(6, 1)
    for runs, cores in ((1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (4, 2), (6, 2), (6, 4)):
        first = jax.tree.map(lambda leaf, runs=runs: leaf[:runs], six)
        same_bits(trained(runs, cores), first)


def test_an_ensemble_predicts_the_same_bits_for_a_run_whatever_the_number_of_runs() -> None:
    random = np.random.default_rng(6)
    drivers = random.normal(size=(90, 3)).astype(np.float32)
    networks = builders.on_host(networks_of(Kernel(SMALL, 9, 1, 3, 3), random))
    ends = np.arange(8, 90)

    def predicted(runs: int) -> Any:  # noqa: ANN401 (an array)
        some = jax.tree.map(lambda leaf: leaf[:runs], networks)
        return Ensemble(some, 9, NativeEngine()).predict(drivers, ends)

    three = predicted(3)
    for runs in (1, 2):
        same_bits(predicted(runs), three[:runs])


@pytest.mark.parametrize("shape", FEW, ids=str)
def test_windows_that_overlap_are_the_same_as_copies_of_them(shape: Kernel) -> None:
    """Predictions and their gradients to the bit; sums over windows to rounding."""
    given = given_to(shape)
    cut_windows = given.windows.copied().reshape(-1, shape.drivers)
    ends = jnp.arange(shape.runs * shape.batch, dtype=jnp.int32).reshape(shape.runs, -1)
    apart = Windows(cut_windows, (ends + 1) * shape.length - 1, shape.length)
    together, alone = (
        everything(NativeEngine(), given._replace(windows=w)) for w in (given.windows, apart)
    )
    for name in ("predicted", "friction", "by_window"):
        same_bits(together.pop(name), alone.pop(name))
    assert max(strayed(together, alone).values()) < 5e-6


def test_the_same_window_twice_counts_twice() -> None:
    given = given_to(Kernel(SMALL, 9, 20, 2, 3))
    twice = Given(
        given.networks,
        Windows(given.windows.drivers, jnp.repeat(given.windows.ends, 2, axis=1), 9),
        *(jnp.repeat(a, 2, axis=1) for a in given[2:]),
    )
    once, both = (everything(NativeEngine(), g) for g in (given, twice))
    for name in ("predicted", "friction", "by_window"):
        for half in (0, 1):
            same_bits(once[name], both[name][:, half::2])
    parts = ("losses", "gradients")
    assert max(strayed({p: both[p] for p in parts}, {p: once[p] for p in parts}).values()) < 5e-6


def given_histories(shape: Kernel) -> Given:
    """Windows with histories in no order: the shortest, the longest, and any."""
    given = given_to(shape)
    shortest, length = shape.architecture.shortest_window, shape.length
    random = np.random.default_rng(2)
    histories = random.integers(shortest, length + 1, given.windows.ends.shape)
    histories[:, :1], histories[:, 1:2] = shortest, length
    return with_histories(given, random.permuted(histories, axis=1))


def with_histories(given: Given, histories: Any) -> Given:  # noqa: ANN401 (an array)
    windows = given.windows
    histories = jnp.asarray(histories, jnp.int32)
    return given._replace(windows=Windows(windows.drivers, windows.ends, windows.length, histories))


def sorted_by_history(given: Given) -> tuple[Given, Any]:
    """Each run's windows, the longest first, and their order."""
    windows, order = given.windows, np.argsort(-np.asarray(given.windows.histories), axis=1)

    def of(leaf: Any) -> Any:  # noqa: ANN401 (an array)
        return jnp.take_along_axis(leaf, jnp.asarray(order), axis=1)

    sorted_windows = Windows(
        windows.drivers, of(windows.ends), windows.length, of(windows.histories)
    )
    return Given(given.networks, sorted_windows, of(given.targets), of(given.weights)), order


MIXED = [*(s for s in KERNELS if s.length < 100), Kernel(SMALL, 40, 70, 2, 3)]


@pytest.mark.parametrize(
    "shape",
    [pytest.param(s, marks=() if s in FEW[:2] else pytest.mark.slow) for s in MIXED],
    ids=str,
)
def test_histories_of_any_mix_are_windows_of_their_lengths(shape: Kernel) -> None:
    """To the bit for each window; the sums over windows to rounding, in float64."""
    given = given_histories(shape)
    histories = np.asarray(given.windows.histories)
    found = everything(NativeEngine(), given)
    with jax.enable_x64(True):
        precise = in_double(given)
        sums = everything(NativeEngine(), precise)["gradients"]
        total = jax.tree.map(np.zeros_like, sums)
    for history in np.unique(histories):
        these, older = histories == history, shape.length - history

        def of_length(given: Given, history: int = int(history)) -> Given:
            windows = Windows(given.windows.drivers, given.windows.ends, history)
            return given._replace(windows=windows)

        expected = everything(NativeEngine(), of_length(given))
        for name in ("predicted", "friction"):
            same_bits(found[name][these], expected[name][these])
        same_bits(found["by_window"][these][:, older:], expected["by_window"][these])
        assert (found["by_window"][these][:, :older] == 0).all()
        with jax.enable_x64(True):
            counts = np.where(these, precise.weights, 0)
            alone = of_length(precise)._replace(weights=jnp.asarray(counts))
            parts = everything(NativeEngine(), alone)["gradients"]
            share = counts.sum(1) / np.asarray(precise.weights).sum(1)
        for whole, part in zip(jax.tree.leaves(total), jax.tree.leaves(parts), strict=True):
            for run in np.flatnonzero(share):
                whole[run] += share[run] * part[run]
    assert max(strayed(sums, total).values()) < 1e-11


@pytest.mark.parametrize(
    "shape",
    [pytest.param(s, marks=() if s == FEW[0] else pytest.mark.slow) for s in MIXED],
    ids=str,
)
def test_histories_equal_a_slower_engine(shape: Kernel) -> None:
    """In float64; for float32 see the bits of windows of their lengths."""
    with jax.enable_x64(True):
        given = in_double(given_histories(shape))
        expected = slowly(layered(), given)
        assert max(strayed(everything(NativeEngine(), given), expected).values()) < 1e-11


def test_histories_of_one_length_are_windows_of_it() -> None:
    """To the bit, and those of the whole length too."""
    given = given_to(MIXED[-1])
    for history in (40, 17):
        windows = Windows(given.windows.drivers, given.windows.ends, history)
        plain = everything(NativeEngine(), given._replace(windows=windows))
        histories = np.full(given.windows.ends.shape, history)
        found = everything(NativeEngine(), with_histories(given, histories))
        found["by_window"] = found["by_window"][:, :, 40 - history :]
        same_bits(found, plain)


@pytest.mark.parametrize("name", INSTRUCTION_SETS)
@pytest.mark.parametrize("batch", [33, pytest.param(70, marks=pytest.mark.slow)])
def test_the_bits_with_histories_depend_on_no_thread_and_no_other_run(
    use: Any,  # noqa: ANN401 (what asks)
    name: str,
    batch: int,
) -> None:
    """Sorted too: then groups of windows are computed apart that are computed together else."""
    use(name)
    mixed = given_histories(Kernel(SMALL, 40, batch, 3, 3))
    in_order, order = sorted_by_history(mixed)
    of_both = []
    for given in (mixed, in_order):
        first, *others = (everything(NativeEngine(threads=n), given) for n in (1, 2, 7, 99))
        for other in others:
            same_bits(first, other)
        of_both.append(first)
        changed = with_histories(given, given.windows.histories.at[1].set(5))
        beside = everything(NativeEngine(threads=2), changed)
        for run in (0, 2):
            same_bits(
                *(jax.tree.map(lambda leaf, run=run: leaf[run], all_) for all_ in (first, beside))
            )
    for array in ("predicted", "by_window"):
        one, other = (found[array] for found in of_both)
        same_bits(np.stack([one[run, order[run]] for run in range(3)]), other)


def test_before_its_history_a_window_may_hold_anything() -> None:
    """What is no number, or nothing: a history may begin with the record."""
    given = given_histories(Kernel(SMALL, 9, 33, 3, 3))
    record, histories = given.windows.drivers, given.windows.histories
    spoilt_record = jnp.concatenate([jnp.full((9, 3), jnp.nan), record])
    first, later = (
        everything(NativeEngine(), given._replace(windows=windows))
        for windows in (
            Windows(record, histories - 1, 9, histories),
            Windows(spoilt_record, histories + 8, 9, histories),
        )
    )
    same_bits(first, later)
    assert np.isfinite(first["by_window"]).all()


@pytest.mark.parametrize(("history", "words"), [(4, "shorter"), (10, "longer"), (-1, "shorter")])
def test_a_history_out_of_range_is_an_error(history: int, words: str) -> None:
    """Windows of nine, of which one step needs five."""
    given = given_histories(Kernel(SMALL, 9, 5, 2, 3))
    wrong = with_histories(given, given.windows.histories.at[1, 4].set(history))
    with pytest.raises(jax.errors.JaxRuntimeError, match=f"a history is {words} than"):
        jax.block_until_ready(NativeEngine().predict(wrong.networks, wrong.windows))


def spoilt(given: Given, value: float, sample: int) -> Given:
    drivers = given.windows.drivers.at[sample, 0].set(value)
    return given._replace(windows=Windows(drivers, given.windows.ends, given.windows.length))


def contains(windows: Windows, sample: int) -> Any:  # noqa: ANN401 (an array)
    ends = np.asarray(windows.ends)
    return (ends >= sample) & (ends - windows.length < sample)


@cache
def layered_for(shape: Kernel) -> Any:  # noqa: ANN401 (what jit returns)
    """The layered engine for these sizes, in float32."""
    return roughly(all_of(layered()), given_to(shape))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30], ids=str)
@pytest.mark.parametrize("shape", [*FEW, KERNELS[8]._replace(batch=40), KERNELS[10]], ids=str)
def test_a_sample_that_is_no_number_spoils_the_windows_that_hold_it(
    shape: Kernel, value: float
) -> None:
    """As in JAX: no number where that has none, the same number where it has one."""
    given, sample = given_to(shape), 4
    bad = spoilt(given, value, sample)
    before, after = (everything(NativeEngine(), g) for g in (given, bad))
    expected = jax.device_get(layered_for(shape)(bad))
    spoils = contains(given.windows, sample)
    assert spoils.any()
    assert not spoils.all()
    for name in ("predicted", "friction", "by_window"):
        same_bits(after[name][~spoils], before[name][~spoils])
        assert np.array_equal(np.isnan(after[name]), np.isnan(expected[name])), name
    np.testing.assert_allclose(after["predicted"], expected["predicted"], rtol=0, atol=1e-5)
    if np.isnan(value):
        assert np.isnan(after["predicted"][spoils]).all()
    losses = np.isfinite(after["losses"])
    assert np.array_equal(losses, np.isfinite(expected["losses"]))
    jax.tree.map(
        lambda ours, theirs: np.testing.assert_array_equal(np.isnan(ours), np.isnan(theirs)),
        after["gradients"],
        expected["gradients"],
    )


def test_a_network_that_diverged_leaves_the_others_alone() -> None:
    given = given_to(Kernel(SMALL, 9, 33, 3, 3))
    broken = jax.tree.map(lambda leaf: leaf.at[1].set(jnp.nan), given.networks)
    good, bad = (everything(NativeEngine(), g) for g in (given, given._replace(networks=broken)))
    for run in (0, 2):
        same_bits(*(jax.tree.map(lambda leaf, run=run: leaf[run], found) for found in (good, bad)))
    assert np.isnan(bad["predicted"][1]).all()
    assert np.isnan(bad["losses"][1])


def test_the_caller_keeps_its_denormal_numbers() -> None:
    """The engine flushes them, on threads that are not its own too."""
    everything(NativeEngine(), given_to(FEW[0]))
    assert np.float32(1e-40) * np.float32(1) != 0
    with ThreadPoolExecutor(1) as pool:
        pool.submit(everything, NativeEngine(), given_to(FEW[0])).result()
        assert pool.submit(lambda: np.float32(1e-40) * np.float32(1)).result() != 0


@pytest.mark.parametrize(
    ("shape", "histories"),
    [
        *((shape, False) for shape in FEW),
        (FEW[0], True),
        *(pytest.param(shape, True, marks=pytest.mark.slow) for shape in FEW[1:]),
    ],
    ids=str,
)
def test_it_is_differentiated_like_the_reference(shape: Kernel, histories: bool) -> None:
    given = given_histories(shape) if histories else given_to(shape)

    def slopes(engine: Engine) -> Any:  # noqa: ANN401 (arrays)
        def of(networks: Network, drivers: Any) -> Any:  # noqa: ANN401 (arrays)
            w = given.windows
            windows = Windows(drivers, w.ends, w.length, w.histories)
            return jnp.sum(jnp.sin(engine.predict(networks, windows)) * given.weights)

        return jax.jit(jax.grad(of, argnums=(0, 1)))

    with jax.enable_x64(True):
        given = in_double(given)
        arguments = given.networks, given.windows.drivers
        ours = slopes(NativeEngine())(*arguments)
        theirs = roughly(slopes(ReferenceEngine()), *arguments)(*arguments)
        ours, theirs = jax.device_get((ours, theirs))
    jax.tree.map(
        lambda one, other: np.testing.assert_allclose(
            one, other, rtol=0, atol=1e-11 * (abs(other).max() + 1)
        ),
        ours,
        theirs,
    )


def test_it_is_differentiated_within_loops() -> None:
    """Gradients inside of scan and of fori_loop are those outside."""
    given = given_to(Kernel(SMALL, 9, 17, 2, 3))
    engine = NativeEngine()

    def total(networks: Network) -> Any:  # noqa: ANN401 (an array)
        return jnp.sum(engine.predict(networks, given.windows))

    def descend(networks: Network) -> Network:
        slope = jax.grad(total)(networks)
        return jax.tree.map(lambda weight, s: weight - 1e-3 * s, networks, slope)

    step = jax.jit(descend)
    by_hand = step(step(given.networks))
    scanned, _ = jax.lax.scan(lambda n, _: (descend(n), None), given.networks, length=2)
    looped = jax.lax.fori_loop(0, 2, lambda _, n: descend(n), given.networks)
    pulled = jax.vjp(total, given.networks)[1](jnp.float32(1))[0]
    for found in (scanned, looped):
        assert max(strayed(found, by_hand).values()) < 1e-6
    same_bits(pulled, jax.grad(total)(given.networks))


@pytest.mark.parametrize("end", [-1, 7, 69, 2**31 - 1, -(2**31)])
@pytest.mark.parametrize("what", ["predict", "loss_and_gradients", "predict_with_gradients"])
def test_a_window_beyond_the_record_is_an_error(what: str, end: int) -> None:
    """Windows of nine in a record of 69 end at the ninth sample at the earliest."""
    given = given_to(Kernel(SMALL, 9, 5, 2, 3))
    ends = given.windows.ends.at[1, 4].set(end)
    windows = Windows(given.windows.drivers, ends, 9)
    others = given[2:] if what == "loss_and_gradients" else ()
    with pytest.raises(jax.errors.JaxRuntimeError, match="reaches beyond the record"):
        jax.block_until_ready(getattr(NativeEngine(), what)(given.networks, windows, *others))


def test_without_runs_there_are_no_numbers() -> None:
    given = given_to(Kernel(SMALL, 9, 5, 1, 3))
    windows = Windows(given.windows.drivers, given.windows.ends[:0], 9)
    networks = jax.tree.map(lambda leaf: leaf[:0], given.networks)
    empty = everything(
        NativeEngine(), Given(networks, windows, given.targets[:0], given.weights[:0])
    )
    assert empty["predicted"].shape == (0, 5)
    assert empty["by_window"].shape == (0, 5, 9, 3)
    assert all(leaf.size == 0 for leaf in jax.tree.leaves(empty["gradients"]))


def test_without_windows_there_is_nothing_to_pull_on() -> None:
    """No friction, no slope, and a mean of nothing, which is no number."""
    given = given_to(Kernel(SMALL, 9, 5, 2, 3))
    windows = Windows(given.windows.drivers, given.windows.ends[:, :0], 9)
    found = everything(
        NativeEngine(), Given(given.networks, windows, given.targets[:, :0], given.weights[:, :0])
    )
    assert found["predicted"].shape == (2, 0)
    assert found["by_window"].shape == (2, 0, 9, 3)
    assert np.isnan(found["losses"]).all()
    slopes = jax.grad(lambda n: jnp.sum(NativeEngine().predict(n, windows)))(given.networks)
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(slopes))


def test_several_callers_at_once_get_the_bits_of_one_after_another() -> None:
    shapes = [Kernel(SMALL, 9, batch, 3, 3) for batch in (1, 17, 33, 70)]
    calls = [(all_of(NativeEngine(threads=3)), given_to(shape)) for shape in shapes]
    in_turn = [jax.device_get(compute(given)) for compute, given in calls]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            at_once = list(pool.map(lambda call: jax.device_get(call[0](call[1])), calls))
            same_bits(at_once, in_turn)


def multiply_adds(of: Any) -> int:  # noqa: ANN401 (a call)
    """How many the engine counts meanwhile."""
    assert LIBRARY.handle is not None
    ask = LIBRARY.handle.slicken_multiply_adds
    ask.restype = ctypes.c_uint64
    before = ask()
    jax.block_until_ready(of())
    return int(ask()) - before


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_multiply_adds_are_those_counted_by_hand(activation: Activation) -> None:
    """Two convolutions of two samples and two filters, two units, two recurrent layers, one driver.

    Five samples leave four steps, then three. As written, a step of the first convolution takes
    2 x 1 x 2 products, of the second 2 x 2 x 2, of the projection 2 x 6: 24, and linear, as one
    convolution of three samples, 3 x 1 x 6. The first layer's states take 2 x 6 and the second
    layer 4 x 6 at each of three steps.
    """
    shape = Kernel(shaped(2, 2, 2, 2, 2, activation), 5, 3, 2, 1)
    given = given_to(shape)
    apart = Windows(given.windows.drivers, jnp.asarray([[4, 9, 14], [20, 30, 40]]), 5)
    given = given._replace(windows=apart)
    engine = NativeEngine()
    states = 3 * (12 + 24)
    if activation == "linear":
        forward = 3 * 18
        with_weights = 2 * forward
    else:
        first, second, projection = 4 * 4, 3 * 8, 3 * 12
        forward = first + second + projection
        # The first convolution's input wants no gradient.
        with_weights = 2 * first + 3 * second + 3 * projection
    windows = 2 * 3
    predicted = multiply_adds(lambda: engine.predict(given.networks, apart))
    trained = multiply_adds(lambda: engine.loss_and_gradients(*given))
    explained = multiply_adds(lambda: engine.predict_with_gradients(given.networks, apart))
    assert predicted == windows * (forward + states)
    assert trained == windows * (with_weights + 3 * states)
    assert explained == windows * (2 * forward + 2 * states)


def test_multiply_adds_are_those_of_the_histories() -> None:
    """Three samples leave one step and four two; no instant before them is looked at."""
    given = given_to(Kernel(shaped(2, 2, 2, 2, 2, "relu"), 5, 3, 1, 1))
    ends = jnp.asarray([[4, 14, 24]])
    windows = Windows(given.windows.drivers, ends, 5, jnp.asarray([[3, 4, 3]]))
    given = given._replace(windows=windows)
    engine, steps = NativeEngine(), 1 + 2 + 1
    first, second, projection = (steps + 3) * 4, steps * 8, steps * 12
    forward, states = first + second + projection, steps * (12 + 24)
    with_weights = 2 * first + 3 * second + 3 * projection
    predicted = multiply_adds(lambda: engine.predict(given.networks, windows))
    trained = multiply_adds(lambda: engine.loss_and_gradients(*given))
    explained = multiply_adds(lambda: engine.predict_with_gradients(given.networks, windows))
    assert predicted == forward + states
    assert trained == with_weights + 3 * states
    assert explained == 2 * forward + 2 * states


def one_gate(kernel: list[float], bias: list[float]) -> Network:
    """One unit that never looks back, seen after one step: h = (1 - z) n."""
    return Network(
        (),
        (GRU(single([[kernel]]), jnp.zeros((1, 1, 3)), single([[bias, [0, 0, 0]]])),),
        jnp.ones((1, 1)),
        jnp.zeros(1),
        "linear",
    )


MAGNITUDES = np.concatenate([10.0 ** np.arange(-37, -4), np.geomspace(1e-4, 1e38, 20_000)])


def friction_at(network: Network, samples: Any) -> Any:  # noqa: ANN401 (arrays)
    ends = jnp.arange(len(samples), dtype=jnp.int32)[None]
    found = NativeEngine().predict(network, Windows(single(samples)[:, None], ends, 1))
    return np.asarray(found[0], np.float64)


@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_a_gate_is_right_at_every_magnitude(use: Any, name: str) -> None:  # noqa: ANN401
    """tanh to six half units in the last place, sigmoid to four of those of one.

    Numbers so small that the least coefficient of tanh (4.9e-3) makes them denormal become zero.
    """
    use(name)
    samples = np.concatenate([-MAGNITUDES[::-1], [0], MAGNITUDES]).astype(np.float32)
    exact = samples.astype(np.float64)
    candidate = friction_at(one_gate([0, 0, 1], [-100, 0, 0]), samples)
    np.testing.assert_allclose(
        candidate, np.tanh(exact), rtol=6 * 2.0**-24, atol=2.0**-126 / 4.8e-3
    )
    update = 1 - friction_at(one_gate([1, 0, 0], [0, 0, 100]), samples)
    with np.errstate(over="ignore"):
        expected = naive.sigmoid(exact)
    np.testing.assert_allclose(update, expected, rtol=0, atol=4 * 2.0**-24)


@pytest.mark.parametrize("name", INSTRUCTION_SETS)
def test_a_saturated_gate_is_all_or_nothing(use: Any, name: str) -> None:  # noqa: ANN401
    """To half a unit in the last place: one that leaked would leak at each of 500 steps."""
    use(name)
    samples = [-3e38, -1e30, -20, 20, 1e30, 3e38]
    candidate = friction_at(one_gate([0, 0, 1], [-100, 0, 0]), samples)
    np.testing.assert_allclose(candidate, np.sign(samples), rtol=0, atol=2.0**-25)
    taken = friction_at(one_gate([1, 0, 0], [0, 0, 100]), samples)
    np.testing.assert_allclose(taken, [1, 1, 1, 0, 0, 0], rtol=0, atol=2.0**-25)
