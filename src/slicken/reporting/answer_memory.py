"""Memory in the answer: how much history friction needs, by which clock, and what says so."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from slicken.channels import TEMPERATURE, TITLED
from slicken.evidence.kernels import KERNELS
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.clock import Clock
    from slicken.evidence.evidence import Evidence
    from slicken.evidence.memory import Memory


@dataclass(frozen=True)
class Finding:
    """One question and its answer.

    Args:
        headline: The answer in a few words.
        beside: What a reader needs beside it at once.
        more: The rest.
    """

    headline: Statement
    beside: tuple[Statement, ...] = ()
    more: tuple[Statement, ...] = ()

    def statements(self) -> tuple[Statement, ...]:
        """All of it."""
        return (self.headline, *self.beside, *self.more)


def memory_found(evidence: "Evidence") -> Finding:
    """What the data say about the memory of friction, and by which clock it forgets."""
    memory, used = evidence.memory.conclusion, _used(evidence)
    true = evidence.trained.true_memory
    if evidence.skill.grade != "shown":
        why = "memory_common_course" if evidence.skill.proven else "memory_no_skill"
        return Finding(_headline("unknown", true), (Statement(f"answer.{why}"),), used)
    if evidence.memory.forgets_by_slip:
        return _by_slip(evidence, used)
    used = (*_clock_beside(evidence.memory.clock, memory), *_noise(evidence), *used)
    if memory is None:
        return Finding(_headline("unknown", true), (Statement("answer.memory_one_length"),), used)
    if not memory.is_needed:
        enough = Statement("answer.memory_enough", enough=memory.enough, family=memory.method)
        return Finding(_headline("none", true), (enough,), used)
    return Finding(_memory_needed(memory, true), tuple(_memory_by(evidence, memory)), used)


def _clock_beside(clock: "Clock", memory: "Memory | None") -> Iterator[Statement]:
    """What the clock says, unless the memory beside it says otherwise.

    The clock weights the past of all selected drivers alike. Where it tells of a length, and the
    memory rests on none or on another one, only the memory is said.
    """
    fit, verdict = clock.fit, clock.verdict
    if verdict == "given":
        yield clock.statement()
    elif memory is None or not memory.is_needed:
        if (verdict == "no_memory") == (memory is not None) and fit is None:
            yield clock.statement()
    elif fit is None:
        if verdict != "no_memory":
            yield clock.statement()
    elif fit.clock == "time":
        low, high = (fit.more_than, math.inf) if fit.is_limited else (fit.low, fit.high)
        if low <= memory.high and memory.low <= high:
            yield clock.statement()


def _by_slip(evidence: "Evidence", used: tuple[Statement, ...]) -> Finding:
    """Memory in metres, with a, b and Dc where the past is that of slip velocity."""
    clock = evidence.memory.clock
    law = clock.rate_and_state()
    beside = Statement("answer.memory_by_slip", drivers=clock.drivers)
    return Finding(clock.statement(), (beside,), (*((law,) if law else ()), *used))


def _memory_needed(memory: "Memory", true: float | None) -> Statement:
    low, high = memory.low, memory.high
    if memory.limit:
        return _headline("beyond", true, low=_whole(low))
    if memory.method in KERNELS:
        return _headline("kernel", true, ends=(_whole(low), _whole(high, up=True)))
    return _headline("between", true, low=low, high=high)


def _memory_by(evidence: "Evidence", memory: "Memory") -> Iterator[Statement]:
    if memory.method in KERNELS:
        # Slip, told by a model that predicts less well than the networks, is no clock of seconds.
        told = evidence.memory.clock.verdict
        clock = "no_kernel" if told == "slip" else told
        yield Statement(
            "answer.memory_of", shape=memory.method, drivers=memory.drivers, clock=clock
        )
    elif memory.drivers:
        yield Statement("answer.memory_by_drivers", family=memory.method, drivers=memory.drivers)
    else:
        yield Statement("answer.memory_by", family=memory.method)
    if memory.limit == "longest":
        longest = evidence.trained.windows[-1]
        yield Statement("answer.memory_limit_longest", longest=longest)
    elif memory.limit == "training":
        yield Statement("answer.memory_limit_training")


def _noise(evidence: "Evidence") -> Iterator[Statement]:
    """Noise of the drivers whose memory was asked for, where it counts."""
    noise = evidence.memory.noise
    for name, level in zip(noise.channels, noise.level.tolist(), strict=True):
        if name in noise.noisy and name in evidence.memory.selected:
            channel = TITLED[name]
            unit = "K" if channel is TEMPERATURE else channel.shown_unit
            shown = (level * channel.shown_per_unit, unit)
            yield Statement("answer.memory_noise", driver=name, level=shown)


def _headline(kind: str, true: float | None, **values: object) -> Statement:
    """The memory in a few words, with the planted one where there is one."""
    if true is None:
        return Statement(f"answer.memory_{kind}", **values)
    return Statement(f"answer.memory_{kind}_true", true=true, **values)


def _whole(seconds: float, *, up: bool = False) -> float:
    """Seconds with the digits that an interval bears, rounded down or up, never to nothing."""
    scale = 1 if seconds >= 10 else 10
    return (math.ceil if up else math.floor)(round(seconds * scale, 6)) / scale


def _used(evidence: "Evidence") -> tuple[Statement, ...]:
    best = evidence.comparison.best
    spans = evidence.memory.spans[best].mean("run", skipna=True)
    half, most = (float(spans.sel(mass=mass)) for mass in (0.5, 0.9))
    if not np.isfinite(half):
        return (Statement("answer.memory_constant"),)
    return (Statement("answer.memory_used", window=best, half=half, most=most),)
