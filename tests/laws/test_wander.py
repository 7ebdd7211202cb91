"""Wander: what of the residuals is correlated noise."""

from dataclasses import replace

import numpy as np

import made_up_laws as made_up
from slicken.laws.wander import wander_of


def test_an_undulation_is_told_from_white_noise() -> None:
    one = made_up.step(0)
    fit = one.fits[0]
    across = one.displacement - fit.modelled / fit.estimates["stiffness"].value
    wave = 1e-3 * np.sin(2 * np.pi * across / np.ptp(across) * 3)
    white = 1e-5 * np.random.default_rng(1).normal(size=across.size)
    one = replace(one, friction=fit.modelled + wave + white, samples=np.ones(across.size, np.int64))
    noise = {
        "white": 1e-5, "correlated": 1e-9, "scale": 1.0, "undulation": 7e-4,
        "wavelength": np.ptp(across) / 3,
    }  # fmt: skip
    found = wander_of(one, replace(fit, noise=noise))
    assert np.abs(found - wave).max() < 5e-5
    assert np.corrcoef(one.friction - fit.modelled - found, white)[0, 1] > 0.5


def test_without_correlated_noise_there_is_none() -> None:
    one = made_up.step(0)
    quiet = {"white": 1e-3, "correlated": 0.0, "scale": 1.0, "undulation": 0.0, "wavelength": 1e-4}
    assert np.abs(wander_of(one, replace(one.fits[0], noise=quiet))).max() < 1e-9
    assert not wander_of(one, replace(one.fits[0], noise={"white": 1e-3})).any()
