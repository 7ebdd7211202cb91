"""The catalogues: every key in both languages, with the same fields, and every key that is used."""

import ast
import json
import math
import re
import string
import tomllib
from pathlib import Path

import pytest

import slicken
from slicken.errors import SlickenError
from slicken.reporting.wording import Wording, language_named, words
from slicken.reporting.wording.catalogue import NOTHING
from slicken.statements import Statement

SOURCE = Path(slicken.__file__).parent
KEYS = sorted(words("en").templates)


def fields(template: str) -> set[str]:
    """The names in a template; a language without plurals has no use for those."""
    parts = string.Formatter().parse(template)
    return {name for _, name, form, _ in parts if name and not (form or "").startswith("plural")}


def test_both_languages_have_the_same_keys() -> None:
    assert sorted(words("ja").templates) == KEYS


def test_a_key_has_the_same_fields_in_both_languages() -> None:
    others = {
        key: (fields(words("en").templates[key]), fields(words("ja").templates[key]))
        for key in KEYS
        if fields(words("en").templates[key]) != fields(words("ja").templates[key])
    }
    assert not others


def test_every_statement_in_the_source_has_words() -> None:
    used = set()
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first = node.args[0]
            if called == "Statement" and isinstance(first, ast.Constant):
                used.add(str(first.value))
    assert used - set(KEYS) - {"findings.gap", "missing.key"} == set()


IN_SECONDS = (
    "answer.windows_slip", "labels.window_with_slip", "labels.steady", "page.log", "columns.step",
    "columns.duration", "methods_text.data", "progress.lock_watched", "places.time", "places.both",
    "answer.relative", "splits.hold", "splits.step", "splits.stress_step",
    "lab.did_holds",
)  # fmt: skip
OF_LOGS = ("findings.", "steps.")
OF_LAWS = {
    f"{section}.{name}"
    for file in (SOURCE / "reporting" / "wording" / "en").glob("law*.toml")
    for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items()
    for name in entries
}
"""Words of friction laws, which know no windows."""


@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_length_has_the_unit_of_the_clock_and_only_times_have_seconds(language: str) -> None:
    templates = words(language_named(language)).templates
    seconds = re.compile(r"\} s(?![A-Za-z])|\(s\)|（s）")
    of_studies = {key for key in set(templates) - OF_LAWS if not key.startswith(OF_LOGS)}
    assert {key for key in of_studies if seconds.search(templates[key])} <= set(IN_SECONDS)


def test_the_unit_of_a_length_is_that_of_the_clock() -> None:
    said = {clock: words("en", clock)("labels.length", window=50.0) for clock in ("time", "slip")}
    assert said == {"time": "50 s", "slip": "50 µm"}


SAID = [
    ("{x:.2f}", {"x": -0.001}, "0.00", "0.00"),
    ("{x:.3g}", {"x": 1996.0}, "2000", "2000"),
    ("{x:percent}", {"x": 0.1234}, "12 %", "12 %"),
    ("{x:percent}", {"x": math.nan}, NOTHING, NOTHING),
    ("{x:range .0f}", {"x": (88, 116)}, "88 to 116", "88〜116"),
    ("{x:range %}", {"x": (0.0, 0.2)}, "0 to 20 %", "0〜20 %"),
    ("{x:within .2f}", {"x": (0.85, 0.75, 0.9)}, "0.85 (0.75 to 0.90)", "0.85（0.75〜0.90）"),
    ("{x:within %}", {"x": (0.12, 0.0, 0.2)}, "12 % (0 to 20 %)", "12 %（0〜20 %）"),
    ("{x:within .2f}", {"x": (0.85, math.nan, math.nan)}, "0.85", "0.85"),
    ("{c:channel}", {"c": "slip_velocity"}, "slip velocity", "すべり速度"),
    ("{c:Channel}", {"c": "axial_rate"}, "Axial displacement rate", "軸変位速度"),
    ("{v:quantity}", {"v": ("slip_velocity", 0.0035)}, "3.5 mm/s", "3.5 mm/s"),
    (
        "{p:estimate}",
        {"p": ("dc", (7e-6, 6.1e-6, 8.2e-6))},
        "7.0 (6.1 to 8.2) µm",
        "7.0（6.1〜8.2）µm",
    ),
    (
        "{p:estimate}",
        {"p": ("a", (0.0089, 0.0085, 0.0093))},
        "0.0089 (0.0085 to 0.0093)",
        "0.0089（0.0085〜0.0093）",
    ),
    ("{p:estimate}", {"p": ("dc", (7e-6, math.nan, math.nan))}, "7 µm", "7 µm"),
    ("{p:estimate span}", {"p": ("dc", (7e-6, 0.5e-6, 3e-5))}, "0.5 to 30 µm", "0.5〜30 µm"),
    ("{p:estimate ends}", {"p": ("dc", (7e-6, math.nan, math.nan))}, NOTHING, NOTHING),
    (
        "{p:estimate bare 3}",
        {"p": ("stiffness", (7100, 6700, 7500))},
        "7.1 (6.7 to 7.5)",
        "7.1（6.7〜7.5）",
    ),
    ("{t:duration}", {"t": 75}, "1 min 15 s", "1 分 15 秒"),
    ("{t:duration}", {"t": 200_000}, "2 d 7 h", "2 日 7 時間"),
    ("{m:term models}", {"m": "trees"}, "boosted trees", "勾配ブースティング木"),
    ("{n} {n:plural run|runs}", {"n": 1}, "1 run", "1 run"),
    ("{n} {n:plural run|runs}", {"n": 2}, "2 runs", "2 runs"),
    ("{l:list}", {"l": ("a", "b", "c")}, "a, b and c", "a、bとc"),
    ("{l:list channel}", {"l": ("slip", "temperature")}, "slip and temperature", "すべり量と温度"),
    ("{l:list}", {"l": ()}, "", ""),
]


@pytest.mark.parametrize(("template", "values", "english", "japanese"), SAID)
def test_a_value_is_written_in_one_way(
    template: str, values: dict[str, object], english: str, japanese: str
) -> None:
    for language, said in (("en", english), ("ja", japanese)):
        known = words(language_named(language)).templates
        wording = Wording(language_named(language), {**known, "missing.key": template})
        assert wording("missing.key", **values) == said


def test_a_statement_within_another_has_no_full_stop_of_its_own() -> None:
    wording = Wording("en", {"a.whole": "Seen: {why:say}.", "a.part": "there is {n} log."})
    assert wording("a.whole", why=Statement("a.part", n=1)) == "Seen: there is 1 log."


def test_a_statement_survives_json_and_does_not_change() -> None:
    one = Statement("a.b", x=(1.5, 2.0), why=Statement("a.c", name="f"), names=("p", "q"))
    assert Statement.from_plain(json.loads(json.dumps(one.to_plain()))) == one
    with pytest.raises(AttributeError, match="does not change"):
        one.key = "other"


def test_a_language_that_is_not_there_is_refused() -> None:
    with pytest.raises(SlickenError, match="en and ja"):
        language_named("fr")
