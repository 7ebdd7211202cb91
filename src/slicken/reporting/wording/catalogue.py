"""Catalogue: one template a key and a language, from the TOML files beside this one.

A template is text with fields in braces, as for :meth:`str.format`. What follows the colon says
how a value is written:

================== ==================== ==========================================
field              value                English
================== ==================== ==========================================
``{n}``            text, number         as it is; whole, or with four digits
``{x:.2f}``        number               Python's own formats; never ``-0.00``
``{x:percent}``    number               ``12 %``
``{x:range .0f}``  two numbers          ``88 to 116``
``{x:within .2f}`` value, low, high     ``0.85 (0.75 to 0.90)``; without ends, the value
``{x:within %}``   value, low, high     ``12 % (0 to 20 %)``; with decimals ``.1%``
``{c:channel}``    name of a channel    ``slip velocity``; ``Channel`` with a capital
``{v:quantity}``   channel and value    ``3.5 mm/s``
``{p:estimate}``   name, three numbers  ``7.0 (6.1 to 8.2) µm``; parts: ``value``, ``ends``,
                                        ``span`` (ends and unit), ``bare`` (no unit); with a 3
                                        after a part, thousandths
``{p:sd}``         name, number         ``0.12``, two digits, without unit; ``sd 3``: thousandths
``{x:thousandths}`` number              ``0.42`` for 0.00042
``{x:measured}``   number and unit      ``3.5 MPa``; the number where the unit is blank
``{x:quoted}``     text from a file     ``'Wear (um)'``
``{t:duration}``   seconds              ``1 min 15 s``
``{m:term models}`` name                its entry in the table ``[models]``
``{n:plural a|b}`` number               ``a`` where it is one, else ``b``
``{l:list}``       texts                ``a, b and c``
``{l:list X}``     values               each by ``X``, joined likewise
``{l:each X}``     values               each by ``X``, with commas only
``{s:say}``        statement            its words, without a full stop
``{length_unit}``  none                 ``s``, or ``µm`` where the clock is slip
================== ==================== ==========================================
"""

import math
import string
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from slicken.channels import TITLED
from slicken.errors import SlickenError
from slicken.lengths import UNITS, StudyClock
from slicken.reporting.quantities import FEW, MOST, QUANTITIES, digits_form, in_units, two_digits
from slicken.statements import Statement

