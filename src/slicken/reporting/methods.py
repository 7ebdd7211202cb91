"""Methods: a paragraph for a manuscript on what a study did, from its plan and nothing else."""

from slicken.channels import CHANNELS
from slicken.evidence.evidence import Evidence
from slicken.study.trained import Trained

_ACTIVATIONS = {"linear": "no activation"}
_STARTS = {
    "zero": "Update gates started without a bias.",
    "chrono": "The biases of the update gates started at the logarithm of times spread over the "
    "window (Tallec and Ollivier 2018).",
}


def methods_paragraph(evidence: Evidence) -> list[str]:
    """Sentences, in their order."""
    trained = evidence.trained
    return [*_on_data(trained), *_on_networks(trained), *_on_evidence(evidence)]


def _on_data(study: Trained) -> list[str]:
    prepared = study.prepared
    hours = sum(len(one) * one.dt for one in study.experiments) / 3600
    drivers = ", ".join(CHANNELS[name].title.lower() for name in prepared.record.channels)
    count = len(study.experiments)
    lengths = ", ".join(f"{seconds:g}" for seconds in study.windows)
    ends = prepared.split.ends
    return [
        f"Friction was modelled with slicken {study.folder.versions.get('slicken', '')} after the "
        "protocol of Uhmb et al. (2025, doi 10.1016/j.acags.2025.100231).",
        f"The data were {count} experiment{'s' if count > 1 else ''} ({hours:.2g} h in all, at a "
        f"step of {study.experiments[0].dt:g} s).",
        f"The drivers were {drivers}; shear and normal stress, whose ratio is friction, were not "
        "among them."
        if not study.plan.allow_stress_inputs
        else f"The drivers were {drivers}.",
        "The friction coefficient at an instant was predicted from the drivers over the window "
        f"that ends there, for windows of {lengths} s.",
        f"The data were divided {prepared.split.words}.",
        f"Targets were {ends['training'].size} times for training, {ends['validation'].size} for "
        f"validation and {ends['test'].size} for test, the same for every window length.",
        "Drivers and friction were standardised with the mean and the standard deviation of the "
        "training part.",
    ]


def _on_networks(study: Trained) -> list[str]:
    plan, network, optimiser = study.plan, study.plan.network, study.plan.optimiser
    activation = _ACTIVATIONS.get(network.activation, network.activation)
    decay = ", with cosine decay" if optimiser.decay == "cosine" else ""
    clip = f", with gradients clipped to a norm of {optimiser.clip:g}" if optimiser.clip else ""
    return [
        f"The network had {network.conv_layers} one-dimensional convolutions of {network.filters} "
        f"filters of {network.kernel} samples ({activation}), {network.gru_layers} GRU layers of "
        f"{network.units} units, and a dense layer.",
        _STARTS[network.gate_start],
        f"At each window length {plan.runs} networks were trained for {plan.epochs} epochs on the "
        f"mean square error with Adam (learning rate {optimiser.learning_rate:g}{decay}{clip}, "
        f"batches of {optimiser.batch} windows).",
        "Run r had the same initial weights and the same order of batches at every window length, "
        "and the epoch with its lowest validation loss was kept.",
    ]


def _on_evidence(evidence: Evidence) -> list[str]:
    words = [
        "Window lengths were compared by the mean of these losses over runs, with 95 % intervals "
        "from resampling paired runs and independent blocks of time.",
        "The test part was scored once, after the choice, against the training mean and median, a "
        "ridge regression and boosted trees on the same windows.",
        "The importance of a driver was measured by the absolute gradient of the loss, by that of "
        "friction, by integrated gradients, by Shapley values and by permutation, on the "
        f"{evidence.trained.plan.importance_on} part.",
    ]
    if evidence.importance.controls:
        words.append(
            "Its zero is what channels of noise and shuffled drivers earned in an ensemble that "
            "saw them too."
        )
    return words
