"""The door: finds the command, and says in one line what went wrong."""

import sys

import typer

from slicken.cli import demo, fetch, inspect, predict, report, simulate, study
from slicken.cli.terminal import complain
from slicken.errors import SlickenError

STOPPED = 130

app = typer.Typer(
    name="slicken",
    help="How much of its past does rock friction remember, and what does it remember?",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for command in (demo, inspect, study, report, predict, simulate, fetch):
    app.command(name=command.__name__.rpartition(".")[2])(command.run)


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2, never a traceback."""
    try:
        app()
    except SlickenError as error:
        complain(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        complain("stopped; what is finished is kept, and the same command goes on from there")
        sys.exit(STOPPED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)


def _show_version(wanted: bool) -> None:
    if wanted:
        from slicken import __version__

        typer.echo(f"slicken {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    del version
