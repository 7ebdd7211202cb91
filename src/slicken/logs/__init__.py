"""Logs: a file as a rig wrote it, read into columns of numbers, with findings."""
