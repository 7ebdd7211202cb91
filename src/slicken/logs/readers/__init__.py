"""Readers: one file a format, chosen by the content of a file."""

from slicken.logs.readers.formats import read_log

__all__ = ["read_log"]
