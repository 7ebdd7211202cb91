"""``slicken truth``: the protocol over simulated faults whose truth is known, in one table."""

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from slicken.cli.terminal import in_words, say, say_wrapped
from slicken.study.files import write_text


class Which(StrEnum):
    """A group of cases."""

    judged = "judged"
    tuning = "tuning"


def run(
    out: Annotated[
        Path,
        typer.Option(
            metavar="FOLDER", help="Folder of the studies; finished ones are not repeated."
        ),
    ] = Path("truth"),
    group: Annotated[
        Which,
        typer.Option(help="Group of cases: held out (judged), or used for tuning."),
    ] = Which.judged,
    cases: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Number of cases, from the first.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="File for counts and records."),
    ] = None,
    laws: Annotated[
        bool, typer.Option("--laws", help="Friction laws fitted to steps, in place of studies.")
    ] = False,
    lab: Annotated[
        bool, typer.Option("--lab", help="Experiments on trained networks, in place of studies.")
    ] = False,
    forms: Annotated[
        bool,
        typer.Option(
            "--forms", help="Friction less its level, and channels as changes, in place of studies."
        ),
    ] = False,
    workers: Annotated[
        int, typer.Option(metavar="N", min=1, max=2, help="Number of processes for --laws.")
    ] = 1,
    real: Annotated[
        list[Path] | None,
        typer.Option(metavar="PLAN", help="Plan of a study of real logs; may be repeated."),
    ] = None,
) -> None:
    """Study simulated faults with planted truths, and count how often the truth is recovered."""
    if real:
        _real(real, out / "real", write)
        return
    if laws:
        _laws(out / "laws" / group.value, group, cases, workers, write)
        return
    if forms:
        _forms(out / "forms" / group.value, group, write)
        return
    if lab:
        _lab(out / "lab" / group.value, group, cases, write)
        return
    from itertools import islice

    from slicken.truth.bench import run_cases
    from slicken.truth.cases import cases as all_cases
    from slicken.truth.targets import count, to_json

    chosen = list(islice(all_cases(group.value), cases))
    say(f"{len(chosen)} studies -> {out}; each takes a minute or so on two cores")
    records = run_cases(chosen, out / group.value, say)
    spent = sum(sum(record["seconds"].values()) for record in records)
    _say_targets(count(records))
    say(f"{len(records)} studies took {in_words(spent)} together")
    if write is not None:
        write_text(write, to_json(group.value, records))
        say(f"written: {write}")


def _laws(folder: Path, group: Which, cases: int | None, workers: int, write: Path | None) -> None:
    from itertools import islice

    from slicken.truth.law_bench import run_law_cases
    from slicken.truth.law_cases import law_cases
    from slicken.truth.law_targets import count_laws, laws_json

    chosen = list(islice(law_cases(group.value), cases))
    say(f"{len(chosen)} steps -> {folder}; each takes some seconds")
    records = run_law_cases(chosen, folder, say, workers=workers)
    _say_targets(count_laws(records))
    spent = sum(record["seconds"] for record in records)
    say(f"{len(records)} steps took {in_words(spent)} together")
    if write is not None:
        write_text(write, laws_json(group.value, records))
        say(f"written: {write}")


def _lab(folder: Path, group: Which, cases: int | None, write: Path | None) -> None:
    from itertools import islice

    from slicken.truth.lab_bench import count_lab, lab_cases, lab_json, run_lab_cases

    chosen = list(islice(lab_cases(group.value), cases))
    say(f"{len(chosen)} studies -> {folder}; each takes a minute or so on two cores")
    records = run_lab_cases(chosen, folder, say)
    _say_targets(count_lab(records))
    if write is not None:
        write_text(write, lab_json(group.value, records))
        say(f"written: {write}")


def _forms(folder: Path, group: Which, write: Path | None) -> None:
    from slicken.truth.forms import count_forms, form_cases, forms_json, run_forms

    count = len(list(form_cases(group.value)))
    say(f"{count} studies -> {folder}; each takes half a minute or so on two cores")
    records = run_forms(group.value, folder, say)
    _say_targets(count_forms(records))
    if write is not None:
        write_text(write, forms_json(group.value, records))
        say(f"written: {write}")


def _real(plans: list[Path], folder: Path, write: Path | None) -> None:
    from slicken.truth.real import run_real, write_records

    say(f"{len(plans)} studies -> {folder}; each takes as long as its plan says")
    records = run_real(plans, folder, say)
    if write is not None:
        write_records(write, records)
        say(f"written: {write}")


def _say_targets(counted: Mapping[str, Any]) -> None:
    say()
    for one in counted.values():
        met = "met" if one["holds"] else "MISSED"
        say_wrapped(f"{met}: {one['words']}: {one['met']} of {one['of']} (target {one['target']})")
