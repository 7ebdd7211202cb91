"""``slicken fetch``: public logs, from the repository of those who published them."""

from typing import Annotated

import typer

from slicken.cli.terminal import say


def run(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Name of the logs: te67, kodiak or velocity-steps."),
    ],
    base: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Address of a mirror."),
    ] = None,
) -> None:
    """Fetch public logs and check them; a folder named by SLICKEN_DATA is used as it is."""
    from slicken.datasets import DATASETS, fetch

    def show(file: str, done: int, total: int) -> None:
        say(f"  {done + 1} of {total}: {file}")

    paths = fetch(name, base=base, reporter=show)
    say(DATASETS[name].source)
    say(f"{len(paths)} files in {paths[0].parent}")
