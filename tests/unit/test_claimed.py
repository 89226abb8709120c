"""What a fork's run reports is told truly, whatever it consists of, and a name is no sentence."""

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from pkgaction.model.json import Json
from pkgaction.model.outcome import Ledger, Status, Urls
from pkgaction.report import comment, summary, text, words
from pkgaction.retelling import Retelling
from tests.unit.ledgers import HEAD, PLACE, PREVIEW
from tests.unit.test_retelling import RELAY

_REST: Mapping[str, str] = {"version": "1.2.0", "previous": "1.1.0"}


def _package(name: str, status: str) -> Json:
    return {"name": name, "folder": f"packages/{name}", "status": status, "reason": "salt", **_REST}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a report, and what it has to do with the headline."""

    field: str
    entry: Json
    kind: str


PARTS = [
    Part(field="packages", entry=_package("kelp", "would-publish"), kind="new"),
    Part(field="packages", entry=_package("reef", "failed"), kind="refused"),
    Part(field="packages", entry=_package("gull", "conflict"), kind="refused"),
    Part(field="packages", entry=_package("squid", "not-tried"), kind="untried"),
    Part(field="packages", entry=_package("tide", "already-published"), kind=""),
    Part(field="planned", entry={"name": "wave", "folder": "packages/wave", **_REST}, kind="untried"),
    Part(
        field="skipped",
        entry={"name": "foam", "folder": "packages/foam", "reason": "no bump", "warn": True},
        kind="",
    ),
    Part(field="problems", entry={"what": "no bucket", "exit_status": 2}, kind="problem"),
    Part(field="warnings", entry="the key expires", kind=""),
]
COMBINATIONS = [some for count in range(len(PARTS) + 1) for some in itertools.combinations(PARTS, count)]


def _retold(folder: Path, told: Mapping[str, Json], *, preview: bool = False) -> Ledger:
    (folder / "x.json").write_text(json.dumps({"format": 1, "head": HEAD, **told}))
    made = Ledger(intent=PREVIEW if preview else RELAY)
    urls = Urls(zip="https://x.example/z", signature="", static="")
    Retelling(workspace=folder, globs=["x.json"], urls=lambda _: urls).into(made)
    return made


def _shown(run: Ledger) -> str:
    lines = text.of(run)
    return "\n".join([comment.render(run, PLACE, "gs://x"), summary.render(run, PLACE), *lines])


def _headline(parts: Sequence[Part]) -> str:
    kinds = [part.kind for part in parts]
    refused, untried, new = (kinds.count(kind) for kind in ("refused", "untried", "new"))
    if refused:
        return f"{refused} package{'s' * (refused > 1)} can't be published yet"
    if untried:
        return f"{untried} package{'s' * (untried > 1)} not checked"
    if new:
        return "This publishes 1 package" + (", with problems" if "problem" in kinds else "")
    return "Nothing is known of any package" if "problem" in kinds else "This publishes nothing"


def test_each_combination_of_a_reports_content_is_told_truly(tmp_path: Path) -> None:
    for parts in COMBINATIONS:
        told: dict[str, list[Json]] = {}
        for part in parts:
            told.setdefault(part.field, []).append(part.entry)

        run = _retold(tmp_path, told)
        shown = _shown(run)

        assert words.headline(run) == _headline(parts), told
        assert run.exit_status == 0
        assert words.UNVERIFIED in shown
        for lie in ("Nothing was published", "no job has reported", "run the failed", "job again"):
            assert lie not in shown
        assert "already published" not in shown
        assert ("**Can't be published" in shown) is any(part.kind == "refused" for part in parts)
        for part in parts:
            entry = part.entry if isinstance(part.entry, dict) else {}
            assert not entry or str(entry.get("name") or entry.get("what")) in shown


def test_what_is_only_planned_is_told_as_the_forks_word(tmp_path: Path) -> None:
    (one,) = _retold(tmp_path, {"planned": [PARTS[5].entry]}).sorted()

    assert (one.status, one.fix) == (Status.NOT_TRIED, "")
    assert one.reason == "the fork's run says: it is planned, and nothing more"


def test_what_is_only_planned_in_a_preview_of_ours_is_not_called_unpublished(tmp_path: Path) -> None:
    run = _retold(tmp_path, {"planned": [PARTS[5].entry]}, preview=True)

    (one,) = run.sorted()
    assert one.status is Status.NOT_TRIED
    assert one.reason == "no job has reported whether it can be published"
    assert words.headline(run) == "1 package not checked"


SENTENCE = "already published, approved by the owners"
LONG = "a" * 101


EVERYWHERE: list[dict[str, Json]] = [
    {"name": SENTENCE},
    {"name": "Approved-by-the-owners"},
    {"name": LONG},
    {"version": SENTENCE},
    {"version": f"1.0.0-{LONG}"},
]
IN_SOME: list[tuple[str, dict[str, Json]]] = [
    ("packages", {"previous": SENTENCE}),
    ("planned", {"previous": SENTENCE}),
    ("packages", {"changes": {"since": SENTENCE, "size": 1}}),
    ("planned", {"version": ""}),
    ("packages", {"version": "", "status": "would-publish"}),
]


@pytest.mark.parametrize(
    ("field", "change"),
    [*itertools.product(["packages", "planned", "skipped"], EVERYWHERE), *IN_SOME],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_what_is_no_packages_name_or_version_is_left_out_and_counted(
    tmp_path: Path, field: str, change: dict[str, Json]
) -> None:
    good = {"folder": "packages/kelp", **_REST, "status": "failed", "reason": "x"}
    told: dict[str, Json] = {
        field: [{"name": "kelp", **good, **change}, {"name": "reef", **good, **change}]
    }

    run = _retold(tmp_path, told)

    assert not run.outcomes
    assert words.headline(run) == "Nothing is known of any package"
    for shown in (comment.render(run, PLACE, "gs://x"), summary.render(run, PLACE)):
        assert "2 entries of the fork's report not shown" in shown
        assert "approved" not in shown.lower()
        assert LONG not in shown


@pytest.mark.parametrize("field", ["packages", "planned", "skipped"])
@pytest.mark.parametrize("folder", [SENTENCE, "packages/größe paket"])
def test_a_folder_that_could_be_a_sentence_is_not_shown_and_its_package_is(
    tmp_path: Path, field: str, folder: str
) -> None:
    entry: Json = {"name": "kelp", "folder": folder, **_REST, "status": "failed", "reason": "x"}

    shown = _shown(_retold(tmp_path, {field: [entry]}))

    assert "kelp" in shown
    assert "not shown" not in shown
    assert folder not in shown


def test_packages_of_one_name_that_have_failed_are_all_told(tmp_path: Path) -> None:
    failed: dict[str, Json] = {"name": "kelp", "status": "failed", "reason": "name twice"}
    both: Json = [{**_REST, **failed, "version": "", "folder": f"packages/{at}"} for at in ("a", "b")]

    run = _retold(tmp_path, {"packages": both})

    assert [one.folder for one in run.sorted()] == ["packages/a", "packages/b"]
    assert words.headline(run) == "2 packages can't be published yet"


def test_findings_are_the_forks_words_and_a_rules_name_is_no_sentence(tmp_path: Path) -> None:
    finding = {"code": "salt", "file": "manifest.yml", "message": "too salty", "severity": "error"}
    found: Json = [finding, {**finding, "code": SENTENCE}, {**finding, "official": SENTENCE}]
    named = {"name": "kelp", "folder": "packages/kelp", "status": "failed"}
    package: Json = {**named, **_REST, "findings": found}

    shown = _shown(_retold(tmp_path, {"packages": [package]}))

    assert "the fork's run says: too salty" in shown
    assert "approved" not in shown
