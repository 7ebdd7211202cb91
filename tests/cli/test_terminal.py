"""The terminal: how findings, durations and progress are printed."""

import pytest

import builders
from slicken.cli.progress_bar import ProgressBar, line_of, said
from slicken.cli.terminal import in_words, say_wrapped, show_findings
from slicken.experiment.experiment import Experiment
from slicken.logs.finding import Finding
from slicken.statements import Statement
from slicken.study.progress import Progress


def found(name: str, *findings: Finding) -> Experiment:
    from dataclasses import replace

    return replace(builders.make_experiment(name), findings=findings)


def gap(row: int) -> Finding:
    said = Statement("findings.gap", seconds=row / 10, longest=0.5)
    return Finding(said, row=row, time=float(row))


TABLE = Finding(Statement("findings.parquet_format"))
GAP = "  gap: 1 s without samples (limit 0.5 s); no window crosses it (row 10, 10 s)"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (-1, "0 s"), (59.4, "59 s"), (60, "1 min 0 s"), (7199, "1 h 59 min"),
     (86400, "1 d 0 h"), (90000, "1 d 1 h")],
)  # fmt: skip
def test_durations_are_said_as_people_do(seconds: float, words: str) -> None:
    assert in_words(seconds) == words


def test_findings_of_one_log_are_all_there(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([found("a", TABLE, gap(10))])
    assert capsys.readouterr().out.splitlines() == [
        "  format: Parquet table",
        GAP,
    ]


def test_the_same_finding_in_many_logs_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([found("a", TABLE), found("b", TABLE, gap(10)), found("c", TABLE)])
    assert capsys.readouterr().out.splitlines() == [
        "  format: Parquet table  [3 logs]",
        f"{GAP}  [b]",
    ]


def test_findings_that_differ_in_numbers_are_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([found("a", gap(10), gap(20)), found("b", gap(30))])
    assert capsys.readouterr().out.splitlines() == [
        f"{GAP}  [2 logs; numbers of a]",
    ]
    show_findings([found("a", gap(10), gap(20), gap(40)), found("b")])
    assert capsys.readouterr().out.splitlines() == [
        f"{GAP}  [a]  [and 2 similar]",
    ]


def texts(number: int) -> Finding:
    return Finding(Statement("findings.repeated_column", column="x" * number))


def test_more_findings_than_anybody_reads_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    show_findings([found("a", *map(texts, range(1, 41)))])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 26
    assert lines[-1] == "  ... and 15 more; 'slicken inspect LOG' shows all"


def test_long_lines_stay_whole_where_nobody_reads_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    line = "word " * 60
    say_wrapped(line)
    assert capsys.readouterr().out == line + "\n"


# -- progress --


def events() -> list[Progress]:
    return [
        Progress("measuring", Statement("progress.measuring")),
        Progress("training", note=Statement("progress.forecast", seconds=75.0)),
        Progress(
            *(
                "training",
                Statement(
                    "progress.epoch",
                    of=Statement("trainings.window", seconds=10.0),
                    epoch=2,
                    loss=0.25,
                ),
                4,
                8,
                75.0,
            )
        ),
        Progress("training", done=8, total=8),
        Progress("evidence", Statement("progress.memory"), 1, 3),
    ]


def test_progress_is_plain_lines_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slicken.cli.progress_bar.QUIET_SECONDS", -1.0)
    with ProgressBar() as bar:
        for event in events():
            bar(event)
    assert capsys.readouterr().out.splitlines() == [
        "measuring how long it will take ...",
        "Forecast: 1 min 15 s for the training and what follows from it.",
        "  training, 4 of 8: 10 s, epoch 2, loss 0.25; 1 min 15 s left",
        "  evidence, 1 of 3: memory",
    ]


def test_lines_of_progress_do_not_follow_each_other_quickly(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with ProgressBar() as bar:
        for _ in range(3):
            bar(Progress("evidence", Statement("progress.memory"), 1, 3))
    assert capsys.readouterr().out.count("memory") == 1


def test_a_statement_of_another_version_is_passed_over() -> None:
    assert line_of(Progress("evidence", Statement("progress.dreams"), 1, 3)) == "evidence, 1 of 3"
    assert said(Statement("progress.epoch", of="x")) == ""
