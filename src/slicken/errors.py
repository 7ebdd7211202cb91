"""What can go wrong, in words that a user can act on."""


class SlickenError(Exception):
    """Anything that a user can mend: says what was expected, what came, and what to try."""


class LogError(SlickenError):
    """A log cannot be read, or holds no table of numbers."""


class ChannelError(SlickenError):
    """A channel map, a column name or a unit does not fit the log."""


class ExperimentError(SlickenError):
    """A log was read, but no experiment can be prepared from it."""


class PlanError(SlickenError):
    """A plan asks for something impossible, unknown or contradictory."""


class SplitError(SlickenError):
    """The experiments cannot be divided into training, validation and test parts."""


class TrainingError(SlickenError):
    """No run of a window length ended with a finite loss."""


class FolderError(SlickenError):
    """A study folder cannot be written, belongs to another plan, or is damaged."""


class FetchError(SlickenError):
    """Public logs cannot be fetched, or are not what was published."""


class WorkersError(SlickenError):
    """Workers cannot be had: Dask is missing, a scheduler is silent, or versions differ."""
