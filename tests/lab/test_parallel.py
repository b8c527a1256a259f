import threading
from contextvars import ContextVar
from pathlib import Path

import pytest
import torch

from study.lab import parallel

TASKS = Path("/proc/self/task")


def test_outcomes_come_in_the_order_of_the_items() -> None:
    second_is_done = threading.Event()

    def work(item: int) -> int:
        if item == 1:
            assert second_is_done.wait(30)
        else:
            second_is_done.set()
        return 10 * item

    if parallel.cores() < 2:
        pytest.skip("one core does one piece after the other")
    assert parallel.side_by_side(work, [1, 2]) == [10, 20]


def test_nothing_to_do_gives_nothing() -> None:
    assert parallel.side_by_side(abs, []) == []


def test_pieces_may_be_split_in_their_turn() -> None:
    def row(start: int) -> list[int]:
        return parallel.side_by_side(abs, range(start, start + 3))

    assert parallel.side_by_side(row, [0, 3, 6, 9]) == [
        [0, 1, 2],
        [3, 4, 5],
        [6, 7, 8],
        [9, 10, 11],
    ]


def test_the_error_of_a_piece_is_the_error_of_the_whole() -> None:
    with pytest.raises(ZeroDivisionError):
        parallel.side_by_side(lambda item: 1 / item, [1, 0, 2])


def test_a_long_piece_gives_up_when_another_has_failed() -> None:
    waited = threading.Event()

    def work(item: int) -> None:
        if item == 0:
            assert waited.wait(30)
            raise ZeroDivisionError
        waited.set()
        while True:
            parallel.stop_if_unwanted()

    if parallel.cores() < 2:
        pytest.skip("one core does one piece after the other")
    with pytest.raises(ZeroDivisionError):
        parallel.side_by_side(work, [0, 1])


def test_outside_of_pieces_all_work_is_wanted() -> None:
    parallel.stop_if_unwanted()


def test_a_piece_sees_what_has_been_set_where_it_was_asked_for() -> None:
    setting: ContextVar[int] = ContextVar("setting", default=0)
    setting.set(7)
    assert parallel.side_by_side(lambda _: setting.get(), [0, 1]) == [7, 7]


def test_pieces_tell_how_much_of_the_whole_is_done() -> None:
    told: list[float] = []

    def half(_piece: int) -> None:
        parallel.tell(0.5)

    def work(piece: int) -> None:
        parallel.side_by_side(half, [0, 1])
        if piece:
            parallel.tell(1.0)

    with parallel.reporting_to(told.append):
        for piece in (0, 1):
            parallel.side_by_side(work, [piece])
        parallel.side_by_side(work, [1, 1])
    assert told[:5] == [0.25, 0.5, 0.25, 0.5, 1.0]
    assert max(told) == told[-1] == 1.0
    before = len(told)
    parallel.side_by_side(work, [1])
    parallel.tell(1.0)
    assert len(told) == before


@pytest.mark.skipif(not TASKS.is_dir(), reason="only Linux tells the threads of a process")
def test_a_piece_has_no_threads_of_its_own() -> None:
    # What torch says of itself is not enough: OpenMP keeps a number for each thread.
    matrix = torch.ones(300, 300)

    def multiply(_piece: int) -> int:
        assert (matrix @ matrix).sum() == 300**3
        return len(list(TASKS.iterdir()))

    before = len(list(TASKS.iterdir()))
    assert max(parallel.side_by_side(multiply, range(8))) <= before + parallel.cores()
