"""The comment says whether it worked, within GitHub's limit, in whole rows."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from pkgaction.model.changes import Changes, FileChange
from pkgaction.model.event import Preview, Release
from pkgaction.model.outcome import Ledger, Outcome, Problem, Status
from pkgaction.model.release import FileRecord, Skipped
from pkgaction.report import comment, fitting, summary
from tests.unit.ledgers import HEAD, HOSTILE, PLACE, PLAN, PREVIEW, RELEASE, finding, ledger, outcome

_BUCKET = "file:///bucket"
_LINK = re.compile(r"\]\(([^)]*)\)")


def _render(run: Ledger) -> str:
    return comment.render(run, PLACE, _BUCKET)


def _headline(run: Ledger) -> str:
    return _render(run).splitlines()[2]


def test_the_first_line_is_a_hidden_marker_of_the_bucket() -> None:
    one = _render(ledger(outcome())).splitlines()[0]
    same = _render(ledger(outcome("reef", Status.FAILED))).splitlines()[0]
    other = comment.render(ledger(outcome()), PLACE, "file:///other").splitlines()[0]

    assert re.fullmatch(r"<!-- pkgaction:[0-9a-f]{12} -->", one)
    assert one == same
    assert one != other


_GOOD, _BAD = outcome("kelp"), outcome("reef", Status.FAILED)
_THERE = outcome("kelp", Status.ALREADY_PUBLISHED)
_FORESEEN = outcome("kelp", Status.WOULD_PUBLISH)


@pytest.mark.parametrize(
    ("run", "headline"),
    [
        pytest.param(ledger(_GOOD), "1 package published", id="one"),
        pytest.param(ledger(_GOOD, outcome("reef")), "2 packages published", id="two"),
        pytest.param(ledger(_GOOD, _BAD), "1 package published, 1 not", id="one of two"),
        pytest.param(ledger(_BAD), "1 package not published", id="none of one"),
        pytest.param(ledger(_THERE), "1 package: already published, nothing changed", id="again"),
        pytest.param(ledger(), "Nothing to publish", id="nothing"),
        pytest.param(ledger(_FORESEEN, intent=PREVIEW), "This publishes 1 package", id="preview"),
        pytest.param(
            ledger(_THERE, intent=PREVIEW), "All of it is already published", id="preview again"
        ),
        pytest.param(
            ledger(_FORESEEN, _BAD, intent=PREVIEW),
            "1 package can't be published yet",
            id="preview fails",
        ),
        pytest.param(ledger(intent=PREVIEW), "This publishes nothing", id="preview of nothing"),
        pytest.param(
            Ledger(problems=[Problem(what="no bucket")]),
            "Nothing was published: the run stopped",
            id="stopped",
        ),
    ],
)
def test_the_headline_says_whether_it_worked(run: Ledger, headline: str) -> None:
    assert _headline(run) == f"### {headline}"


def test_a_dry_run_is_told_as_a_preview() -> None:
    run = ledger(_FORESEEN)
    run.dry_run = True

    assert _headline(run) == "### This publishes 1 package"


def _many(count: int, status: Status = Status.PUBLISHED) -> list[Outcome]:
    return [outcome(f"kelp_{n:04}", status, reason="🦀" * 300) for n in range(count)]


@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.FAILED, Status.WOULD_PUBLISH])
def test_thousands_of_packages_fit_in_whole_rows(status: Status) -> None:
    body = _render(ledger(*_many(5000, status)))

    assert 30_000 < fitting.utf16(body) <= comment.MOST
    assert body.rstrip("\n").endswith("*More than fits here: see the summary of the run.*")
    rows = [line for line in body.splitlines() if line.startswith(("| ✅", "- ❌"))]
    assert len(rows) >= 50
    assert all(row.endswith(("|", "</code>")) for row in rows)


def test_length_is_counted_as_utf_16_units() -> None:
    assert [fitting.utf16(text) for text in ("a", "é", "潮", "🦀", "\ud800")] == [1, 1, 1, 2, 1]


def test_what_failed_is_shown_first_however_much_was_published() -> None:
    body = _render(ledger(*_many(2000), outcome("zostera", Status.CONFLICT)))

    assert 0 < body.index("zostera") < body.index("|  | Package |")


@pytest.mark.parametrize("render", [_render, lambda run: summary.render(run, PLACE)])
@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.FAILED, Status.WOULD_PUBLISH])
def test_the_link_to_the_run_is_there_however_long_the_comment_is(
    status: Status, render: Callable[[Ledger], str]
) -> None:
    for count, problems in ((0, 0), (1, 1), (60, 60), (2000, 200)):
        run = ledger(*_many(count, status))
        run.problems += [Problem(what="🦀" * 3000, fix="🦀" * 1900)] * problems

        assert f"[run]({PLACE.run_url})" in render(run)


def test_a_command_is_there_to_its_end_or_not_there_at_all() -> None:
    command = "gcloud x --member='serviceAccount:fish@sea.iam.gserviceaccount.com' --role=" + "r" * 900
    run = ledger(outcome("reef", Status.FAILED, fix=command))
    run.problems.append(Problem(what="no way in", fix=f"{command} {'z' * 2000}"))
    run.warnings.append(command)

    body = _render(run)

    assert body.count(f"`{command}`") == 2
    assert "zzz" not in body
    assert body.count("--member") == 2


def test_a_short_comment_has_everything_and_says_no_more() -> None:
    files = (FileRecord(path="docs/README.md", size=5, sha256="d" * 64, crc32c=1, md5=b""),)
    quiet = Skipped(name="reef", folder="packages/reef", reason="it has no manifest.yml")
    loud = Skipped(name="wrack", folder="packages/wrack", reason="its version is the same", warn=True)
    run = ledger(
        replace(_GOOD, files=files, findings=(finding(),)), plan=replace(PLAN, skipped=(quiet, loud))
    )

    body = _render(run)

    assert "More than fits" not in body
    for text in (
        "1.1.0 → **1.2.0**",
        "12.3\u00a0kB",
        "stable",
        "docs/README.md",
        "too salty",
        "wrack",
        "reef",
    ):
        assert text in body


def test_links_go_only_where_we_built_them() -> None:
    bad = replace(_BAD, reason=HOSTILE, fix=HOSTILE, version=HOSTILE, findings=(finding(HOSTILE),))
    noted = replace(_GOOD, reason=HOSTILE, folder="packages/a)](https://x.example/")
    run = ledger(noted, bad, outcome(HOSTILE, Status.FAILED), plan=replace(PLAN, compared=HOSTILE))
    run.warnings.append(HOSTILE)
    run.problems.append(Problem(what=HOSTILE, where=HOSTILE, fix=HOSTILE))

    body = _render(run)

    ours = ("https://storage.example/", "https://github.com/deepwater/packages/")
    assert _LINK.findall(body)
    assert all(link.startswith(ours) for link in _LINK.findall(body))
    assert body.count("<!--") == 1
    assert "x.example" not in re.sub(r"<code>.*?</code>|packages/a[^ )]*", "", body)
    assert not re.search(r"(?m)^::", body)
    assert "\x1b" not in body
    assert not re.search(r"@\w", body)


@pytest.mark.parametrize("dry", [False, True], ids=["preview", "dry run"])
def test_what_is_only_foreseen_has_no_links_to_zips(dry: bool) -> None:  # noqa: FBT001 - a parameter
    run = ledger(_FORESEEN) if dry else ledger(_FORESEEN, intent=PREVIEW)
    run.dry_run = dry

    links = _LINK.findall(_render(run))

    assert not [link for link in links if "storage.example" in link]
    assert f"https://github.com/deepwater/packages/blob/{HEAD}/packages/kelp/changelog.yml" in links


def test_a_folder_whose_name_is_no_text_is_shown_all_the_same() -> None:
    assert _render(ledger(replace(_GOOD, folder="packages/\udcff"))).encode()


@pytest.mark.parametrize(
    ("run", "worth"),
    [
        pytest.param(ledger(), False, id="nothing"),
        pytest.param(ledger(_GOOD), True, id="a package"),
        pytest.param(Ledger(problems=[Problem(what="x")]), True, id="a problem"),
        pytest.param(
            ledger(plan=replace(PLAN, skipped=(Skipped(name="a", folder="a", reason="b"),))),
            False,
            id="quiet skip",
        ),
        pytest.param(
            ledger(plan=replace(PLAN, skipped=(Skipped(name="a", folder="a", reason="b", warn=True),))),
            True,
            id="loud skip",
        ),
    ],
)
def test_a_comment_is_written_where_there_is_something_to_say(run: Ledger, *, worth: bool) -> None:
    assert comment.worth_a_comment(run) is worth


_CHANGES = Changes(
    since="1.1.0",
    size=12_000,
    files=(
        FileChange(path="docs/new.md", before=None, after=300),
        FileChange(path="docs/old.md", before=200, after=None),
        FileChange(path="manifest.yml", before=1_000, after=2_000),
    ),
)


def test_a_preview_shows_which_files_differ_and_how_much_more_it_is() -> None:
    body = _render(ledger(replace(_FORESEEN, changes=_CHANGES), intent=PREVIEW))

    assert "| 12.3\u00a0kB\u00a0(+345\u00a0B) | 1 added, 1 changed, 1 removed<br>[changelog]" in body
    for row in (
        "| | File | <code>1.1.0</code> | <code>1.2.0</code> |",
        "| added | <code>docs/new.md</code> |  | 300 B |",
        "| removed | <code>docs/old.md</code> | 200 B |  |",
        "| changed | <code>manifest.yml</code> | 1.0 kB | 2.0 kB |",
    ):
        assert row in body.splitlines()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(replace(_CHANGES, size=20_000), "(-7.7\u00a0kB)", id="smaller"),
        pytest.param(replace(_CHANGES, size=12_345), "| 12.3\u00a0kB |", id="the same size"),
        pytest.param(replace(_CHANGES, files=()), "| no difference<br>", id="no difference"),
        pytest.param(replace(_CHANGES, more=4), "1 removed, 4 more differ<br>", id="cut off"),
        pytest.param(
            Changes(since="", size=0, files=_CHANGES.files[:1]),
            "1 added, nothing was published before</summary>",
            id="first version",
        ),
        pytest.param(None, "| 12.3\u00a0kB | <br>[changelog]", id="not compared"),
    ],
)
def test_whatever_the_comparison_says_is_told(changes: Changes | None, told: str) -> None:
    assert told in _render(ledger(replace(_FORESEEN, changes=changes), intent=PREVIEW))


def test_very_many_files_are_cut_in_whole_rows() -> None:
    files = tuple(FileChange(path=f"docs/{n}.md", before=None, after=n) for n in range(5_000))
    body = _render(ledger(replace(_FORESEEN, changes=replace(_CHANGES, files=files)), intent=PREVIEW))

    assert "and 4800 more" in body
    assert fitting.utf16(body) <= comment.MOST


@pytest.mark.parametrize(
    ("intent", "told"),
    [(PREVIEW, "version already taken"), (RELEASE, "conflict")],
    ids=["preview", "after"],
)
def test_a_taken_version_is_named_as_such_before_the_merge(intent: Preview | Release, told: str) -> None:
    assert f"**{told}**" in _render(ledger(outcome("kelp", Status.CONFLICT), intent=intent))


def test_the_first_errors_of_a_package_are_shown_and_the_rest_is_folded() -> None:
    many = tuple(finding(f"too salty {n}") for n in range(5))
    head, _, folded = _render(ledger(replace(_BAD, findings=many))).partition("<details>")

    assert [n for n in range(5) if f"too salty {n}" in head] == [0, 1, 2]
    assert [n for n in range(5) if f"too salty {n}" in folded] == [3, 4]
    assert "2 more findings" in folded


def test_a_pull_request_hears_of_its_own_packages_and_of_the_runs_problems() -> None:
    run = ledger(_GOOD, _BAD, plan=replace(PLAN, skipped=(Skipped(name="w", folder="w", reason="r"),)))
    run.problems.append(Problem(what="the tide was out"))

    body = _render(run.only({"packages/kelp"}))

    assert "kelp" in body
    assert "reef" not in body
    assert "1 left out" not in body
    assert "the tide was out" in body


@pytest.mark.parametrize("name", ["_aws_", "__init__", "a__b"])
def test_underscores_of_a_name_are_no_emphasis(name: str) -> None:
    body = comment.render(ledger(outcome(name)), PLACE, "gs://shelf")

    page = MarkdownIt("commonmark", {"html": True}).enable(["table"]).render(body)
    assert f"<b>{name}</b>" in page