Language = Literal["en", "ja"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
LENGTH_UNIT = "length_unit"
"""Field of a template that no statement fills: the unit of lengths in this study."""
PLAIN = 1e6
"""Number below which none is written with a power of ten because it is large."""
FRICTIONS = ("friction", "measured_friction", "predicted_friction")
"""Labels of axes of friction, which may be less its level."""
NOTHING = "–"
"""What stands for a number that is not finite."""
_JOINED: Mapping[str, tuple[str, str]] = {"en": (", ", " and "), "ja": ("、", "と")}
_TO: Mapping[str, str] = {"en": "{} to {}", "ja": "{}〜{}"}
_WITHIN: Mapping[str, str] = {"en": "{} ({})", "ja": "{}（{}）"}
_UNITS: Mapping[str, tuple[str, ...]] = {
    "en": ("{} d {} h", "{} h {} min", "{} min {} s", "{} s"),
    "ja": ("{} 日 {} 時間", "{} 時間 {} 分", "{} 分 {} 秒", "{} 秒"),
}


def language_named(name: str) -> Language:
    """A language of the reports.

    Raises:
        SlickenError: If there is no catalogue for it.

    Example:
        >>> language_named("ja")
        'ja'
    """
    for language in LANGUAGES:
        if name == language:
            return language
    raise SlickenError(f"--lang {name}: reports are written in {' and '.join(LANGUAGES)}; give one")


@cache
def words(
    language: Language, clock: StudyClock = "time", *, is_relative: bool = False
) -> "Wording":
    """The wording of one language; its files are read once.

    Args:
        language: ``en`` or ``ja``.
        clock: Clock of the study that is spoken of, in whose unit its lengths are.
        is_relative: Whether the friction of the study is less its level, as its axes must say.
    """
    templates = _read(language)
    if is_relative:
        templates = templates | {
            f"labels.{name}": templates[f"labels.{name}_relative"] for name in FRICTIONS
        }
    return Wording(language, templates, clock, is_relative=is_relative)


class Wording(string.Formatter):
    """Words of one language.

    Args:
        language: ``en`` or ``ja``.
        templates: Template of each key.
        clock: Clock in whose unit lengths are.
        is_relative: Whether friction is less its level.

    Example:
        >>> english = Wording("en", {"a.b": "{part:percent} of {names:list}"})
        >>> english("a.b", part=0.12, names=("x", "y"))
        '12 % of x and y'
    """

    def __init__(
        self,
        language: Language,
        templates: Mapping[str, str],
        clock: StudyClock = "time",
        *,
        is_relative: bool = False,
    ) -> None:
        self.language = language
        self.templates = templates
        self.unit = UNITS[clock]
        self.is_relative = is_relative

    def __call__(self, what: Statement | str, /, **values: Any) -> str:  # noqa: ANN401 (see table)
        """The words for a statement, or for a key with values.

        Raises:
            KeyError: If the catalogue has no such key, or the template needs another value.
        """
        statement = Statement(what, **values) if isinstance(what, str) else what
        template = self.templates[statement.key]
        text = self.vformat(template, (), statement.values)
        return (
            text[:1].upper() + text[1:] if template.startswith("{") and text.endswith(".") else text
        )

    def lines(self, statements: Sequence[Statement]) -> list[str]:
        """The words for each of several statements."""
        return [self(statement) for statement in statements]

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401 (see table)
        """A value by name; a template has no positions."""
        del args
        return self.unit if key == LENGTH_UNIT else kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401 (see table)
        """A value as the table above says."""
        if isinstance(value, Statement):  # in a list, the rest of it
            return self._as_say(value, "")
        how, _, detail = format_spec.partition(" ")
        writer = getattr(self, f"_as_{how}", None) if how.isalpha() else None
        if writer is not None:
            return str(writer(value, detail))
        return self._number(value, format_spec)

    def _number(self, value: Any, form: str) -> str:  # noqa: ANN401 (see table)
        if isinstance(value, str):
            return value
        if not math.isfinite(value):
            return NOTHING
        if form == "two":
            return two_digits(value)
        if form.endswith("%"):
            return self._as_percent(value, form.strip(".%"))
        if not form:
            return f"{value:.0f}" if float(value).is_integer() else f"{value:.4g}"
        if form.endswith("d"):
            return format(value, form)
        sign, digits = ("+", form[1:]) if form.startswith("+") else ("", form)
        text = format(value, f"{sign}z{digits}").rstrip(".")
        return f"{float(text):{sign}.0f}" if "e+" in text and abs(value) < PLAIN else text

    def _as_percent(self, value: float, digits: str) -> str:
        return f"{100 * value:z.{int(digits or 0)}f} %" if math.isfinite(value) else NOTHING

    def _as_range(self, ends: Sequence[float], form: str) -> str:
        low, high = (self._number(end, form) for end in ends)
        return high if low == high else self._between(low, high)

    def _between(self, low: str, high: str) -> str:
        """Two ends; a percent sign stands once."""
        return _TO[self.language].format(low.removesuffix(" %"), high)

    def _as_within(self, numbers: Sequence[float], form: str) -> str:
        value, low, high = numbers
        if not (math.isfinite(low) and math.isfinite(high)):
            return self._number(value, form)
        ends = self._between(self._number(low, form), self._number(high, form))
        return _WITHIN[self.language].format(self._number(value, form), ends)

    def _as_channel(self, name: str, _: str) -> str:
        channel = TITLED.get(name)
        if channel is None:
            return name.replace("_", " ")
        return channel.in_text(self.language)

    def _as_Channel(self, name: str, detail: str) -> str:  # noqa: N802 (named as the field is)
        said = self._as_channel(name, detail)
        return said[:1].upper() + said[1:]

    def _as_quantity(self, pair: tuple[str, float], form: str) -> str:
        name, value = pair
        channel = TITLED[name]
        number = self._number(value * channel.shown_per_unit, form or ".4g")
        return f"{number} {channel.shown_unit}".strip()

    def _as_estimate(self, named: tuple[str, Sequence[float]], parts: str) -> str:
        name, numbers = named
        part, _, power = parts.partition(" ")
        scale, most = 10.0 ** int(power or 0), MOST if part in ("", "span") else FEW
        value, low, high = (scale * in_units(name, x) for x in numbers)
        known = math.isfinite(low) and math.isfinite(high) and low < high
        form = digits_form(low, high, most) if known else ".4g"
        if part == "value" or (not known and part not in ("ends", "span")):
            text = self._number(value, form)
        elif part in ("ends", "span"):
            text = self._as_range((low, high), form) if known else NOTHING
        else:
            text = self._as_within((value, low, high), form)
        bare = part in ("value", "ends", "bare") or text == NOTHING or not QUANTITIES[name].unit
        joint = "" if text.endswith("）") else " "
        return text if bare else f"{text}{joint}{QUANTITIES[name].unit}"

    def _as_sd(self, named: tuple[str, float], power: str) -> str:
        name, value = named
        return self._number(10.0 ** int(power or 0) * in_units(name, value), ".2g")

    def _as_thousandths(self, value: float, _: str) -> str:
        return self._number(1e3 * value, "#.3g")

    def _as_measured(self, pair: tuple[float, str], form: str) -> str:
        value, unit = pair
        return f"{self._number(value, form)} {unit}".rstrip()

    def _as_quoted(self, text: str, _: str) -> str:
        return repr(text)

    def _as_duration(self, seconds: float, _: str) -> str:
        if not math.isfinite(seconds):
            return NOTHING
        whole = max(0, round(seconds))
        days, hours, minutes, rest = _UNITS[self.language]
        if whole >= 86400:
            return days.format(whole // 86400, whole % 86400 // 3600)
        if whole >= 3600:
            return hours.format(whole // 3600, whole % 3600 // 60)
        return minutes.format(*divmod(whole, 60)) if whole >= 60 else rest.format(whole)

    def _as_term(self, name: str, table: str) -> str:
        return self.templates[f"{table}.{name}"]

    def _as_plural(self, count: float, forms: str) -> str:
        one, many = forms.split("|")
        return one if count == 1 else many

    def _as_list(self, items: Sequence[Any], how: str) -> str:
        written = [self.format_field(item, how) for item in items]
        comma, last = _JOINED[self.language]
        if len(written) < 2:
            return "".join(written)
        return f"{comma.join(written[:-1])}{last}{written[-1]}"

    def _as_each(self, items: Sequence[Any], how: str) -> str:
        return _JOINED[self.language][0].join(self.format_field(item, how) for item in items)

    def _as_say(self, statement: Statement, _: str) -> str:
        return self(statement).removesuffix(".").removesuffix("。")


@cache
def _read(language: Language) -> dict[str, str]:
    """Every template of a language, by section and key; a key stands in one file only."""
    templates: dict[str, str] = {}
    for file in sorted(files(__name__.rpartition(".")[0]).joinpath(language).iterdir(), key=str):
        for section, entries in tomllib.loads(file.read_text(encoding="utf-8")).items():
            for name, template in entries.items():
                key = f"{section}.{name}"
                if key in templates:
                    raise SlickenError(f"{file.name}: {key} stands in another file too")
                templates[key] = template
    return templates
