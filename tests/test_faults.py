"""The planted faults can still be planted, and each is on record as noticed by the fast tier."""

from collections import Counter
from pathlib import Path

from study.record.results import read_json
from tests.faults import FAULTS, RECORD, ROOT, TIERS

NOTED = read_json(RECORD, {})


def test_every_fault_is_one_replacement_in_one_file() -> None:
    found = {
        fault.name: (ROOT / fault.path).read_text("utf-8").count(fault.old) for fault in FAULTS
    }
    assert {name: count for name, count in found.items() if count != 1} == {}
    assert [fault.name for fault in FAULTS if fault.old == fault.new] == []


def test_no_two_faults_share_a_name() -> None:
    assert [one for one, n in Counter(fault.name for fault in FAULTS).items() if n > 1] == []


def test_the_tests_of_every_fault_are_there() -> None:
    assert [
        test for fault in FAULTS for test in fault.tests if not Path(ROOT, test).is_file()
    ] == []


def test_every_fault_is_on_record_and_nothing_else() -> None:
    assert sorted(NOTED) == sorted(fault.name for fault in FAULTS)


def test_the_tests_that_notice_them_are_there() -> None:
    gone = []
    for name, noticed in NOTED.items():
        for tier in TIERS:
            for test in noticed.get(tier, {}):
                file, _, function = test.partition("::")
                here = (ROOT / file).is_file() and file.startswith(("tests/", "study/"))
                if not here or (
                    file.startswith("tests/")
                    and f"def {function}(" not in (ROOT / file).read_text()
                ):
                    gone.append(f"{name}: {test}")
    assert gone == []


def test_the_fast_tier_notices_every_fault() -> None:
    assert [name for name, noticed in NOTED.items() if not noticed.get("fast")] == []
