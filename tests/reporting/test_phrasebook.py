"""The phrasebook: sentences are recognised, their numbers kept, and none of ours is missing."""

import re
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest

import slicken
from slicken.channels import CHANNELS
from slicken.errors import SlickenError
from slicken.physics.truths import TRUTHS
from slicken.reporting.page import CONTENTS
from slicken.reporting.phrasebook import Phrasebook, japanese, language_named
from slicken.reporting.verdict import METHOD_WORDS, judge
from slicken.reporting.wording import words
from slicken.study.presets import PAPER_ASSUMPTIONS

FIELD = re.compile(r"\{(\w+)")


@pytest.fixture
def book() -> Phrasebook:
    return Phrasebook(
        {
            "heat": "熱",
            "load": "荷重",
            "{what!} took {n} s.": "{what}に {n} 秒",
            "{what!} {n}": "{what} {n}",
            "{name...} is odd: {list!}.": "{name} は変: {list}",
            "It has no end.": "終わりなし",
        }
    )


def phrases() -> Iterator[tuple[str, str]]:
    text = (files("slicken.reporting") / "phrases" / "ja.toml").read_text(encoding="utf-8")
    for part in tomllib.loads(text).values():
        yield from part.items()


def test_numbers_and_names_are_kept_and_words_are_said(book: Phrasebook) -> None:
    assert book.say("Heat took 3.5 s.") == "熱に 3.5 秒"
    assert book.say("<b>x</b> is odd: heat 1, load 2; heat and load.") == (
        "<b>x</b> は変: 熱 1、荷重 2；熱と荷重"
    )
    assert book.say("-3.1 (2 to 5)") is None
    assert book.say("-3.1") == "-3.1"


def test_a_field_for_a_number_takes_no_word(book: Phrasebook) -> None:
    assert book.say("Heat took ages s.") is None
    assert book.say("heat loud") is None


def test_a_word_that_is_not_known_leaves_the_sentence_english(book: Phrasebook) -> None:
    said = book.pieces("Rain took 3 s. It has no end. Heat took 2 s.")
    assert [(piece.text, piece.is_translated) for piece in said] == [
        ("Rain took 3 s.", False),
        ("終わりなし", True),
        ("熱に 2 秒", True),
    ]


def test_braces_in_a_name_are_text(book: Phrasebook) -> None:
    assert book.say("{n} is odd: heat.") == "{n} は変: 熱"


@pytest.mark.parametrize(("english", "said"), list(phrases()))
def test_a_translation_has_the_fields_of_its_phrase(english: str, said: str) -> None:
    assert sorted(FIELD.findall(english)) == sorted(FIELD.findall(said))
    assert said == said.strip()


@pytest.mark.parametrize(
    "text",
    [
        *(channel.title for channel in CHANNELS.values()),
        *METHOD_WORDS.values(),
        *PAPER_ASSUMPTIONS,
        *(title for _, title in CONTENTS),
        *(words("en")(f"truths.{name}", memory=(100.0, "s")) for name in TRUTHS),
    ],
)
def test_what_the_other_rooms_name_has_a_translation(text: str) -> None:
    assert japanese().say(text) is not None


