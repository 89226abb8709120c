"""Which pull request brought which package: the newest commit decides, other sources are confirmed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pkgaction.model.event import Landed
from pkgaction.model.outcome import Ledger, Status
from pkgaction.model.release import Candidate, Plan, Skipped
from pkgaction.stages.attribute import Attribution, links, to_tell
from tests.fakes.pulls import KnownPulls
from tests.unit.ledgers import candidate, ledger, outcome
from tests.unit.trees import GOOD, source

PAGES = "https://github.com/deepwater/packages"
OLD, NEW, NEWEST = "a" * 40, "b" * 40, "c" * 40
KELP = ["packages/kelp/manifest.yml", "packages/kelp/changelog.yml"]


def landed(commit: str, *paths: str, subject: str = "Work") -> Landed:
    return Landed(commit=commit, subject=subject, paths=paths)


def linked(*targets: str) -> Candidate:
    """Kelp 1.2.0, whose changelog entry has these links."""
    changes = "".join(f"    - link: {target}\n" for target in targets)
    changelog = f"- version: 1.2.0\n  changes:\n{changes}- version: 1.1.0\n  changes:\n    - link: old\n"
    return replace(candidate("kelp"), source=source({**GOOD, "changelog.yml": changelog}))


def brought(
    way: Sequence[Landed], pulls: KnownPulls, packages: Mapping[str, Candidate | None] | None = None
) -> dict[str, list[int]]:
    asked = Attribution(api=pulls, branch="main", pages=PAGES, landed=way)
    found = asked.of(packages or {"packages/kelp": None})
    return {folder: [pull.number for pull in found[folder]] for folder in found}


def test_each_package_goes_to_the_pull_request_of_the_newest_commit_that_touched_it() -> None:
    way = [
        landed(NEWEST, "packages/reef/manifest.yml", "packages/kelp_2/x"),
        landed(NEW, *KELP),
        landed(OLD, *KELP, "packages/reef/manifest.yml"),
    ]
    pulls = KnownPulls(by_commit={NEWEST: [9], NEW: [8], OLD: [7]})

    found = brought(way, pulls, {"packages/kelp": None, "packages/reef": None})

    assert found == {"packages/kelp": [8], "packages/reef": [9]}
    assert pulls.asked == [NEW, NEWEST]


def test_what_lies_in_another_package_does_not_touch_the_one_at_the_root() -> None:
    way = [
        landed(NEWEST, "packages/kelp/manifest.yml", "packages/kelp/docs/README.md"),
        landed(NEW, ".github/workflows/publish.yml"),
        landed(OLD, "manifest.yml"),
    ]
    pulls = KnownPulls(by_commit={NEWEST: [9], NEW: [8], OLD: [7]})

    assert brought(way, pulls, {".": None, "packages/kelp": None}) == {".": [8], "packages/kelp": [9]}


def test_a_commit_is_asked_for_once_however_many_packages_it_brought() -> None:
    way = [landed(NEW, "packages/kelp/x", "packages/reef/x")]
    pulls = KnownPulls(by_commit={NEW: [8]})

    brought(way, pulls, {"packages/kelp": None, "packages/reef": None})

    assert pulls.asked == [NEW]


def test_where_the_paths_are_not_known_the_commit_brought_everything() -> None:
    way = [Landed(commit=NEW, subject="", paths=None)]

    assert brought(way, KnownPulls(by_commit={NEW: [8]})) == {"packages/kelp": [8]}


def test_the_changelogs_link_is_the_second_source() -> None:
    pulls = KnownPulls(merged_as={7: NEW, 5: OLD})
    way = [landed(NEW, *KELP, subject="Work (#5)"), landed(OLD, "x")]

    found = brought(way, pulls, {"packages/kelp": linked(f"{PAGES}/pull/7")})

    assert found == {"packages/kelp": [7]}
    assert pulls.asked == [NEW, 7]


def test_the_number_at_the_end_of_the_subject_is_the_third() -> None:
    pulls = KnownPulls(merged_as={5: NEW})
    way = [landed(NEW, *KELP, subject="Mend #4 (#5)")]

    found = brought(way, pulls, {"packages/kelp": linked(f"{PAGES}/pull/7")})

    assert found == {"packages/kelp": [5]}
    assert pulls.asked == [NEW, 7, 5]


def test_a_number_is_believed_only_if_its_merge_is_in_this_push() -> None:
    pulls = KnownPulls(merged_as={5: "d" * 40})

    assert brought([landed(NEW, *KELP, subject="Copied (#5)")], pulls) == {"packages/kelp": []}


@pytest.mark.parametrize(
    "link",
    [
        "https://github.com/other/packages/pull/7",
        "https://github.com/deepwater/packages/issues/7",
        f"{PAGES}/pull/7/files",
        f"{PAGES}/pull/07",
        f"{PAGES}/pull/7777777777",
        "https://evil.example/?https://github.com/deepwater/packages/pull/7",
        "7",
    ],
)
def test_other_links_are_not_followed(link: str) -> None:
    pulls = KnownPulls(merged_as={7: NEW})

    assert brought([landed(NEW, *KELP)], pulls, {"packages/kelp": linked(link)}) == {"packages/kelp": []}
    assert pulls.asked == [NEW]


@pytest.mark.parametrize("subject", ["Work (#5) and more", "Work #5", "Work (#0)", "Work (#5", "(5)"])
def test_other_numbers_are_not_followed(subject: str) -> None:
    pulls = KnownPulls(merged_as={5: NEW})

    assert brought([landed(NEW, *KELP, subject=subject)], pulls) == {"packages/kelp": []}


def test_a_republished_package_is_found_by_its_changelog_alone() -> None:
    pulls = KnownPulls(merged_as={7: OLD})

    assert brought([], pulls, {"packages/kelp": linked(f"{PAGES}/pull/7")}) == {"packages/kelp": [7]}


def test_only_the_entry_of_the_new_version_counts_and_no_more_links_than_people_write() -> None:
    assert links(linked("a", "b")) == ["a", "b"]
    assert len(links(linked(*map(str, range(100))))) == 20


@pytest.mark.parametrize("changelog", ["- [", "x", "- version: 1.2.0\n  changes: 5\n", "- 1.2.0\n", ""])
def test_a_changelog_that_says_nothing_has_no_links(changelog: str) -> None:
    made = candidate("kelp")
    broken = source({**GOOD, "changelog.yml": changelog})

    assert links(Candidate(**{**_fields(made), "source": broken})) == []  # type: ignore[arg-type]


def _fields(made: Candidate) -> dict[str, object]:
    return {name: getattr(made, name) for name in made.__slots__}


def test_outcomes_candidates_and_forgotten_bumps_are_told() -> None:
    loud = Skipped(name="wrack", folder="packages/wrack", reason="same version", warn=True)
    quiet = Skipped(name="reef", folder="packages/reef", reason="removed")
    one = candidate("crab")
    run = ledger(
        outcome("kelp", Status.FAILED),
        plan=Plan(base="", head="", compared="", candidates=(one,), skipped=(loud, quiet)),
    )

    assert to_tell(run) == {"packages/kelp": None, "packages/wrack": None, "packages/crab": one}
    assert to_tell(Ledger()) == {}
