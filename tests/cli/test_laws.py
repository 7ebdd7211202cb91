"""``slicken law``: what it asks for, its one screen, and what it writes."""

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.cells import cell_len
from rich.console import Console

import made_up_laws as made_up
import slicken
from commands import give, refused
from slicken.cli.law_screen import law_screen
from slicken.cli.screen import WIDTH
from slicken.laws.results import Estimate, Laws
from slicken.laws.saved import load_laws
from slicken.reporting.laws.answer import answer_of
from slicken.reporting.wording.catalogue import LANGUAGES, Language

NAN = float("nan")
WILD: dict[str, Any] = {
    "a": Estimate(-0.123456, -12.5, 3.25, 0.1), "a_minus_b": Estimate(-0.5, -123.0, 456.0, 0.1),
    "dc": Estimate(NAN, NAN, NAN, NAN), "stiffness": Estimate(1e9, 1e3, 1e12, 0.0),
}  # fmt: skip
CASES = {
    "all": made_up.laws(),
    "one step": made_up.laws(
        events=(made_up.step(0, verdict="slip"),), shared=(), healing=(), histories=(),
        thermal=(), verdict="slip",
    ),
    "many steps": made_up.laws(events=tuple(map(made_up.step, range(40))), records=("p",) * 20),
    "no event": Laws(("p",), (), (), (), (), (), None),
    "none usable": made_up.laws(
        events=(made_up.unusable(0), made_up.unusable(1)), shared=(), verdict=None
    ),
    "wild numbers": made_up.laws(events=(made_up.step(0, fits=[made_up.fit(**WILD)]),), shared=()),
    "stiffness given": made_up.laws(
        events=(made_up.step(0, fits=[made_up.fit(names=("a", "b", "dc"))]),), shared=()
    ),
    "neither, no healing rate": made_up.laws(
        verdict="neither", healing=(replace(made_up.healing(), rate=Estimate(NAN, NAN, NAN, NAN)),)
    ),
}  # fmt: skip


def lines_of(laws: Laws, language: Language = "en") -> list[str]:
    """The screen as plain lines."""
    console = Console(file=io.StringIO(), width=WIDTH, no_color=True)
    with console.capture() as captured:
        console.print(law_screen(answer_of(laws), console, language))
    return captured.get().splitlines()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
def test_the_answer_fits_one_screen(case: str, language: Language) -> None:
    lines = lines_of(CASES[case], language)
    assert len(lines) <= 24  # and one for the page
    assert max(map(cell_len, lines)) <= WIDTH


def test_the_verdict_comes_first_and_numbers_have_intervals() -> None:
    lines = lines_of(CASES["one step"])
    assert "Slip law" in lines[1]
    text = "\n".join(lines)
    for said in (
        "Velocity weakening: a − b = -0.00040 (-0.00050 to -0.00030)",
        "Dc 9.1 (7.9 to 10.6) µm",
        "k = 0.0071 (0.0067 to 0.0075) 1/µm",
        "3 → 10 µm/s",
        "8.5 to 9.3",
    ):
        assert said in text, text


def test_what_the_data_do_not_determine_has_no_value() -> None:
    wide = made_up.fit("ageing", dc=Estimate(7e-6, 0.5e-6, 30e-6, 1e-6))
    laws = made_up.laws(events=(made_up.step(0, fits=[wide]),), shared=(), healing=(), thermal=())
    text = " ".join(line.strip("│ ") for line in lines_of(laws))
    assert "Dc not determined (0.5 to 30 µm)" in text
    assert "7.0" not in text


def test_one_law_alone_is_not_compared() -> None:
    alone = made_up.step(0, fits=[made_up.fit("ageing")], verdict="not_distinguishable")
    laws = made_up.laws(
        events=(alone,), shared=(), healing=(), thermal=(), verdict="not_distinguishable"
    )
    assert "Ageing law; no other was fitted" in lines_of(laws)[1]


def test_a_second_state_is_said_beside_the_first() -> None:
    laws = made_up.laws(
        events=(made_up.step(0, fits=[made_up.fit("ageing", 2)]),), shared=(), healing=(),
        thermal=(), verdict="ageing",
    )  # fmt: skip
    text = " ".join(line.strip("│ ") for line in lines_of(laws))
    assert "b₂ 0.0020" in text
    assert "Dc₂ " in text


def test_a_law_as_good_as_the_best_on_whole_records_is_that_of_the_events() -> None:
    for rmse, first in ((1.01e-4, "Ageing law, Dc"), (2e-4, "Slip law, Dc")):
        histories = (made_up.history("ageing", rmse=rmse), made_up.history("slip", rmse=1e-4))
        laws = made_up.laws(verdict="ageing", histories=histories)
        assert any(line.startswith("│ Whole records") and first in line for line in lines_of(laws))


def test_no_interval_of_the_table_is_cut() -> None:
    steep = made_up.fit(
        "ageing", 2, a=Estimate(10.00e-3, 9.85e-3, 10.16e-3, 1e-5),
        b=Estimate(12.01e-3, 11.87e-3, 12.14e-3, 1e-5),
        a_minus_b=Estimate(-2.01e-3, -2.10e-3, -1.90e-3, 1e-5),
        dc=Estimate(30.2e-6, 29.3e-6, 30.9e-6, 1e-8),
        stiffness=Estimate(1980.0, 1890.0, 2080.0, 1.0),
    )  # fmt: skip
    step = made_up.step(0, fits=[steep])
    step = replace(step, event=replace(step.event, start=10550.0, before=2.29e-6, after=229e-6))
    laws = made_up.laws(events=(step,), shared=(), healing=(), histories=(), thermal=())
    last = next(line for line in lines_of(laws) if "ageing, 2 θ" in line)
    assert "1.89 to 2.08" in last
    assert "…" not in last


