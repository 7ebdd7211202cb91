"""Results: one record for each implementation in each case, and the ratios between them."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from arithmetic import nominal_flops
from case import BASE, Case
from parity import Parity
from turns import Timed, Yards


@dataclass(frozen=True)
class Record:
    """One implementation in one case; numbers that could not be had are None.

    Args:
        implementation: its title.
        peer: whether it is somebody else's.
        version: of the library.
        length: samples in a window.
        batch: windows in a batch.
        runs: networks trained.
        units: of each GRU layer.
        windows_per_s: through training, median over the turns.
        windows_per_s_min: of the slowest turn.
        windows_per_s_max: of the fastest turn.
        gflops: 1e9 nominal operations per second.
        share_of_fma_peak: arithmetic really done, as a share of the peak measured in the same run.
        nominal_share_of_fma_peak: arithmetic of the network as written, likewise.
        share_of_matmul: nominal arithmetic as a share of the rate of a large matrix product.
        peak_memory_bytes: resident, of all its processes.
        output_parity: largest difference of an output from float64, relative to the largest.
        loss_parity: largest relative difference of a loss from float64.
        ratio_to_fastest_peer: its windows/s over those of the fastest peer in this case.
        reason: why there are no numbers, if there are none.
    """

    implementation: str
    peer: bool
    version: str
    length: int
    batch: int
    runs: int
    units: int
    gates: str
    windows_per_s: float | None
    windows_per_s_min: float | None
    windows_per_s_max: float | None
    gflops: float | None
    share_of_fma_peak: float | None
    nominal_share_of_fma_peak: float | None
    share_of_matmul: float | None
    peak_memory_bytes: int | None
    output_parity: float | None
    loss_parity: float | None
    ratio_to_fastest_peer: float | None
    reason: str

    @property
    def case(self) -> Case:
        """The size of the work."""
        return Case(self.length, self.batch, self.runs, self.units, self.gates)


def make_records(
    timed: list[Timed], yards: Yards, parities: dict[str, Parity | str]
) -> list[Record]:
    """The records of one case."""
    best = fastest_peer_rate(
        (one.implementation.is_peer, median(one.rates) if one.rates else None) for one in timed
    )
    return [_record(one, yards, parities.get(one.implementation.key), best) for one in timed]


def fastest_peer_rate(rates: Iterable[tuple[bool, float | None]]) -> float | None:
    """The highest rate of the peers; each pair says whether it is one, and its windows/s."""
    return max((rate for peer, rate in rates if peer and rate is not None), default=None)


def ratio(part: float | None, whole: float | None) -> float | None:
    """One number over another; None if either could not be had."""
    return None if part is None or not whole else part / whole


def base_ratio(records: list[Record]) -> float | None:
    """The ratio in the base case of slicken's first engine that ran."""
    of_slicken = (
        record.ratio_to_fastest_peer
        for record in records
        if record.case == BASE and not record.peer and record.windows_per_s is not None
    )
    return next(of_slicken, None)


def as_json(records: list[Record]) -> list[dict[str, Any]]:
    """Records as JSON has them, numbers to four figures."""
    return [{name: _short(value) for name, value in asdict(record).items()} for record in records]


def _record(one: Timed, yards: Yards, parity: Parity | str | None, best: float | None) -> Record:
    case = one.case
    rate = median(one.rates) if one.rates else None
    nominal = None if rate is None else rate * nominal_flops(case) / 1e9
    done = nominal
    if rate is not None and one.done:
        done = rate * median(one.done) / 1e9
    fma = median(yards.fma) if yards.fma else None
    product = median(yards.product) if yards.product else None
    known = parity if isinstance(parity, Parity) else None
    return Record(
        implementation=one.implementation.title,
        peer=one.implementation.is_peer,
        version=one.version,
        **vars(case),
        windows_per_s=rate,
        windows_per_s_min=min(one.rates, default=None),
        windows_per_s_max=max(one.rates, default=None),
        gflops=nominal,
        share_of_fma_peak=ratio(done, fma),
        nominal_share_of_fma_peak=ratio(nominal, fma),
        share_of_matmul=ratio(nominal, product),
        peak_memory_bytes=one.memory,
        output_parity=known.output if known else None,
        loss_parity=known.loss if known else None,
        ratio_to_fastest_peer=ratio(rate, best),
        reason=one.reason,
    )


def _short(value: Any) -> Any:  # noqa: ANN401 (JSON)
    return float(f"{value:.4g}") if isinstance(value, float) else value
