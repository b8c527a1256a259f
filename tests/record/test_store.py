import json
from pathlib import Path

import pytest

from study.record.draws import Draw, draw_to_json
from study.record.store import Maker, Store

MAKER = Maker(commit="a", dirty=False, cpu_capability="AVX2")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def content(number: float) -> str:
    return json.dumps(draw_to_json(Draw({"x": number}, {"t": [{"layer": 1, "sample": number}]})))


def test_what_is_kept_comes_back(store: Store) -> None:
    store.keep(3, content(0.1), seconds=2.0, memory=5_000_000, maker=MAKER)
    store.keep("choice", '{"rate": 0.5}', seconds=1.0, memory=7_000_000, maker=MAKER)
    assert store.draws([3])[3].values == {"x": 0.1}
    assert store.content("choice") == {"rate": 0.5}
    assert json.loads(store.text("choice")) == {"rate": 0.5}
    made = store.made([3, "choice"])
    assert (made["processor_seconds"], made["peak_memory_megabytes"]) == (3.0, 7)


def test_a_run_is_of_the_first_commit_that_made_a_draw_of_it_and_dirty_if_any_was(
    store: Store,
) -> None:
    for draw, maker in (
        (1, Maker(commit="first", dirty=False, cpu_capability="AVX512")),
        (0, Maker(commit="second", dirty=True, cpu_capability="AVX2")),
    ):
        store.keep(draw, content(0.1), 0.0, 0, maker)
    made = store.made([0, 1])
    assert (made["commit"], made["dirty"], made["cpu_capability"]) == (
        "first",
        True,
        "AVX2, AVX512",
    )
    assert store.made([1])["dirty"] is False


def test_only_what_is_not_kept_is_missing(store: Store) -> None:
    assert store.missing(["exact", *range(3)]) == ["exact", 0, 1, 2]
    store.keep(1, content(0.1), 0.0, 0, MAKER)
    assert store.missing(["exact", *range(3)]) == ["exact", 0, 2]


@pytest.mark.parametrize("text", ["", "{", '{"made": {"seconds": 1', "}"])
def test_half_a_file_is_no_draw(store: Store, text: str) -> None:
    store.keep(0, content(0.1), 0.0, 0, MAKER)
    (store.folder / "0.json").write_text(text)
    assert store.missing([0]) == [0]


def test_what_an_interrupted_write_has_left_is_tidied_up(store: Store) -> None:
    store.keep(0, content(0.1), 0.0, 0, MAKER)
    (store.folder / ".1.json.abcdefgh").write_text('{"ma')
    assert store.missing([0, 1]) == [1]
    assert [path.name for path in store.folder.iterdir()] == ["0.json"]


def test_a_draw_that_is_kept_needs_its_checkpoints_no_more(store: Store) -> None:
    for draw in (0, 1):
        (store.checkpoints / str(draw)).mkdir(parents=True)
    store.keep(0, content(0.1), 0.0, 0, MAKER)
    assert [path.name for path in store.checkpoints.iterdir()] == ["1"]


def test_what_is_discarded_is_missing(store: Store) -> None:
    store.keep(0, content(0.1), 0.0, 0, MAKER)
    store.discard()
    store.discard()
    assert store.missing([0]) == [0]