def test_where_a_thermal_law_alone_was_asked_for_nothing_is_said_of_events() -> None:
    thermal = Laws(("p",), (), (), (), (), made_up.thermal(), None)
    text = "\n".join(lines_of(thermal))
    assert "Temperature" in text
    assert "event" not in text
    assert "caveats" not in text


def test_a_soft_spring_has_digits() -> None:
    soft = made_up.fit(stiffness=Estimate(1.512, 1.499, 1.525, 1e-3))
    laws = made_up.laws(events=(made_up.step(0, fits=[soft]),), shared=())
    text = "\n".join(lines_of(laws))
    assert "k = 1.51e-06 (1.5e-06 to 1.52e-06) 1/µm" in text
    assert "0.0015 to 0.00152" in text


def test_an_event_that_was_not_used_is_named_with_its_number_and_reason() -> None:
    text = "\n".join(lines_of(CASES["all"]))
    assert "1 event not used: 3; the first: 4 µm of slip after the step" in text
    assert "4 caveats: see the page" in text


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What was asked of the fit, which answers with laws that are made up."""
    asked: dict[str, Any] = {}

    def fit_laws(records: object, **options: object) -> Laws:
        asked.update(options, records=records)
        return made_up.laws()

    monkeypatch.setattr(slicken, "fit_laws", fit_laws, raising=False)
    return asked


@pytest.fixture
def log(tmp_path: Path) -> Path:
    rows = [f"{n / 10},{0.6 + 0.001 * (n % 7)},{n / 10}" for n in range(200)]
    log = tmp_path / "p5760.csv"
    log.write_text("\n".join(["time_s,friction,load_point_um", *rows]), encoding="utf-8")
    return log


def test_a_log_gives_tables_json_and_netcdf(log: Path, asked: dict[str, Any]) -> None:
    answer = give("law", log, "--out", "laws", where=log.parent)
    assert (answer.code, answer.err) == (0, ""), answer
    assert len(answer.out.splitlines()) <= 30
    assert asked["laws"] == ("ageing", "slip")
    assert asked["states"] == (1, 2)
    assert (asked["stiffness"], asked["steps"], asked["thermal"]) == (None, None, False)
    (record,) = asked["records"]
    assert record.channels["load_point"][10] == pytest.approx(1e-6)
    table = pd.read_csv(log.parent / "laws" / "laws.csv")
    assert table["event"].tolist()[:5] == [1, 1, 2, 2, 3]
    first = table.iloc[0]
    assert first["dc_um"] == pytest.approx(7.0)
    assert first["dc_um_low"] < first["dc_um"] < first["dc_um_high"]
    assert first["stiffness_per_um"] == pytest.approx(0.0071)
    assert (first["velocity_after_um_s"], first["correlation_a_b"]) == (10.0, 0.94)
    summary = json.loads((log.parent / "laws" / "laws.json").read_text(encoding="utf-8"))
    assert summary["verdict"] == "not_distinguishable"
    assert summary["events"][0]["fits"][0]["estimates"]["dc"]["value"] == pytest.approx(7e-6)
    assert summary["units"]["dc"] == "m"
    assert load_laws(log.parent / "laws" / "laws.nc").verdict == "not_distinguishable"


def test_options_are_handed_on(log: Path, asked: dict[str, Any]) -> None:
    answer = give(
        "law", log, "--out", "laws", "--law", "slip,thermal", "--states", "1", "--stiffness",
        "0.1 MPa/um", "--steps", "mine.csv", "--history", "--lang", "ja", where=log.parent,
    )  # fmt: skip
    assert answer.code == 0, answer
    assert (asked["laws"], asked["states"], asked["thermal"]) == (("slip",), (1,), True)
    assert (asked["stiffness"], asked["history"]) == ("0.1 MPa/um", True)
    assert asked["steps"] == Path("mine.csv")


@pytest.mark.parametrize(
    ("laws", "why"),
    [
        (Laws(("p5760",), (), (), (), (), (), None), "no velocity step, hold or step of normal"),
        (CASES["none usable"], "4 µm of slip after the step"),
    ],
)
def test_where_nothing_was_fitted_a_line_says_why_and_what_was_found_is_kept(
    laws: Laws, why: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laws = replace(laws, thermal=(), histories=())
    monkeypatch.setattr(slicken, "fit_laws", lambda *_, **__: laws)
    said = refused(give("law", log, "--out", "laws", where=log.parent))
    assert why.lower() in said.lower()
    assert "laws" in said
    assert (log.parent / "laws" / "laws.html").is_file()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--law", "aging"), "there is ageing, slip and thermal"),
        (("--law", ","), "names no law"),
        (("--states", "3"), "give 1, 2 or 1,2"),
        (("--states", ""), "give 1, 2 or 1,2"),
        (("--lang", "fr"), "en and ja"),
    ],
)
def test_a_mistake_is_one_line(words: tuple[str, ...], said: str, log: Path) -> None:
    assert said in refused(give("law", log, "--out", "laws", *words, where=log.parent))
    assert not (log.parent / "laws").exists()
