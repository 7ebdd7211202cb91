"""The arithmetic of the benchmarks: operations, ratios and tables, from made-up times.

The benchmarks are on the path by ``pythonpath`` in pyproject.toml.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from arithmetic import forward_multiply_adds, nominal_flops
from case import BASE, CASES, Case
from growth import Growth
from implementations import PEERS, Implementation, chosen, slicken
from parity import Parity, ParityError, compare, require_parity
from published_study import EPOCHS, RUNS, hours, seconds_of_window, windows_of_each_length
from results import Record, as_json, base_ratio, make_records
from tables import all_tables, case_table, growth_table, summary_table, write_between_markers
from turns import Timed, Yards

TORCH, TENSORFLOW = PEERS[0], PEERS[5]


def timed(implementation: Implementation, *rates: float, case: Case = BASE) -> Timed:
    return Timed(implementation, case, version="1", rates=list(rates), memory=2**20)


def made_up() -> list[Record]:
    failed = Timed(PEERS[4], BASE, reason="prepare: no answer within 9 s")
    every = [timed(slicken("native"), 90, 300, 100), timed(TORCH, 20, 25, 10), failed]
    every.append(timed(TENSORFLOW, 50, 40, 60))
    flops = nominal_flops(BASE)
    yards = Yards(fma=[flops * 1e-9 * 200], product=[flops * 1e-9 * 400])
    return make_records(every, yards, {"torch": Parity(1e-7, 2e-7), PEERS[4].key: "died"})


def test_a_tiny_network_counted_by_hand() -> None:
    # 4 samples of 1 channel. Convolution: 3 steps, each 2 samples x 1 channel x 2 filters = 12.
    # GRU of 3 units: 3 steps, 3 gates, each 3 x 2 with the input and 3 x 3 with the state = 135.
    # Dense: 3.
    count = forward_multiply_adds(
        length=4, units=3, channels=1, filters=2, kernel=2, conv_layers=1, gru_layers=1
    )
    assert count == 12 + 135 + 3


def test_the_base_network_counted_by_hand() -> None:
    convolutions = 398 * 3 * 5 * 64 + 396 * 3 * 64 * 64
    assert nominal_flops(BASE) == 6 * (convolutions + 4 * 396 * 3 * 64 * (64 + 64) + 64)


def test_operations_of_a_window_depend_on_neither_batch_nor_runs() -> None:
    assert nominal_flops(replace(BASE, batch=128, runs=1)) == nominal_flops(BASE)


def test_cases_differ_and_the_base_case_is_the_first() -> None:
    for cases in CASES.values():
        assert cases[0] == BASE
        assert len(set(cases)) == len(cases)


def test_rates_are_medians_and_ratios_are_to_the_fastest_peer() -> None:
    ours, torch, failed, tensorflow = made_up()
    assert (ours.windows_per_s, ours.windows_per_s_min, ours.windows_per_s_max) == (100, 90, 300)
    assert ours.ratio_to_fastest_peer == 2
    assert (torch.ratio_to_fastest_peer, tensorflow.ratio_to_fastest_peer) == (0.4, 1)
    assert failed.ratio_to_fastest_peer is None
    assert base_ratio([torch, failed, ours, tensorflow]) == 2


def test_another_engine_of_slicken_is_no_peer() -> None:
    records = made_up()
    layered = replace(records[0], implementation="slicken, layered", windows_per_s=1e9)
    assert base_ratio([*records, layered]) == 2


def test_shares_are_of_what_the_machine_did_in_the_same_turns() -> None:
    ours = made_up()[0]
    assert ours.nominal_share_of_fma_peak == pytest.approx(0.5)
    assert ours.share_of_matmul == pytest.approx(0.25)
    assert ours.gflops == pytest.approx(100 * nominal_flops(BASE) * 1e-9)


def test_what_an_engine_counts_is_its_share_done_and_changes_nothing_else() -> None:
    half = timed(slicken("native"), 100)
    half.done = [nominal_flops(BASE) / 2]
    yards = Yards(fma=[nominal_flops(BASE) * 1e-9 * 200], product=[])
    (record,) = make_records([half], yards, {})
    assert record.share_of_fma_peak == pytest.approx(0.25)
    assert record.nominal_share_of_fma_peak == pytest.approx(0.5)


def test_without_a_compiler_shares_are_empty() -> None:
    (record,) = make_records([timed(TORCH, 20)], Yards(fma=[], product=[]), {})
    assert record.share_of_fma_peak is None
    assert record.loss_parity is None
    assert as_json([record])[0]["windows_per_s"] == 20


def test_tables_have_ratios_and_reasons() -> None:
    records = made_up()
    table = case_table(records)
    lines = [line.split(" | ") for line in table.splitlines() if "windows/s" not in line]
    assert [line[3] for line in lines if line[0] in ("| PyTorch", "| Keras on TensorFlow")] == [
        "2.00",
        "5.00",
    ]
    assert "no answer within 9 s" in table
    assert f"| {BASE} | 100 | 50 | Keras on TensorFlow | 2.00 |" in summary_table(records)


def test_growth_is_told_against_the_first_value() -> None:
    growth = [vars(Growth("runs", value, rate)) for value, rate in ((1, 50.0), (2, 100.0), (5, 0))]
    growth[2]["windows_per_s"] = None
    assert "| runs | 2 | 100 | 0.50 |" in growth_table(growth)


def test_tables_go_between_the_markers_and_nowhere_else(tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- results -->\nold\n<!-- end of results -->\nafter\n")
    write_between_markers(page, all_tables(made_up(), [], {}, "a machine"))
    text = page.read_text()
    assert text.startswith("before\n<!-- results -->\na machine\n")
    assert text.endswith("<!-- end of results -->\nafter\n")
    assert "old" not in text
    page.write_text("no markers")
    with pytest.raises(ValueError, match="needs the lines"):
        write_between_markers(page, "")


def test_time_that_is_linear_in_length_is_summed_exactly() -> None:
    rates = {length: 1 / (0.001 + 0.0001 * length) for length in (50, 200, 400)}
    assert seconds_of_window(500, rates) == pytest.approx(0.051)
    seconds = sum(0.001 + 0.0001 * length for length in range(50, 501, 50))
    expected = seconds * windows_of_each_length() * EPOCHS * RUNS / 3600
    assert hours(rates) == pytest.approx(expected)
    assert hours({400: 100.0}) is None


def test_parity_is_the_largest_distance() -> None:
    truth = {"outputs": [[1.0, -2.0]], "losses": [[1.0, 0.5]]}
    told = {"outputs": [[1.0, -2.2]], "losses": [[1.1, 0.5]]}
    parity = compare(told, truth)
    assert (parity.output, parity.loss) == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("far", [Parity(1.0, 0.0), Parity(0.0, 1.0), Parity(0.0, float("nan"))])
def test_other_numbers_stop_the_benchmark(far: Parity) -> None:
    require_parity({"torch": Parity(0.0, 0.0), "jax": "not installed"})
    with pytest.raises(ParityError, match="keras-jax"):
        require_parity({"torch": Parity(0.0, 0.0), "keras-jax": far})


def test_implementations_are_chosen_by_name() -> None:
    assert [one.key for one in chosen(["native"], ["jax", "slicken-native"])] == [
        "jax",
        "slicken-native",
    ]
    assert len(chosen(["native", "layered"], [])) == len(PEERS) + 2
    with pytest.raises(ValueError, match="there are slicken-native"):
        chosen(["native"], ["theano"])
