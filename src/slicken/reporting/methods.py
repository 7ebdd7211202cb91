"""Methods: a paragraph for a manuscript on what a study did, from its plan and its data."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from slicken.learning.splits import PARTS
from slicken.statements import Statement

if TYPE_CHECKING:
    from slicken.evidence.evidence import Evidence
    from slicken.learning.events import Events
    from slicken.study.trained import Trained

ASSUMPTIONS = (
    Statement("assumptions.sizes"),
    Statement("assumptions.activation"),
    Statement("assumptions.start"),
    Statement("assumptions.optimiser"),
    Statement("assumptions.targets"),
    Statement("assumptions.scaling"),
    Statement("assumptions.split"),
)
"""What the publication does not state, and the preset ``paper`` assumes."""


def methods_paragraph(evidence: "Evidence") -> tuple[Statement, ...]:
    """Statements of the paragraph, in their order."""
    trained = evidence.trained
    return (*_on_data(trained), *_on_networks(trained), *_on_evidence(evidence))


def trained_as(trained: "Trained") -> Statement:
    """How the networks were trained."""
    plan = trained.plan
    key = "page.trained_random" if plan.histories == "random" else "page.trained"
    said = Statement(key, runs=plan.runs, epochs=plan.epochs, **targets_of(trained))
    return Statement("page.trained_in_folds", of=said) if trained.has_folds else said


def targets_of(trained: "Trained") -> dict[str, int]:
    """Number of target times of each part."""
    ends = trained.prepared.split.ends
    return {part: int(ends[part].size) for part in PARTS}


def split_of(trained: "Trained") -> Statement:
    """How the data were divided."""
    split, record, plan = trained.prepared.split, trained.prepared.record, trained.plan.split
    if split.events is not None:
        return _by_event(trained, split.events)
    if trained.has_folds:
        count = len(record.experiments)
        return Statement(f"splits.folds_{split.by}", folds=len(trained.folds), count=count)
    if split.by == "experiment":
        serves = {
            part: tuple(
                name
                for place, name in enumerate(record.experiments)
                if bool((record.experiment[split.samples(part)] == place).any())
            )
            for part in PARTS
        }
        return Statement(
            "splits.experiment",
            training=len(serves["training"]),
            validation=serves["validation"],
            test=serves["test"],
        )
    if split.by == "time":
        shares = plan.validation_share, plan.test_share
        return Statement(
            "splits.time", training=1 - sum(shares), validation=shares[0], test=shares[1]
        )
    counts = {
        part: len({*zip(*_stages(trained, part), strict=True)}) for part in ("validation", "test")
    }
    return Statement("splits.stage", **counts)


def _by_event(trained: "Trained", events: "Events") -> Statement:
    if trained.has_folds:
        count = len(trained.prepared.record.experiments)
        folds = len(trained.folds)
        return Statement("splits.folds_event", events=len(events), count=count, folds=folds)
    held: dict[str, list[Statement]] = {part: [] for part in PARTS}
    part = trained.prepared.split.part
    for place, name in enumerate(events.names):
        of = PARTS[int(part[events.of == place][0])]
        what = events.held[place] or (Statement("splits.no_event"),)
        held[of].append(Statement("splits.held_event", name=name, what=what))
    validation, test = tuple(held["validation"]), tuple(held["test"])
    training = len(held["training"])
    return Statement("splits.event", training=training, validation=validation, test=test)


def _stages(trained: "Trained", part: str) -> tuple[list[int], list[int]]:
    """Experiment and stage of every sample of a part."""
    record, split = trained.prepared.record, trained.prepared.split
    here = split.part == PARTS.index(part)
    return record.experiment[here].tolist(), record.stage[here].tolist()


def _on_data(trained: "Trained") -> Iterator[Statement]:
    plan, drivers = trained.plan, trained.prepared.record.channels
    hours = sum(len(one) * one.dt for one in trained.experiments) / 3600
    version = str(trained.folder.versions.get("slicken", ""))
    yield Statement("methods_text.protocol", version=version)
    yield Statement(
        "methods_text.data",
        count=len(trained.experiments),
        hours=hours,
        step=trained.experiments[0].dt,
    )
    yield (
        Statement("methods_text.drivers_stress", drivers=drivers)
        if plan.allow_stress_inputs
        else Statement("methods_text.drivers", drivers=drivers)
    )
    if plan.clock == "slip":
        yield Statement("methods_text.slip_grid", step=trained.prepared.record.dt)
    yield Statement("methods_text.windows", lengths=trained.windows)
    yield split_of(trained)
    yield (
        Statement("methods_text.targets_folds", count=targets_of(trained)["test"])
        if trained.has_folds
        else Statement("methods_text.targets", **targets_of(trained))
    )
    yield Statement("methods_text.scaling")


def _on_networks(trained: "Trained") -> Iterator[Statement]:
    plan, network, optimiser = trained.plan, trained.plan.network, trained.plan.optimiser
    yield Statement(
        "methods_text.network",
        conv=network.conv_layers,
        filters=network.filters,
        kernel=network.kernel,
        activation=network.activation,
        gru=network.gru_layers,
        units=network.units,
    )
    yield Statement(f"methods_text.start_{network.gate_start}")
    details = [
        Statement("methods_text.cosine")
        if optimiser.decay == "cosine"
        else Statement("methods_text.constant")
    ]
    if optimiser.clip:
        details.append(Statement("methods_text.clip", norm=optimiser.clip))
    random = plan.histories == "random"
    yield Statement(
        "methods_text.training_random" if random else "methods_text.training",
        runs=plan.runs,
        epochs=plan.epochs,
        rate=optimiser.learning_rate,
        details=tuple(details),
        batch=optimiser.batch,
    )
    yield Statement("methods_text.runs_random" if random else "methods_text.runs")
    with_linear = sum(fold.result(trained.windows[0]).linear is not None for fold in trained.folds)
    if with_linear:
        yield Statement("methods_text.linear", folds=with_linear, of=len(trained.folds))


def _on_evidence(evidence: "Evidence") -> Iterator[Statement]:
    yield Statement("methods_text.comparison")
    yield Statement("methods_text.test")
    yield Statement("methods_text.importance", part=evidence.trained.plan.importance_on)
    if evidence.importance.controls:
        yield Statement("methods_text.controls")
