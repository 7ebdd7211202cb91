"""Friction laws in words: the answer, tables, summary and page of ``slicken law``."""
