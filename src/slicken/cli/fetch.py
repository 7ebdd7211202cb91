"""``slicken fetch``: public logs, from the repository of those who published them."""

import sys
from typing import Annotated

import typer


def run(
    name: Annotated[str, typer.Argument(help="Of the logs: te67.")],
    base: Annotated[
        str | None, typer.Option(help="Another address to fetch from, such as a mirror.")
    ] = None,
) -> None:
    """Fetch public logs and check them; a folder named by SLICKEN_DATA is used as it is."""
    from slicken.cli.terminal import say
    from slicken.experiment.fetching import DATASETS, fetch

    paths = fetch(name, base=base, progress=sys.stderr.isatty())
    say(DATASETS[name].source)
    say(f"{len(paths)} files in {paths[0].parent}")
