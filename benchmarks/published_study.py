"""The published study at full size: how long it would take here, from measured rates.

Ten lengths from 50 to 500 samples, 20 runs, 100 epochs (Uhmb, Hamada & Hirose 2025). The record
has 6,000 samples, 60 % of them in one piece for training, every sample a target that has the
longest window before it. Validation and importance are not counted.
"""

from dataclasses import replace

from case import BASE
from results import Record

LENGTHS = range(50, 501, 50)
RUNS = 20
EPOCHS = 100
TRAINING_SAMPLES = 3600


def windows_of_each_length() -> int:
    """Windows in the training part: the same targets for all lengths."""
    return TRAINING_SAMPLES - max(LENGTHS) + 1


def hours(rates: dict[int, float]) -> float | None:
    """Hours for the training of all lengths.

    Args:
        rates: windows per second by window length, as measured. The time of a window is taken to
            be linear between two lengths, and beyond the longest as between the last two.
            With fewer than two lengths there is no line.
    """
    if len(rates) < 2:
        return None
    each = windows_of_each_length() * EPOCHS * RUNS
    return sum(each * seconds_of_window(length, rates) for length in LENGTHS) / 3600


def study_hours(records: list[Record]) -> dict[str, float]:
    """Hours with slicken, its first engine that ran, and with the peer that needs fewest."""
    rates: dict[tuple[bool, str], dict[int, float]] = {}
    for record in records:
        if record.windows_per_s is not None and record.case == replace(BASE, length=record.length):
            of_one = rates.setdefault((record.peer, record.implementation), {})
            of_one[record.length] = record.windows_per_s
    most = max((len(lengths) for lengths in rates.values()), default=0)
    known = {one: hours(lengths) for one, lengths in rates.items() if len(lengths) == most}
    ours = [(name, h) for (peer, name), h in known.items() if not peer and h is not None]
    theirs = [(name, h) for (peer, name), h in known.items() if peer and h is not None]
    return dict([*ours[:1], *sorted(theirs, key=lambda pair: pair[1])[:1]])


def seconds_of_window(length: int, rates: dict[int, float]) -> float:
    """Time of one window, from the line through the two measured lengths about it."""
    known = sorted(rates)
    upper = next((i for i, value in enumerate(known) if value >= length), len(known) - 1)
    low, high = known[max(upper, 1) - 1], known[max(upper, 1)]
    begin, end = 1 / rates[low], 1 / rates[high]
    return begin + (end - begin) * (length - low) / (high - low)
