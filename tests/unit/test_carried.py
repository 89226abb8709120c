"""A report goes to another job and comes back; what nobody of us has written is refused."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pkgaction.model.changes import Changes, FileChange
from pkgaction.model.json import Json
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger, Outcome, Problem, Status, Urls
from pkgaction.model.release import Skipped
from pkgaction.report import carried, wire
from pkgaction.report.carried import BadReportError
from tests.unit.ledgers import BASE, HEAD, HOSTILE, PLAN, candidate, finding, ledger, outcome

CHANGES = Changes(since="1.1.0", size=9, files=(FileChange(path="a", before=None, after=3),))


def urls(package: PackageId) -> Urls:
    address = f"https://storage.example/{package.name}-{package.version}.zip"
    return Urls(zip=address, signature=f"{address}.sig", static="https://storage.example/static/")


def carry(run: Ledger) -> wire.Report:
    return carried.read(carried.write(replace(run, checks="core checks")).encode())


def test_what_a_run_has_to_say_arrives() -> None:
    official = replace(finding(), official="SVR00003")
    told = replace(outcome("kelp"), findings=(finding(), official), changes=CHANGES)
    skip = Skipped(name="reef", folder="packages/reef", reason="same version", warn=True, line=4)
    run = ledger(told, outcome("wrack", Status.FAILED), plan=replace(PLAN, skipped=(skip,)))
    run.problems.append(Problem(what="the bucket is gone", where="gs://x", fix="look", exit_status=3))
    run.warnings.append("the key expires")
    run.notices.append("no pull request is known")

    found = carry(run)

    assert (found.head, found.base, found.compared) == (HEAD, BASE, PLAN.compared)
    assert found.checks == "core checks"
    back = {package.name: carried.outcome_of(package, urls) for package in found.packages}
    assert back == {"kelp": told, "wrack": outcome("wrack", Status.FAILED)}
    assert [carried.skipped_of(one) for one in found.skipped] == [skip]
    assert [carried.problem_of(one) for one in found.problems] == run.problems
    assert (found.warnings, found.notices) == (tuple(run.warnings), tuple(run.notices))


def test_what_is_planned_and_not_settled_is_told() -> None:
    plan = replace(PLAN, candidates=(candidate("kelp"), candidate("reef")))

    found = carry(ledger(outcome("kelp"), plan=plan))

    planned = wire.Planned(name="reef", folder="packages/reef", version="1.2.0", previous="")
    assert found.planned == (planned,)


def test_a_run_that_stopped_early_has_a_report() -> None:
    assert carry(Ledger(problems=[Problem(what="x")])).problems == (wire.Problem(what="x"),)


_TEXT = st.text(max_size=40) | st.just(HOSTILE) | st.just("\ud800\u202e") | st.just("🦀" * 3_000)


@given(_TEXT, _TEXT, st.sampled_from([Status.FAILED, Status.CONFLICT]))
def test_any_text_of_a_failure_is_carried(text: str, other: str, status: Status) -> None:
    bad = replace(outcome("kelp", status), name=text, version=text, folder=other, reason=other)
    bad = replace(bad, findings=(finding(text),))

    (package,) = carry(ledger(bad)).packages

    assert package.status is status
    assert len(package.reason) <= wire.LONGEST
    assert package.folder.isprintable() or "\ufffd" in package.folder or "\t" in package.folder


def _many(count: int, *, files: int) -> Ledger:
    listed = tuple(FileChange(path=f"docs/{n}.md", before=n, after=n + 1) for n in range(files))
    changed = Changes(since="1.1.0", size=9, files=listed)
    good = [replace(outcome(f"kelp_{n}"), changes=changed) for n in range(count)]
    return ledger(*good, outcome("zostera", Status.FAILED))


@pytest.mark.parametrize(("count", "files"), [(1, 5_000), (60, 200), (3_000, 0), (900, 60)])
def test_a_long_report_fits_into_a_steps_environment_and_keeps_what_failed(
    count: int, files: int
) -> None:
    text = carried.write(replace(_many(count, files=files), checks="core checks"))

    assert len(text.encode()) <= 100_000
    assert "\n" not in text
    found = carried.read(text.encode())
    assert "zostera" in {package.name for package in found.packages}
    if found.packages[0].changes:
        assert found.packages[0].changes.more + len(found.packages[0].changes.files) == files


def test_where_packages_are_left_out_it_is_said() -> None:
    found = carried.read(carried.write(_many(3_000, files=0)).encode())

    assert any("too long" in told for told in found.warnings)


_GOOD: Mapping[str, Json] = {
    "name": "kelp", "folder": "packages/kelp", "status": "would-publish", "version": "1.2.0",
}  # fmt: skip
_FAILED = {**_GOOD, "status": "failed", "name": HOSTILE, "version": HOSTILE}


def _report(package: Mapping[str, Json], **other: Json) -> bytes:
    return json.dumps({"format": 1, "packages": [package], **other}).encode()


def test_the_least_that_is_a_report_is_read() -> None:
    assert carried.read(b'{"format": 1}') == wire.Report(format=1)
    assert carried.read(_report(_GOOD)).packages[0].status is Status.WOULD_PUBLISH
    assert carried.read(_report(_FAILED)).packages[0].name == HOSTILE


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="no text"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"format": 2}', id="another format"),
        pytest.param(b"{}", id="no format"),
        pytest.param(b'{"format": 1, "packages": ' + b"[" * 100_000, id="nested"),
        pytest.param(b'{"format": 1}' + b" " * carried.LARGEST, id="too large"),
        pytest.param(_report({**_GOOD, "status": "done"}), id="unknown status"),
        pytest.param(_report({**_GOOD, "version": "1.0"}), id="no version"),
        pytest.param(_report({**_GOOD, "version": "1.0.0 **x**"}), id="markup as version"),
        pytest.param(_report({**_GOOD, "name": "<b>kelp</b>"}), id="markup as name"),
        pytest.param(_report({**_GOOD, "previous": "@team"}), id="mention as previous"),
        pytest.param(_report({**_GOOD, "sha256": "](https://x.example)"}), id="link as digest"),
        pytest.param(_report({**_GOOD, "reason": "x" * 2_001}), id="too long a text"),
        pytest.param(_report({**_GOOD, "reason": 5}), id="number as text"),
        pytest.param(_report({**_GOOD, "size": -1}), id="negative size"),
        pytest.param(_report({**_GOOD, "size": 1e300}), id="endless size"),
        pytest.param(_report(_GOOD, head="main"), id="branch as commit"),
        pytest.param(_report(_GOOD, head="a" * 40 + "\n"), id="commit with a line end"),
        pytest.param(_report(_GOOD, checks="<b>all</b>"), id="markup as checks"),
        pytest.param(_report(_GOOD, warnings=["x"] * 2_000), id="too many warnings"),
        pytest.param(
            _report(_GOOD, planned=[{**_GOOD, "previous": "`x`"}]), id="markup as planned previous"
        ),
    ],
)
def test_what_we_never_wrote_is_refused(data: bytes) -> None:
    with pytest.raises(BadReportError) as caught:
        carried.read(data)

    assert str(caught.value).isprintable()


@given(st.binary(max_size=200) | st.text().map(str.encode))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        carried.read(data)
    except BadReportError:
        return


def test_addresses_are_built_here() -> None:
    package = carried.read(_report({**_GOOD, "urls": {"zip": "https://evil.example"}})).packages[0]

    made = carried.outcome_of(package, urls)

    assert isinstance(made, Outcome)
    assert made.urls
    assert made.urls.zip == "https://storage.example/kelp-1.2.0.zip"
