"""What is reported of a rerun."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from study.errors import StudyError
from study.record import report
from study.record.results import Run, read_run
from study.site.reruns import reports

ROOT = Path(__file__).parents[2]


@pytest.fixture
def reference() -> Run:
    return read_run(ROOT / "outputs/reference/variance/relu_second_moment")


def test_a_run_reported_beside_itself_agrees(reference: Run) -> None:
    content = report.report([(reference, reference)])
    judged = [claim for claim in reference.judgements if claim["quantity"]]
    assert len(content.claims) == len(judged)
    assert content.agreement == {"yes": len(judged)}
    assert content.machine["platform"] == reference.provenance["platform"]
    assert content.commits == [reference.provenance["commit"]]


def test_other_numbers_do_not_agree(reference: Run) -> None:
    wrong = {
        key: replace(value, mean=value.mean + 1 + 9 * abs(value.half_width))
        for key, value in reference.values.items()
    }
    content = report.report([(replace(reference, values=wrong), reference)])
    assert content.agreement["no"] == len(content.claims)


def test_a_report_can_be_read_again(reference: Run, tmp_path: Path) -> None:
    content = report.report([(reference, reference)])
    folder = tmp_path / "outputs/reference/reports"
    folder.mkdir(parents=True)
    (folder / "arm.json").write_text(report.to_json(content))
    assert list(reports(tmp_path)) == [("arm", content)]
    assert str(ROOT) not in report.to_json(content)


def test_what_is_no_report_is_refused_by_name() -> None:
    for text in ("nothing", "[]", "{}", '{"form": "1.0", "colour": 1}'):
        with pytest.raises(StudyError, match=r"arm\.json: no report"):
            report.from_json(text, "arm.json")
    fields = dict.fromkeys(
        ("version", "machine", "versions", "scale", "data", "commits", "claims"), ""
    )
    with pytest.raises(StudyError, match=r"arm\.json: form=2\.0: this study reads 1\.0"):
        report.from_json(json.dumps({"form": "2.0", **fields}), "arm.json")


def test_runs_of_two_kinds_make_no_report(reference: Run) -> None:
    quick = replace(reference, settings={**reference.settings, "scale": "quick"})
    with pytest.raises(StudyError, match=r"the runs differ: scale=quick .*; scale=reference"):
        report.report([(reference, reference), (quick, reference)])
    with pytest.raises(StudyError, match="there is no run"):
        report.report([])


def test_reports_that_came_in_are_read() -> None:
    for name, content in reports(ROOT):
        assert content.claims, name
