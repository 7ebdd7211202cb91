"""Wording: the one place where statements become sentences, in English and in Japanese."""

from slicken.reporting.wording.catalogue import LANGUAGES, Language, Wording, language_named, words

__all__ = ["LANGUAGES", "Language", "Wording", "language_named", "words"]
