"""The terminal: progress with time left, plain lines where nobody watches, one line for errors."""

import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

    from slicken.evidence.evidence import Evidence
    from slicken.experiment import Experiment
    from slicken.learning.training import EpochLosses
    from slicken.study.forecast import Forecast
    from slicken.study.plan import Plan
    from slicken.study.prepared import Prepared
    from slicken.study.progress import Progress as Event

QUIET_SECONDS = 20.0
"""Where nobody watches, a line of progress at most this often."""
MOST_FINDINGS = 25
"""Lines of findings, at most."""


def say(line: str = "") -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print one line to the error stream."""
    sys.stderr.write(f"slicken: {' '.join(line.split())}\n")


class Stopped(Exception):  # noqa: N818 (somebody wanted it; nothing went wrong)
    """The user stopped a command: what is kept, and the words that lead to the next command.

    Args:
        words: ready to be followed by a colon and a command.
        command: to go on with; the same one where None.
    """

    def __init__(self, words: str, command: str | None = None) -> None:
        super().__init__(words)
        self.command = command


def in_words(seconds: float) -> str:
    """A duration as people say it.

    Example:
        >>> in_words(75), in_words(7500), in_words(200000)
        ('1 min 15 s', '2 h 5 min', '2 d 7 h')
    """
    whole = max(0, round(seconds))
    for unit, size, smaller, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {smaller}"
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{whole} s"


def listed_seconds(lengths: Iterable[float]) -> str:
    """Window lengths in one breath.

    Example:
        >>> listed_seconds([100.0, 50.0])
        '50, 100 s'
    """
    return f"{', '.join(f'{seconds:g}' for seconds in sorted(lengths))} s"


def show_findings(experiments: Iterable["Experiment"]) -> None:
    """Print what was found in logs and done to them; findings that differ in numbers only, once."""
    from slicken.reporting.findings import say_findings
    from slicken.reporting.wording import words

    lines = say_findings(experiments, words("en"))
    for line in lines[:MOST_FINDINGS]:
        say(f"  {line}")
    if len(lines) > MOST_FINDINGS:
        say(f"  ... and {len(lines) - MOST_FINDINGS} more; 'slicken inspect LOG' shows all")


def show_engine(asked: str) -> None:
    """Say in a line that a slower engine runs than this processor could; else nothing.

    Args:
        asked: the engine that the plan names.
    """
    from slicken.learning.engine import what_native_lacks

    lacking = what_native_lacks() if asked == "auto" else ""
    if lacking:
        say(f"engine: layered; {lacking}: two to four times slower; see slicken doctor")


class Watcher:
    """Tells a terminal, or a log file, how a study goes; an Observer and a Reporter."""

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._task: Any = None
        self._last_line = 0.0
        self._epochs = 0
        self._title = ""
        self._to_do = 0
        self._done = 0
        self.finished: set[float] = set()
        """Window lengths that lie whole in the folder."""
        self.begun: dict[float, int] = {}
        """Epochs of window lengths that are on disk, as far as they are."""

    @contextmanager
    def watching(self) -> Iterator["Watcher"]:
        """Show a bar while a study runs, if somebody watches."""
        try:
            yield self
        finally:
            self._end_bar()

    def note(self, line: str) -> None:
        """Say it."""
        self._print(f"note: {line}")

    def prepared(self, plan: "Plan", prepared: "Prepared", done: Sequence[float]) -> None:
        """Say what the study is about."""
        self._epochs = plan.epochs
        split = prepared.split
        say(f"drivers: {', '.join(prepared.record.channels)}")
        if prepared.missing:
            say(f"missing: {', '.join(prepared.missing)} (the study runs on the others)")
        if plan.allow_stress_inputs:
            say("WARNING: the plan lets stress be a driver; friction is shear over normal stress")
        for name in prepared.scaling.mostly_noise():
            say(f"note: {name} was held constant; once standardised it is mostly noise")
        say(f"split {split.words}")
        counts = ", ".join(f"{ends.size} {part}" for part, ends in split.ends.items())
        say(f"target times: {counts}, the same for every window length")
        say(
            f"windows of {listed_seconds(plan.windows)}; "
            f"{plan.runs} runs of {plan.epochs} epochs each"
        )
        self.finished.update(done)
        self._to_do = (len(plan.windows) - len(done)) * plan.epochs * plan.runs
        if done and not self._to_do:
            say("all of them are finished: no training is left, figures and page are drawn again")
        elif done:
            say(f"finished before: {listed_seconds(done)}; going on with the others")
        if self._to_do:
            say("measuring how long it will take ...")

    def forecast(self, forecast: "Forecast") -> None:
        """Say how long it will take."""
        say(f"forecast: {in_words(forecast.total)} for the training and what follows from it")
        if forecast.total > 86400:
            say(
                "  that is long; --stride 10 takes every tenth second as a target time, "
                "--preset quick a smaller network"
            )
        self._begin_bar("training", self._to_do)

    def resumed(self, window: float, runs: int, epoch: int) -> None:
        """Say from where training goes on."""
        self._done += runs * epoch
        self.begun[window] = max(epoch, self.begun.get(window, 0))
        say(f"begun before: {window:g} s, {runs} runs, {epoch} of {self._epochs} epochs")

    def kept(self, window: float, epoch: int) -> None:
        """Remember what a user who stops here does not lose."""
        self.begun[window] = epoch

    def what_is_kept(self, out: Path) -> str:
        """What lies in the folder, for a user who has stopped."""
        begun = ", ".join(
            f"{seconds:g} s up to epoch {epoch}"
            for seconds, epoch in sorted(self.begun.items())
            if seconds not in self.finished
        )
        if self.finished:
            lengths = f"windows of {listed_seconds(self.finished)} are finished and kept in {out}"
            return f"{lengths}, {begun}" if begun else lengths
        if begun:
            return f"no window length was finished yet; kept in {out} is {begun}"
        return ""

    def epoch(
        self, window: float, runs: Sequence[int], epoch: int, losses: "EpochLosses", left: float
    ) -> None:
        """Say where training is, and the time left."""
        del runs
        self._done += losses.validation.size
        validation = [loss for loss in losses.validation.tolist() if loss == loss]
        mean = sum(validation) / len(validation) if validation else float("nan")
        words = f"{window:g} s, epoch {epoch}, loss {mean:.4g}"
        self._move(words, self._done, self._to_do, f"{in_words(left)} left")

    def window(self, window: float, best: Any, diverged: Sequence[int]) -> None:  # noqa: ANN401
        """Say how a window length ended."""
        self.finished.add(window)
        kept = [loss for run, loss in enumerate(best.tolist()) if run not in diverged]
        if kept:
            mean, low = sum(kept) / len(kept), min(kept)
            self._print(f"{window:6g} s  mean loss {mean:.5g}, lowest {low:.5g}, {len(kept)} runs")
        if diverged:
            self._print(
                f"{window:6g} s  left out because a loss was not finite: run "
                f"{', '.join(str(run) for run in diverged)}"
            )

    def __call__(self, event: "Event") -> None:
        """Say which evidence is being gathered, or which figure is drawn."""
        from slicken.reporting.wording import words

        doing, left = event.doing, event.left
        if event.done == 0:
            self._end_bar()
            title = words("en")(f"stages.{event.stage}")
            self._begin_bar("drawing" if event.stage == "figures" else title, event.total)
        said = "" if doing is None else words("en")(doing)
        self._move(said, event.done, event.total, f"{in_words(left)} left" if left == left else "")
        if event.done == event.total:
            self._end_bar()

    def _begin_bar(self, title: str, total: int) -> None:
        self._title = title
        if not sys.stdout.isatty():
            return
        from rich.progress import BarColumn, Progress, TextColumn

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=16),
            TextColumn("{task.percentage:3.0f} %  {task.fields[words]}  {task.fields[left]}"),
            transient=True,
        )
        self._task = self._progress.add_task(title, total=total, words="", left="")
        self._progress.start()

    def _end_bar(self) -> None:
        if self._progress is not None:
            self._progress.stop()
            self._progress = None

    def _move(self, words: str, done: int, total: int, left: str) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=done, words=words, left=left)
        elif time.monotonic() - self._last_line > QUIET_SECONDS:
            self._last_line = time.monotonic()
            say(f"  {self._title}, {done} of {total}: {words}" + (f"; {left}" if left else ""))

    def _print(self, line: str) -> None:
        if self._progress is not None:
            self._progress.console.print(line, highlight=False, markup=False)
        else:
            say(line)


def show_study(evidence: "Evidence", page: Path) -> None:
    """Print what a study found and where it lies."""
    from slicken.reporting.verdict import judge

    study = evidence.trained
    say()
    for line in judge(evidence).lines():
        say_wrapped(line)
    for line in study.folder.repaired:
        say_wrapped(f"note: {line}")
    unfinished = [s for s in study.plan.windows if s not in study.windows]
    if unfinished:
        say_wrapped(
            f"Unfinished: windows of {listed_seconds(unfinished)} are not trained yet; the command "
            "of the study goes on with them."
        )
    say()
    say(f"figures: {study.path / 'figures'}")
    say(f"page:    {page}")
    say(f"numbers: {study.path / 'summary.json'}")


def say_wrapped(line: str) -> None:
    """Print a long line, broken between words where somebody reads it on a terminal."""
    if sys.stdout.isatty():
        width = min(100, shutil.get_terminal_size().columns)
        line = "\n".join(textwrap.wrap(line, width, subsequent_indent="  "))
    say(line)
