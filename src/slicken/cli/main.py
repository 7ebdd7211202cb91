"""The entry point: finds the command, and says in one line what went wrong."""

import io
import os
import shlex
import sys
from collections.abc import Callable

import typer

from slicken.cli import (
    demo,
    doctor,
    fetch,
    inspect,
    lab,
    law,
    predict,
    report,
    simulate,
    study,
    truth,
    watch,
)
from slicken.cli.terminal import Stopped, complain
from slicken.errors import SlickenError

WRONG, STOPPED = 2, 130

app = typer.Typer(
    name="slicken",
    help="How much of its past does rock friction remember, and what does it remember?",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    "demo": (demo.run, "Simulated logs, a small study and its report"),
    "inspect": (inspect.run, "Content and faults of a log"),
    "study": (study.run, "The whole protocol, from logs to a report"),
    "watch": (watch.run, "Progress of a study that runs elsewhere"),
    "report": (report.run, "Figures and page of a study again"),
    "law": (law.run, "Friction laws of velocity steps and holds, with intervals"),
    "lab": (lab.run, "Experiments on the networks of a study"),
    "predict": (predict.run, "Friction of a new log, with intervals"),
    "simulate": (simulate.run, "Simulated logs with a planted truth"),
    "fetch": (fetch.run, "Public logs"),
    "truth": (truth.run, "Test of the protocol on planted truths"),
    "doctor": (doctor.run, "Engine, versions and speed on this machine"),
}
for name, (command, words) in COMMANDS.items():
    app.command(name=name, short_help=words)(command)


def main() -> None:
    """Run the command line; a user's mistake is one line and exit code 2, never a traceback."""
    again = shlex.join(["slicken", *sys.argv[1:]])
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A µ that a terminal does not know is no reason to stop.
            stream.reconfigure(errors="replace")
    try:
        code = app(prog_name="slicken", standalone_mode=False)
    except SlickenError as error:
        complain(str(error))
        sys.exit(WRONG)
    except Stopped as stopped:
        complain(f"stopped; {stopped}: {stopped.command or again}")
        leave_at_once(STOPPED)
    except OSError as error:
        what = f"{error.filename or 'output'}: {error.strerror or error}"
        complain(f"{what}; check the disk and who owns the folder, then: {again}")
        sys.exit(WRONG)
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        complain(_usage(error))
        sys.exit(WRONG)
    # typer turns Ctrl-C into this exit code.
    if code == STOPPED:
        complain(f"stopped; files that were written are whole; once more: {again}")
        leave_at_once(STOPPED)
    sys.exit(code)


def leave_at_once(code: int) -> None:
    """End without the interpreter's goodbyes: a thread may be deep in a compiled program still."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _usage(error: Exception) -> str:
    """What is wrong with the arguments, and where to read about them; ``error`` is typer's."""
    message = str(error.format_message()).rstrip(".")  # type: ignore[attr-defined]
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "slicken"
    return f"{message[:1].lower()}{message[1:]}; see {command} --help"


def _show_version(wanted: bool) -> None:
    if wanted:
        from slicken import __version__

        typer.echo(f"slicken {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Show the version."
    ),
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
