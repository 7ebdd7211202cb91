"""Readers: one file a format, behind one door that tells the formats apart by their content."""

from slicken.logs.readers.door import read_log

__all__ = ["read_log"]
