"""However a release ends from within, its words are those of the buckets: a bug of ours in any stage, a
full disk, too many open files, no memory.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

from pkgaction import wiring
from pkgaction.adapters.git import GitRepository
from pkgaction.adapters.github_api import GitHubPullRequests
from pkgaction.adapters.runner import Runner
from pkgaction.model.tree import Tree
from pkgaction.ports import ObjectStore
from tests.e2e.endings import FIRST, MIDDLE, THREE, Buckets, Trial, quick, trial
from tests.e2e.judge import DONE, Said, expect_none, lies
from tests.fakes.failing import FailingContent, FailingSigner, FailingStore, Failure
from tests.fakes.shown import Version, zip_name

_ZIP, _FILES = zip_name(MIDDLE), f"artifacts/static/{MIDDLE[0]}-{MIDDLE[1]}/"
_LIST, _CURSOR = r".+/search-index-all\.json", r".+/cursor\.json"
_DELTA = r".+/search-index-delta\.json"
_NO_CHANGES: Mapping[str, str] = MappingProxyType({})
# an exception that is planted in this very process may leave a pipe of git's to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def bug() -> BaseException:
    return RuntimeError("planted")


def no_space() -> BaseException:
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/scratch/zip")


def no_files() -> BaseException:
    return OSError(errno.EMFILE, os.strerror(errno.EMFILE))


def no_memory() -> BaseException:
    return MemoryError()


# which call fails; "behind": it acts first
STORAGE = {
    "look for the zip": ("public", "stat", _ZIP),
    "claim": ("public", "create", rf"{_FILES}manifest\.yml"),
    "list files": ("public", "list", _FILES),
    "file": ("public", "create", rf"{_FILES}changelog\.yml"),
    "signature": ("public", "create", rf"{_ZIP}\.sig"),
    "zip": ("public", "create", _ZIP),
    "behind the zip": ("public", "create", _ZIP),
    "read back": ("public", "stat", rf"{_ZIP}\.sig"),
    "read the cursor": ("index", "stat", _CURSOR),
    "read the list": ("index", "open", _LIST),
    "list generations": ("index", "list", r"v2/metadata/"),
    "create the list": ("index", "create", _LIST),
    "move the cursor": ("index", "replace", _CURSOR),
    "behind the cursor": ("index", "replace", _CURSOR),
    "read the index back": ("index", "stat", _DELTA),
}
_MAY_NOT_KNOW = {"behind the zip", "behind the cursor", "read the index back"}
# what is raised, whether once, the status that the run ends with, what it says
CAUSES = {
    "bug": (bug, True, 1, "pkgaction itself failed"),
    "disk": (no_space, False, 3, "no space left"),
    "files": (no_files, False, 3, "too many open files"),
    "memory": (no_memory, False, 3, "memory"),
}
ROWS = [
    *((place, "bug") for place in STORAGE),
    *((place, "disk") for place in ("claim", "zip", "read the list", "create the list")),
    *((place, "files") for place in ("file", "behind the zip", "move the cursor")),
    *((place, "memory") for place in ("zip", "read the list")),
]


@pytest.fixture(scope="module")
def made() -> Iterator[Trial]:
    with trial(None, None) as one, quick(one):
        one.undisturbed()
        yield one


@pytest.fixture
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as made:
        yield made


def _failure(cause: str, method: str, name: str = ".*", *, acts: bool = False) -> Failure:
    error, once, _, _ = CAUSES[cause]
    return Failure(error, method, name, once=once, acts=acts)


def _judged(
    made: Trial,
    buckets: Buckets,
    patch: pytest.MonkeyPatch,
    *,
    changes: Mapping[str, str] = _NO_CHANGES,
    planned: tuple[Version, ...] = THREE,
    blind: bool = False,
) -> Said:
    """Run, hold what is said against the buckets, and finish it without what was patched."""
    said = made.run(buckets, changes)
    patch.undo()
    shown = buckets.show()
    found = lies(said, shown, planned, blind=blind)
    expect_none([*found, *made.finish(buckets, shown)], said)
    return said


def _expect(said: Said, cause: str) -> None:
    """The cause is named everywhere; an exception of the outside is no bug of ours."""
    _, _, status, words = CAUSES[cause]
    assert said.run.status == status
    for text in said.texts.values():
        assert words in text.lower()
    assert ("Traceback" in said.run.log) == (cause == "bug")
    assert ("pkgaction itself failed" in said.run.log) == (cause == "bug")


@pytest.mark.parametrize(("place", "cause"), ROWS, ids=[f"{c}, {p}" for p, c in ROWS])
def test_whatever_a_bucket_raises(
    made: Trial, patch: pytest.MonkeyPatch, place: str, cause: str
) -> None:
    bucket, method, name = STORAGE[place]
    buckets = made.buckets()
    failure = _failure(cause, method, name, acts=place.startswith("behind"))
    _wrap(patch, getattr(buckets, bucket), failure)

    blind = place in _MAY_NOT_KNOW or (method == "open" and not failure.once)

    said = _judged(made, buckets, patch, blind=blind)

    assert failure.happened
    _expect(said, cause)
    if bucket == "index":
        assert set(said.statuses.values()) <= {"not-indexed", *DONE}
    else:
        assert said.statuses[FIRST[0]] == "published"  # it came into the index all the same


def _wrap(patch: pytest.MonkeyPatch, meant: str, failure: Failure) -> None:
    """Give the run the bucket of this address with its failure."""
    regular = wiring.Cloud.store

    def store(cloud: wiring.Cloud, url: str) -> ObjectStore:
        found = regular(cloud, url)
        return FailingStore.of(found, failure) if url == meant else found

    patch.setattr(wiring.Cloud, "store", store)


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("after", [0, 2], ids=["preflight", "second signature"])
def test_whatever_signing_raises(made: Trial, patch: pytest.MonkeyPatch, cause: str, after: int) -> None:
    failure = _failure(cause, "sign")
    failure.after = after
    patch.setattr(wiring, "signer", lambda *args, **kwargs: FailingSigner(failure))

    said = _judged(made, made.buckets(), patch)

    assert failure.happened
    _expect(said, cause)


@pytest.mark.parametrize("cause", ["bug", "disk", "files"])
@pytest.mark.parametrize(
    "path", ["changelog.yml", "img/lanternfish.svg"], ids=["while it validates", "while it builds"]
)
@pytest.mark.parametrize("jobs", ["1", "2"], ids=["one job", "two jobs"])
def test_whatever_a_file_of_a_package_raises(
    made: Trial, patch: pytest.MonkeyPatch, cause: str, path: str, jobs: str
) -> None:
    failure, regular = _failure(cause, "open", path), GitRepository.tree

    def tree(repository: GitRepository, commit: str, folder: str) -> Tree:
        found = regular(repository, commit, folder)
        if not folder.endswith(MIDDLE[0]):
            return found
        files = (replace(f, content=FailingContent(f.path, f.content, failure)) for f in found.files)
        return Tree(tuple(files))

    patch.setattr(GitRepository, "tree", tree)

    said = _judged(made, made.buckets(), patch, changes={"jobs": jobs})

    _expect(said, cause)


@pytest.mark.parametrize("cause", ["bug", "files"])
def test_whatever_git_raises_while_it_plans(made: Trial, patch: pytest.MonkeyPatch, cause: str) -> None:
    failure, regular = _failure(cause, "changed_paths"), GitRepository.changed_paths

    def changed(repository: GitRepository, base: str, head: str) -> object:
        return failure.around("changed_paths", "", lambda: regular(repository, base, head))

    patch.setattr(GitRepository, "changed_paths", changed)

    said = _judged(made, made.buckets(), patch, planned=())

    _expect(said, cause)
    assert said.packages == []


def test_a_specification_that_fails_is_no_verdict(made: Trial, patch: pytest.MonkeyPatch) -> None:
    failure = _failure("bug", "specification")

    def specification(*args: object) -> object:
        return lambda: failure.around("specification", "", lambda: None)

    patch.setattr(wiring, "specification", specification)

    said = _judged(made, made.buckets(), patch)

    _expect(said, "bug")


def test_a_comment_that_fails_changes_no_result(made: Trial, patch: pytest.MonkeyPatch) -> None:
    def comment(*args: object, **kwargs: object) -> str:
        raise bug()

    patch.setattr(GitHubPullRequests, "comment", comment)

    said = _judged(made, made.buckets(), patch)

    assert said.run.status == 0
    assert said.comments == []
    assert "no comment was written" in said.results


def test_a_summary_on_a_full_disk_changes_no_result(made: Trial, patch: pytest.MonkeyPatch) -> None:
    def summary(*args: object) -> None:
        raise no_space()

    patch.setattr(Runner, "summary", summary)
    buckets = made.buckets()

    said = made.run(buckets)

    assert said.run.status == 0
    assert said.run.outputs["published"] == "true"
    assert set(said.statuses.values()) == {"published"}
    assert "the summary was not written" in said.run.log
