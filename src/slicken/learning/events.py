"""Events: stretches of a record that a split by event holds out, one after another."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from slicken.errors import SplitError

if TYPE_CHECKING:
    from slicken.statements import Statement


@dataclass(frozen=True)
class Events:
    """Stretches of a record, each with the steps or the hold that it is held out for.

    Args:
        of: Number of each sample's stretch, shape ``(T,)``.
        names: Name of each, such as ``p655:2``; within a single experiment ``2`` will do.
        held: Steps and holds of each, as statements.
    """

    of: NDArray[np.int64]
    names: tuple[str, ...]
    held: tuple[tuple["Statement", ...], ...]

    def __len__(self) -> int:
        """Number of stretches."""
        return len(self.names)

    def place(self, name: str) -> int:
        """Number of the stretch of this name.

        Raises:
            SplitError: if there is none.
        """
        short = {one.rpartition(":")[2]: one for one in self.names}
        whole = short.get(name, name) if len(short) == len(self.names) else name
        if whole not in self.names:
            raise SplitError(f"no event is named {name!r}; there are {', '.join(self.names)}")
        return self.names.index(whole)
