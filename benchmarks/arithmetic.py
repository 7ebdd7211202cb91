"""Arithmetic: how many operations a training step is, as written and as done."""

from case import Case

CHANNELS = 5
FILTERS = 64
KERNEL = 3
CONV_LAYERS = 2
GRU_LAYERS = 4


def forward_multiply_adds(
    *,
    length: int,
    units: int,
    channels: int = CHANNELS,
    filters: int = FILTERS,
    kernel: int = KERNEL,
    conv_layers: int = CONV_LAYERS,
    gru_layers: int = GRU_LAYERS,
) -> int:
    """Multiply-adds of one window through the network as it is written.

    A convolution without padding leaves T' = T - K + 1 steps, each of K C F multiply-adds. A GRU
    layer has 3 gates, each with a product with the input and one with the state: T 3 H (C + H).
    Dense has H. Sums, gates and their functions are not counted.
    """
    total, steps, width = 0, length, channels
    for _ in range(conv_layers):
        steps -= kernel - 1
        total += steps * kernel * width * filters
        width = filters
    for _ in range(gru_layers):
        total += steps * 3 * units * (width + units)
        width = units
    return total + units


def nominal_flops(case: Case) -> int:
    """Operations of one window in a training step of the network as written.

    Two for a multiply-add; three times the forward pass, since the backward pass has one product
    for the inputs and one for the weights where the forward pass has one. Nothing is taken off, so
    this is one number for all implementations.
    """
    return 3 * 2 * forward_multiply_adds(length=case.length, units=case.units)
