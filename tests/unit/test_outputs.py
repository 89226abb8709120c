"""The outputs, as later steps of a workflow read them."""

import json
from dataclasses import replace

import pytest

from pkgaction.model.json import Json, at, text_at
from pkgaction.model.manifest import RequiredAs, Requirement
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.release import Candidate
from pkgaction.report import outputs
from tests.unit.ledgers import HOSTILE, PLAN, candidate, ledger, outcome


def _json(text: str) -> Json:
    found: Json = json.loads(text)
    return found


def test_a_run_that_did_nothing_has_all_outputs() -> None:
    assert outputs.of(Ledger(), "") == {
        "published": "false",
        "packages": "[]",
        "matrix": '{"include":[]}',
        "comment-url": "",
        "report": "",
    }


def test_each_package_has_every_key() -> None:
    found = _json(outputs.of(ledger(outcome()), "")["packages"])

    assert found == [
        {
            "package": "packages/kelp",
            "name": "kelp",
            "version": "1.2.0",
            "previous": "1.1.0",
            "status": "published",
            "reason": "",
            "prerelease": False,
            "sha256": "c" * 64,
            "size": 12_345,
            "urls": {
                "zip": "https://storage.example/kelp-1.2.0.zip",
                "signature": "https://storage.example/kelp-1.2.0.zip.sig",
                "static": "https://storage.example/static/",
            },
        }
    ]


def test_what_is_not_known_is_null() -> None:
    failed = replace(outcome("kelp", Status.FAILED), previous="", sha256="", size=0, urls=None)

    found = _json(outputs.of(ledger(failed), "")["packages"])

    assert isinstance(found, list)
    assert isinstance(found[0], dict)
    assert [found[0][k] for k in ("previous", "sha256", "size", "urls")] == [None] * 4


def test_packages_are_sorted_by_name_and_on_one_line_whatever_they_hold() -> None:
    run = ledger(outcome("wrack"), outcome("kelp", Status.FAILED, reason=HOSTILE + "\ud800"))

    text = outputs.of(run, "")["packages"]

    assert text.isascii()
    assert text.isprintable()
    found = _json(text)
    assert isinstance(found, list)
    assert [one["name"] for one in found if isinstance(one, dict)] == ["kelp", "wrack"]


@pytest.mark.parametrize(
    ("status", "published"),
    [
        (Status.PUBLISHED, "true"),
        (Status.COMPLETED, "true"),
        (Status.ALREADY_PUBLISHED, "true"),
        (Status.CONFLICT, "false"),
        (Status.FAILED, "false"),
        (Status.WOULD_PUBLISH, "false"),
    ],
)
def test_published_says_whether_a_package_is_in_the_bucket(status: Status, published: str) -> None:
    assert outputs.of(ledger(outcome("kelp", status)), "")["published"] == published


def test_the_matrix_has_a_job_a_candidate() -> None:
    run = ledger(plan=replace(PLAN, candidates=(candidate("kelp"), candidate("reef"))))

    assert _json(outputs.of(run, "")["matrix"]) == {
        "include": [
            {"name": "kelp-1.2.0", "package": "kelp", "version": "1.2.0"},
            {"name": "reef-1.2.0", "package": "reef", "version": "1.2.0"},
        ]
    }


def _requiring(name: str, *others: str) -> Candidate:
    required = [Requirement(name=one, version="1.2.0", kind=RequiredAs.INPUT) for one in others]
    return replace(candidate(name), requires=tuple(required))


def test_packages_that_require_each_other_are_one_job() -> None:
    packages = (_requiring("kelp", "wrack"), _requiring("reef", "gone"), _requiring("wrack"))
    run = ledger(plan=replace(PLAN, candidates=packages))

    assert _json(outputs.of(run, "")["matrix"]) == {
        "include": [
            {"name": "kelp-1.2.0-to-wrack-1.2.0", "package": "kelp\nwrack", "version": ""},
            {"name": "reef-1.2.0", "package": "reef", "version": "1.2.0"},
        ]
    }


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_large_matrix_keeps_them_together_too(size: int) -> None:
    packages = [_requiring(f"kelp_{n}", *([f"kelp_{n - 1}"] if n % size else [])) for n in range(1_000)]
    run = ledger(plan=replace(PLAN, candidates=tuple(packages)))

    jobs = at(_json(outputs.of(run, "")["matrix"]), "include")
    assert isinstance(jobs, list)
    assert len(jobs) <= 256
    rows = [text_at(job, "package").splitlines() for job in jobs]
    assert sorted(name for row in rows for name in row) == sorted(p.id.name for p in packages)
    for row in rows:
        assert {f"kelp_{n - 1}" for n in range(1_000) if n % size and f"kelp_{n}" in row} <= {*row}


def test_a_matrix_has_no_more_jobs_than_github_starts() -> None:
    run = ledger(plan=replace(PLAN, candidates=tuple(candidate(f"kelp_{n}") for n in range(300))))

    jobs = at(_json(outputs.of(run, "")["matrix"]), "include")
    assert isinstance(jobs, list)
    assert len(jobs) <= 256
    named = [name for job in jobs for name in text_at(job, "package").splitlines()]
    assert sorted(named) == sorted(f"kelp_{n}" for n in range(300))
    names = [text_at(job, "name") for job in jobs]
    assert names[0] == "kelp_0-1.2.0-to-kelp_1-1.2.0"
    assert len(set(names)) == len(names)


def test_the_comments_address_and_the_report_are_passed_on() -> None:
    found = outputs.of(Ledger(), "https://github.com/x", "{}")

    assert found["comment-url"] == "https://github.com/x"
    assert found["report"] == "{}"
