"""Phrasebook: what a report says in English, said in another language.

A phrase is an English sentence with fields in braces, and its translation with the same fields. A
sentence of a report is recognised by its phrase, its fields are lifted out, and put into the
translation: numbers and reasons are those that the evidence wrote, and are not worked out again.
What no phrase fits stays English, and is marked as such.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, get_args

from slicken.errors import SlickenError

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

_FIELD = re.compile(r"\{(\w+)(\.\.\.|!)?\}")
_NUMBERS = re.compile(r"[-+−\d.,%–() e]*\d[-+−\d.,%–() e]*|-|–")
_HOLDS = {
    "": r"(?:[^ ]*?\d[^ ]*?|-?inf|nan|no|[-–])",
    "...": r".+?",
    "!": r"(?:(?!\. ).)+?",
}
"""What a field may hold, by its kind."""
_LISTS = (("; ", "；"), (", ", "、"), (" and ", "と"))
_ENDS = re.compile(r"(?<=[.:])\s+")


def language_named(name: str) -> Language:
    """A language of the page.

    Raises:
        SlickenError: where the page does not speak it.

    >>> language_named("ja")
    'ja'
    """
    for language in LANGUAGES:
        if name == language:
            return language
    raise SlickenError(f"--lang {name}: a report speaks {' and '.join(LANGUAGES)}; give one")


@dataclass(frozen=True)
class Piece:
    """Some words in one language."""

    text: str
    is_translated: bool


@dataclass(frozen=True)
class _Phrase:
    """A sentence with fields.

    ``{n}`` is a number with what clings to it (``36%``), kept as it is; ``{name...}`` is any
    text, kept as it is; ``{words!}`` is part of one sentence, and said in the other language too.
    """

    pattern: re.Pattern[str]
    said: frozenset[str]
    translation: str
    literal: int

    @classmethod
    def of(cls, english: str, translation: str) -> "_Phrase":
        parts = _FIELD.split(english)
        pattern, said, literal = [], set(), 0
        for text, name, kind in zip(
            parts[::3], [*parts[1::3], ""], [*parts[2::3], ""], strict=True
        ):
            pattern.append(re.escape(text))
            literal += len(text)
            if name:
                pattern.append(f"(?P<{name}>{_HOLDS[kind or '']})")
            if kind == "!":
                said.add(name)
        return cls(re.compile("".join(pattern), re.DOTALL), frozenset(said), translation, literal)


class Phrasebook:
    """Phrases of one language.

    Args:
        phrases: English, with fields, to its translation.
    """

    def __init__(self, phrases: Mapping[str, str]) -> None:
        self._whole = {english: said for english, said in phrases.items() if "{" not in english}
        open_ones = [_Phrase.of(*pair) for pair in phrases.items() if "{" in pair[0]]
        # The phrase that says most by itself fits best.
        self._open = sorted(open_ones, key=lambda phrase: -phrase.literal)
        self._say = lru_cache(maxsize=4096)(self._look_up)

    def say(self, text: str) -> str | None:
        """A sentence, or part of one, in the other language; None where no phrase fits."""
        return self._say(" ".join(text.split()))

    def pieces(self, text: str) -> tuple[Piece, ...]:
        """Some sentences, each in the other language where a phrase fits, else as it was.

        >>> book = Phrasebook({"It took {n} s.": "{n} 秒かかりました。"})
        >>> [piece.text for piece in book.pieces("It took 3 s. Nobody knows why.")]
        ['3 秒かかりました。', 'Nobody knows why.']
        """
        return tuple(self._pieces(" ".join(text.split())))

    def _pieces(self, text: str) -> Iterator[Piece]:
        while text:
            piece, text = self._first(text)
            yield piece

    def _first(self, text: str) -> tuple[Piece, str]:
        """The longest beginning that a phrase fits, or one sentence as it is; and what is left."""
        ends = [match.span() for match in _ENDS.finditer(text)] + [(len(text), len(text))]
        for stop, go_on in reversed(ends):
            said = self._say(text[:stop])
            if said is not None:
                return Piece(said, True), text[go_on:]
        stop, go_on = ends[0]
        return Piece(text[:stop], False), text[go_on:]

    def _look_up(self, text: str) -> str | None:
        if _NUMBERS.fullmatch(text):
            return text
        for form in (text, text[:1].lower() + text[1:]):
            if form in self._whole:
                return self._whole[form]
        for phrase in self._open:
            match = phrase.pattern.fullmatch(text)
            filled = match and self._filled(phrase, match.groupdict())
            if filled:
                return filled
        return None

    def _filled(self, phrase: _Phrase, fields: dict[str, str]) -> str | None:
        for name in phrase.said:
            said = self._part(fields[name])
            if said is None:
                return None
            fields[name] = said
        return phrase.translation.format_map(fields)

    def _part(self, text: str) -> str | None:
        """A field: by a phrase, a number as it is, or a list one by one."""
        said = self._say(text)
        if said is not None:
            return said
        for mark, joined in _LISTS:
            if mark in text:
                items = [self._part(item) for item in text.split(mark)]
                known = [item for item in items if item is not None]
                if len(known) == len(items):
                    return joined.join(known)
        return None


@cache
def japanese() -> Phrasebook:
    """The phrasebook of Japanese, from ``phrases/ja.toml``."""
    text = (files("slicken.reporting") / "phrases" / "ja.toml").read_text(encoding="utf-8")
    return Phrasebook({k: v for part in tomllib.loads(text).values() for k, v in part.items()})
