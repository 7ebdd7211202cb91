"""Laws of whole records, through the public entry point."""

import slicken
from slicken.physics.shear_test import Course, Readings, simulate_record
from slicken.physics.spring_slider import SpringSlider

UM = 1e-6


def test_a_dc_below_the_slip_between_samples_is_refused() -> None:
    fault = SpringSlider(0.6, 0.0075, (0.0055,), (0.1 * UM,), 1.5e3, 1e-6)
    course = Course.steps([3 * UM, 10 * UM], 400 * UM)
    samples = simulate_record(fault, course, Readings(rates=(10.0,), white=1e-4), 2)
    found = slicken.fit_laws(samples, laws=("ageing",), states=(1,), stiffness=1.5e3)
    (one,) = found.events
    assert one.event.problem is not None
    assert one.event.problem.key == "laws.problem_coarse"
    assert found.shared == ()


def test_steps_of_one_law_are_told_together() -> None:
    fault = SpringSlider(0.6, 0.0075, (0.0055,), (15 * UM,), 1.5e3, 1e-6, "slip")
    course = Course.steps([3 * UM, 10 * UM, 3 * UM], 300 * UM)
    samples = simulate_record(fault, course, Readings(white=5e-5, trend=-3.0), 2)
    found = slicken.fit_laws(samples, states=(1,), stiffness="0.0015/um")
    assert found.verdict == "slip"
    (shared,) = [s for s in found.shared if (s.law, s.parameter) == ("slip", "dc")]
    assert shared.events == 2
    assert shared.estimate.low < 15 * UM < shared.estimate.high
