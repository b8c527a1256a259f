from threading import Barrier, get_ident

import pytest
import torch

from study.lab import parallel


def test_outcomes_come_in_the_order_of_the_items() -> None:
    assert parallel.parallel_map(abs, [-3, 1, -2]) == [3, 1, 2]
    assert parallel.parallel_map(abs, []) == []
    with parallel.threads(2):
        assert parallel.parallel_map(abs, [-3, 1, -2]) == [3, 1, 2]
        assert parallel.parallel_map(abs, []) == []


def test_without_being_told_all_is_done_on_the_thread_that_asks() -> None:
    assert parallel.parallel_map(lambda _: get_ident(), range(3)) == [get_ident()] * 3


def test_several_threads_work_at_the_same_time() -> None:
    met = Barrier(2, timeout=60)  # each waits for the other

    def work(item: int) -> int:
        met.wait()
        return 10 * item

    with parallel.threads(2):
        assert parallel.parallel_map(work, [1, 2]) == [10, 20]


def test_each_piece_computes_on_one_thread() -> None:
    with parallel.threads(2):
        assert parallel.parallel_map(lambda _: torch.get_num_threads(), range(4)) == [1] * 4


def test_the_first_failure_is_that_of_the_whole() -> None:
    for count in (1, 2):
        with parallel.threads(count), pytest.raises(ZeroDivisionError):
            parallel.parallel_map(lambda item: 1 / item, [1, 0, 2])


def test_the_number_of_threads_ends_with_the_block() -> None:
    with parallel.threads(2):
        pass
    assert parallel.parallel_map(lambda _: get_ident(), range(2)) == [get_ident()] * 2
