"""An event is fitted where the response to the one before has faded."""

from dataclasses import replace

import pytest

import made_up_laws as made_up
from slicken.laws.settled import FADED, KEPT, settled


def test_the_response_to_the_step_before_is_left_out() -> None:
    before = made_up.step(0, fits=[made_up.fit("ageing")])  # Dc 7 um, a/k 1.25 um, 10 um/s after
    event = made_up.event(1, first=before.event.start)
    distance = 7.0 + 0.0089 / 0.0071
    assert settled(event, [before]).first == pytest.approx(120.3 + FADED * distance / 10)
    assert replace(settled(event, [before]), first=event.first) == event


def test_a_stretch_is_kept_however_long_the_response_lasts() -> None:
    slow = made_up.fit("ageing", dc=made_up.estimate(0.1))
    before = made_up.step(0, fits=[slow])
    event = made_up.event(1, first=before.event.start)
    assert settled(event, [before]).first == pytest.approx(event.start - KEPT * 200)


def test_an_event_that_nothing_disturbs_stays_as_it_is() -> None:
    event = made_up.event(1)
    assert settled(event, []) is event
    assert settled(event, [made_up.unusable(0)]) is event
    assert settled(event, [made_up.step(0)]).first == event.first  # begins after it


def test_after_a_hold_the_response_is_that_to_the_reslide() -> None:
    held = made_up.hold(0, 50.0)
    event = made_up.event(1, first=held.event.start)
    assert settled(event, [held]).first > held.event.resumed


def test_after_an_event_that_was_not_fitted_the_last_fit_counts() -> None:
    fitted = made_up.step(0, fits=[made_up.fit("ageing")])
    between = made_up.unusable(1)  # 30 um/s after
    event = made_up.event(2, first=between.event.start)
    distance = 7.0 + 0.0089 / 0.0071
    expected = between.event.start + FADED * distance / 30
    assert settled(event, [fitted, between]).first == pytest.approx(expected)