# Sentences that the evidence can write, with numbers put in by hand.
SENTENCES = [
    "Window length: 400 s is best (probability 0.98 over 20 paired runs and 31 blocks of time).",
    "Window length: only 50 s was tried, so there is no contest.",
    "Window length: 50 s has the lowest loss, of no paired run; too few to tell.",
    "Window length: 100, 200 and 400 s tie, 100 s is the shortest; the mean is lowest at 200 s "
    "(best with probability 0.40 over 20 paired runs and 31 blocks of time).",
    "Window length: 50 s has the lowest mean, but the validation part holds only 2 independent "
    "stretches of time, too few to tell.",
    "Memory: friction needs a past of temperature and slip velocity that fades with an e-folding "
    "time of 88 to 116 s, with its present value (a linear model that predicts as well as the "
    "networks; 99 % interval); the networks are constant and use no history.",
    "Memory: friction needs more than 50 s and at most 200 s (networks trained on less); the "
    "networks are constant and use no history.",
    "Memory: these data show none; 10 s of history do as well as more (boosted trees refitted on "
    "less, which predict as well as the networks); the networks are constant and use no history.",
    "The predictions of the test experiments fit the friction of other experiments nearly as well "
    "(31% of the ways to exchange them), so the contest on the validation part decides nothing "
    "(only 50 s was tried, so there is no contest).",
    "Seen: there is only one experiment; temperature lies outside its training range in 31% of "
    "the test part; friction hardly varies in the test part (9% of its spread in training); the "
    "mean friction of a log, odd (0.310) is unlike that of the training experiments (0.600 to "
    "0.700).",
    "Temperature: carries information; its future tells of friction now (12% of its variance), so "
    "it may be a consequence and normal stress tells of friction what no driver tells (9% of its "
    "variance), so it may stand in for that. It takes away 40% (- to -) of the error that all "
    "drivers take away.",
    "Axial displacement: not separable; without it nothing is lost as long as axial displacement "
    "rate is there. It takes away 40% (30% to 50%) of the error that all drivers take away.",
    "Slip velocity: methods disagree; it takes error away, but by gradients earns no more than "
    "channels of noise. It takes away 4% (3% to 5%) of the error that all drivers take away.",
    "The methods disagree on the first: temperature by |dLoss/dx|, permutation; slip velocity by "
    "integrated gradients.",
    "WARNING: normal stress and shear stress is among the drivers, because the plan says so. "
    "Friction is shear over normal stress: the network may divide instead of learn.",
    "Left out at 50 s because a loss was not finite: run 1, 3; the statistics are those of the "
    "others.",
    "Slip velocity spans decades and is taken on a logarithmic scale.",
    "Temperature and axial displacement go together (correlation -0.98); shares between them are "
    "an accident of training.",
    "The logs have no temperature, temperature rate: the study ran on the drivers that exist.",
    "Trained anew without a driver, the lowest validation loss of 0.1234 changes: temperature "
    "+0.01 (standard error 0.002), slip velocity -1e-05 (standard error nan).",
    "Leak: divided at random, the same windows would have shown a validation loss of 0.01 in place "
    "of 0.1, and a test loss of 0.02 in place of 0.2.",
    "Found: no memory; 100 s were planted.",
    "No driver is a cause here, but called supported is temperature and slip velocity.",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_what_the_evidence_can_write_has_a_translation_with_its_numbers(text: str) -> None:
    pieces = japanese().pieces(text)
    assert [piece.text for piece in pieces if not piece.is_translated] == []
    said = "".join(piece.text for piece in pieces)
    assert not re.search(r"[a-z]{3,} [a-z]{2,}", re.sub("'[^']*'|a log, odd", "", said)), said
    number = r"\d+(?:\.\d+)?(?:e-\d+)?"
    assert set(re.findall(number, text)) <= set(re.findall(number, said))


def test_every_sentence_of_a_verdict_is_said_in_japanese(bench: Path) -> None:
    evidence = slicken.explain(slicken.open_study(bench / "tiny"))
    for line in judge(evidence).lines():
        for piece in japanese().pieces(line):
            assert piece.is_translated, piece.text


def test_a_language_that_the_page_does_not_speak_is_refused() -> None:
    with pytest.raises(SlickenError, match="speaks en and ja; give one"):
        language_named("fr")


def test_a_list_is_said_one_by_one_whatever_else_begins_like_it() -> None:
    """A phrase of the figures once took the rest of the list for an arrow."""
    said = japanese().pieces(
        "Skill against a constant (1 is perfect, 0 no better), without an interval because the "
        "test part holds only 2 independent blocks: training mean 0.93, training median -0.35, "
        "test mean -5.14."
    )
    assert len(said) == 1
    assert (
        "学習データの平均値 0.93、学習データの中央値 -0.35、テストデータの平均値 -5.14"
        in said[0].text
    )
