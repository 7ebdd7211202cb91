"""Contract: what each figure of a study offers, so that one loop draws them all."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from matplotlib.figure import Figure

from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.reporting.figures.style import Width
    from slicken.reporting.wording import Wording


class StudyFigure(Protocol):
    """A module that is one figure of a study.

    Its words are in ``wording/LANGUAGE/figures.toml``: ``NAME_title``, ``NAME_caption`` (one or two
    sentences), ``NAME_more`` (folded on the page) and ``NAME_alt`` (for readers who cannot see it).
    """

    @property
    def NAME(self) -> str:  # noqa: N802 (a constant of the module)
        """Name of its files, and of its words in the catalogue."""
        ...

    def data(self, evidence: "Evidence", /) -> Any:  # noqa: ANN401 (each figure has its own)
        """The numbers that it needs; None where there is nothing to draw."""
        ...

    def draw(self, data: Any, say: "Wording", width: "Width", /) -> Figure:  # noqa: ANN401
        """The figure, a new one each time.

        Args:
            data: What :meth:`data` returned.
            say: Words of the language in which it is drawn.
            width: Column of a journal page, or two.
        """
        ...


@dataclass(frozen=True)
class Sheet:
    """A figure with its numbers, before it is drawn.

    Args:
        name: Name of its files, without ending.
        draw: Function from words and a width to the figure.
        words: Beginning of its keys in the catalogue; its name where blank.
        values: Values of its words.
    """

    name: str
    draw: "Callable[[Wording, Width], Figure]"
    words: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def statement(self, kind: str) -> Statement:
        """Its ``title``, ``caption``, ``more`` or ``alt``."""
        return Statement(f"figures.{self.words or self.name}_{kind}", **self.values)


def best_length(evidence: "Evidence") -> float | None:
    """The window length with the lowest mean loss, s; None without proven skill."""
    return evidence.comparison.best if evidence.skill.proven else None


def tied_lengths(evidence: "Evidence") -> tuple[float, ...]:
    """Lengths that are not distinguishable from the best, s; none without proven skill."""
    return evidence.comparison.tied if evidence.skill.proven else ()


def planted_memory(evidence: "Evidence") -> float | None:
    """The memory of a simulated fault, as a length; None where none is planted or known."""
    return evidence.trained.true_memory
