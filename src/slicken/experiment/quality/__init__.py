"""Quality: what looks odd in an experiment, reported and never mended."""
