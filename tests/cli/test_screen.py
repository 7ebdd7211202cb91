"""The last screen: an answer on 25 lines of 100 columns, with or without a terminal."""

import io
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from rich.cells import cell_len
from rich.console import Console

import builders
from made_up_evidence import evidence, memory, skills, study, verdicts
from slicken.cli.screen import COLOURS, WIDTH, console_for_answers, screen, show_answer
from slicken.evidence.drivers import Verdict
from slicken.evidence.evidence import Evidence
from slicken.evidence.memory import Memory
from slicken.evidence.resampling import Interval
from slicken.evidence.skill import CommonCourse, Seen, Skill
from slicken.reporting.answer import answer
from slicken.reporting.wording.catalogue import LANGUAGES, Language

LONG = Memory(1234.5, 98765.4, "exponential", ("temperature", "slip_velocity"), 6.0)
COURSE = CommonCourse(
    Skill("test_mean", 0.8, 0.7, 0.9, 9), Skill("course", 0.1, -0.2, 0.3, 9), ("temperature",)
)
TRUTH = {
    "statement": {"statement": "truths.temperature-now"},
    "memory_s": 120.0,
    "causes": ["temperature"],
}


def one_experiment() -> Evidence:
    trained = study([builders.make_experiment(samples=700)], split={"by": "time"})
    return evidence(trained=trained, skill=skills({"mean": 0.9, "median": 0.8, "test_mean": -1.1}))


CASES = {
    "skill": lambda: evidence(memory=memory(Memory(7, 9, "boxcar", ("temperature",), 6))),
    "long": lambda: evidence(memory=memory(LONG), trained=study(truth=TRUTH)),
    "no skill": lambda: evidence(skill=skills({"mean": -1, "median": -2, "test_mean": -7})),
    "few blocks": lambda: evidence(skill=skills(blocks=1), drivers=verdicts("unknown", "unknown")),
    "common course": lambda: evidence(skill=skills(permutation_p=0.3, course=COURSE)),
    "seen once": lambda: evidence(skill=skills(blocks=2, seen=Seen(0.82, 0.99, 1, 60))),
    "one experiment": one_experiment,
    "no drivers": lambda: evidence(drivers=()),
    "wide name": lambda: evidence(trained=study(name="高速摩擦実験" * 12)),
    "one length": lambda: evidence([[1.0, 1.1, 0.9]], trained=study(windows=[10.0])),
}


def lines_of(found: Evidence, language: Language, width: int = WIDTH) -> list[str]:
    """The screen as plain lines."""
    console = Console(file=io.StringIO(), width=width, no_color=True)
    with console.capture() as captured:
        console.print(screen(answer(found), 123, console, language))
    return captured.get().splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_the_answer_fits_one_screen(case: str, language: Language) -> None:
    lines = lines_of(CASES[case](), language)
    assert len(lines) <= 24  # and one for the page
    assert max(map(cell_len, lines)) <= WIDTH


def test_many_drivers_and_every_verdict_fit_too() -> None:
    channels = [
        "slip_velocity", "axial_displacement", "temperature", "temperature_rate", "axial_rate",
        "normal_stress", "shear_stress",
    ]  # fmt: skip
    answered = answer(evidence())
    wide = Interval(-0.123, -1.234, 1.234)
    drivers = tuple(
        replace(answered.drivers[0], channel=name, verdict=verdict, share=wide)
        for name, verdict in zip(channels, get_args(Verdict), strict=True)
    )
    console = Console(file=io.StringIO(), width=WIDTH, no_color=True)
    with console.capture() as captured:
        console.print(screen(replace(answered, drivers=drivers), 0, console))
    lines = captured.get().splitlines()
    assert len(lines) <= 24
    assert any("and 3 more" in line for line in lines)
    assert any("-12 % (-123 to 123 %)" in line for line in lines)


def test_the_numbers_of_the_answer_are_on_the_screen() -> None:
    text = "\n".join(lines_of(CASES["skill"](), "en"))
    for said in (
        "Yes: skill 0.60 (0.40 to 0.80) against the test mean",
        "7 to 9 s",
        "Lowest mean loss at 10 s (probability 1.00)",
        "supported",
        "90 % (80 to 100 %)",
        "0.0200",
    ):
        assert said in text


def test_without_a_terminal_it_is_plain_text_of_100_columns(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert console_for_answers().width == WIDTH
    show_answer(CASES["skill"](), Path("study/report.html"))
    out = capsys.readouterr().out
    assert "\x1b" not in out
    lines = out.splitlines()
    assert lines[-1] == "page: study/report.html"
    assert len(lines) <= 25
    assert {cell_len(line) for line in lines[:-1]} == {WIDTH}


def test_verbose_prints_every_statement(capsys: pytest.CaptureFixture[str]) -> None:
    show_answer(CASES["skill"](), Path("report.html"), verbose=True)
    out = " ".join(capsys.readouterr().out.split())
    assert "Caveats" in out
    assert "“Supported” means that the driver improves the prediction" in out
    assert "hold 50 % of their gradient within 5 s" in out


def test_a_name_with_markup_is_shown_as_it_is() -> None:
    found = evidence(trained=study(name="[red]name[/red]"))
    assert "[red]name[/red]" in lines_of(found, "en")[0]


def test_a_narrow_terminal_is_not_overrun() -> None:
    lines = lines_of(CASES["skill"](), "en", width=70)
    assert max(map(cell_len, lines)) <= 70


def test_verdicts_with_a_colour_exist() -> None:
    assert set(COLOURS) <= set(get_args(Verdict))
