"""Report: everything that is written about friction laws, into one folder."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slicken.laws.saved import save_laws
from slicken.reporting.laws.summary import write_summary
from slicken.reporting.laws.tables import tables_of, write_tables
from slicken.reporting.wording import Language, language_named
from slicken.study.files import written_aside

if TYPE_CHECKING:
    from slicken.experiment.samples import Samples
    from slicken.laws.results import Laws

NAME = "laws"
"""Name of the files, without ending."""


def write_laws(
    laws: "Laws",
    records: "Sequence[Samples]",
    out: str | Path,
    *,
    language: Language = "en",
) -> list[Path]:
    """Write friction laws as tables, JSON and netCDF.

    Args:
        laws: Friction laws.
        records: Records that they are of.
        out: Folder, made if it is not there; files of an earlier call are replaced.
        language: Language in which the page opens, ``en`` or ``ja``.

    Returns:
        The files.

    Raises:
        SlickenError: If the folder cannot be written, or there is no such language.
    """
    language = language_named(language)
    folder = Path(out)
    written = write_tables(tables_of(laws), folder)
    written.append(write_summary(laws, records, folder))
    with written_aside(folder / f"{NAME}.nc", synced=False) as aside:
        save_laws(laws, aside)
    return [*written, folder / f"{NAME}.nc"]
