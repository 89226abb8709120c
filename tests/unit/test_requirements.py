"""What packages of one run require of each other: their order, what fails along, what goes together."""

from collections.abc import Iterable

import pytest

from pkgaction.errors import BuildRefusedError, PackageError, SourceMissingError
from pkgaction.model import outcome
from pkgaction.model.manifest import PackageId, RequiredAs, Requirement
from pkgaction.model.outcome import Outcome, Status
from pkgaction.model.release import Candidate
from pkgaction.model.version import Version
from pkgaction.requirements import Requirements
from tests.unit.trees import source


def _package(
    name: str,
    version: str = "1.0.0",
    *,
    inputs: Iterable[str] = (),
    contents: Iterable[str] = (),
    previous: str = "",
    folder: str = "",
) -> Candidate:
    """A package that requires others, each as `NAME VERSION`."""
    requires = [
        Requirement(name=text.split()[0], version=text.split(" ", 1)[1], kind=kind)
        for kind, texts in ((RequiredAs.INPUT, inputs), (RequiredAs.CONTENT, contents))
        for text in texts
    ]
    return Candidate(
        id=PackageId(name=name, version=Version.parse(version)),
        previous=Version.parse(previous) if previous else None,
        change=None,
        source=source(folder=folder or f"packages/{name}"),
        version_line=4,
        requires=tuple(requires),
    )


def _levels(*packages: Candidate) -> list[list[str]]:
    levels = Requirements.of(packages).levels(packages, lambda package: package)
    return [[str(package.id) for package in level] for level in levels]


def _refusal(
    package: Candidate, *others: Candidate, lost: Iterable[Outcome] = ()
) -> PackageError | None:
    return Requirements.of([package, *others]).refusal(package, lost)


def _failed(package: Candidate, status: Status = Status.FAILED) -> Outcome:
    return outcome.of_candidate(package, status)


_KELP, _SQUID = _package("kelp"), _package("squid")


# --- order -------------------------------------------------------------------------------------------


def test_packages_that_require_nothing_of_the_run_are_one_group_as_they_were() -> None:
    other = _package("crab", inputs=["eel 1.0.0"])

    assert _levels(_SQUID, other, _KELP) == [["squid 1.0.0", "crab 1.0.0", "kelp 1.0.0"]]


def test_no_packages_are_no_groups() -> None:
    assert _levels() == []


def test_what_is_required_comes_first_over_several_levels() -> None:
    crab = _package("crab", inputs=["kelp 1.0.0", "limpet 2.0.0"])
    limpet = _package("limpet", "2.0.0", inputs=["kelp 1.0.0"])

    assert _levels(crab, limpet, _SQUID, _KELP) == [
        ["squid 1.0.0", "kelp 1.0.0"],
        ["limpet 2.0.0"],
        ["crab 1.0.0"],
    ]


@pytest.mark.parametrize("version", ["1.0.1", "^1.0.0", "1.0", "v1.0.0", "1.0.0+b1"])
def test_an_input_package_of_another_version_is_none_of_the_run(version: str) -> None:
    assert len(_levels(_package("crab", inputs=[f"kelp {version}"]), _KELP)) == 1


@pytest.mark.parametrize("constraint", ["1.0.0", "^1.0.0", "~1.0", ">=0.9, <2", "2.x || 1.x"])
def test_a_content_package_that_fits_its_constraint_comes_first(constraint: str) -> None:
    crab = _package("crab", contents=[f"kelp {constraint}"])

    assert _levels(crab, _KELP) == [["kelp 1.0.0"], ["crab 1.0.0"]]


@pytest.mark.parametrize("constraint", ["^2.0.0", "nothing", ""])
def test_a_content_package_that_does_not_fit_is_none_of_the_run(constraint: str) -> None:
    assert len(_levels(_package("crab", contents=[f"kelp {constraint}"]), _KELP)) == 1


def test_of_two_versions_of_a_name_the_required_one_comes_first() -> None:
    newer = _package("kelp", "1.1.0", folder="other/kelp", inputs=["crab 1.0.0"])
    crab = _package("crab", inputs=["kelp 1.0.0"])

    assert _levels(newer, crab, _KELP) == [["kelp 1.0.0"], ["crab 1.0.0"], ["kelp 1.1.0"]]


def test_items_are_put_into_the_order_of_their_packages() -> None:
    crab = _package("crab", inputs=["kelp 1.0.0"])
    run = Requirements.of([crab, _KELP, _SQUID])

    assert run.ordered([crab, _SQUID, _KELP], lambda package: package) == [_SQUID, _KELP, crab]
    assert run.ordered([crab], lambda package: package) == [crab]


def test_what_requires_a_circle_comes_after_it() -> None:
    one, other = _package("one", inputs=["other 1.0.0"]), _package("other", inputs=["one 1.0.0"])
    crab = _package("crab", inputs=["one 1.0.0"])

    assert _levels(crab, one, other) == [["one 1.0.0", "other 1.0.0"], ["crab 1.0.0"]]


# --- circles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_each_package_of_a_circle_is_refused_with_the_way_around(name: str) -> None:
    packages = {
        "one": _package("one", inputs=["two 1.0.0"]),
        "two": _package("two", contents=["three ^1.0.0"]),
        "three": _package("three", inputs=["one 1.0.0"]),
    }
    found = Requirements.of(packages.values()).refusal(packages[name], [])

    names = ["one", "two", "three"] * 2
    start = names.index(name)
    way = " → ".join(f"{one} 1.0.0" for one in [*names[start : start + 3], name])
    assert isinstance(found, BuildRefusedError)
    assert found.what == f"packages require each other in a circle: {way}"
    assert found.where == f"packages/{name}/manifest.yml"


def test_a_package_that_requires_itself_is_a_circle() -> None:
    found = _refusal(_package("crab", inputs=["crab 1.0.0"]))

    assert found
    assert found.what.endswith("in a circle: crab 1.0.0 → crab 1.0.0")


def test_an_earlier_version_of_itself_is_no_circle() -> None:
    assert _refusal(_package("crab", "1.1.0", inputs=["crab 1.0.0"])) is None


def test_what_requires_a_circle_is_in_none() -> None:
    one, other = _package("one", inputs=["other 1.0.0"]), _package("other", inputs=["one 1.0.0"])
    crab = _package("crab", inputs=["one 1.0.0"])

    assert _refusal(crab, one, other) is None
    found = _refusal(crab, one, other, lost=[_failed(one)])
    assert found
    assert "one 1.0.0 failed" in found.what


# --- what fails along --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "said", "do"),
    [
        (Status.FAILED, "but kelp 1.0.0 failed in this run", "fix that package first"),
        (Status.CONFLICT, "but kelp 1.0.0 is published with other content", "raise its version"),
    ],
)
def test_a_package_fails_with_the_input_package_that_it_requires(
    status: Status, said: str, do: str
) -> None:
    crab = _package("crab", inputs=["kelp 1.0.0"])
    run = Requirements.of([crab])  # the other one has left the way
    found = run.refusal(crab, [_failed(_KELP, status)])

    assert isinstance(found, SourceMissingError)
    assert "it requires kelp 1.0.0, " in found.what
    assert said in found.what
    assert do in found.fix
    assert found.where == "packages/crab/manifest.yml"
    with pytest.raises(SourceMissingError):
        run.require(crab, [_failed(_KELP, status)])


@pytest.mark.parametrize(
    "status",
    [Status.PUBLISHED, Status.ALREADY_PUBLISHED, Status.COMPLETED, Status.WOULD_PUBLISH],
    ids=str,
)
def test_a_package_goes_on_where_the_required_one_does(status: Status) -> None:
    assert _refusal(_package("crab", inputs=["kelp 1.0.0"]), lost=[_failed(_KELP, status)]) is None


def test_a_package_does_not_fail_with_one_that_it_does_not_require() -> None:
    crab = _package("crab", inputs=["kelp 0.9.0"], contents=["squid ^2.0.0"])

    assert _refusal(crab, lost=[_failed(_KELP), _failed(_SQUID), _failed(_package("eel"))]) is None


def test_a_package_fails_with_the_only_content_package_that_fits() -> None:
    crab = _package("crab", contents=["kelp ^1.0.0"])
    found = _refusal(crab, lost=[_failed(_KELP)])

    assert found
    assert "it requires kelp ^1.0.0, but kelp 1.0.0 failed" in found.what


def test_a_content_package_that_fits_from_before_will_do() -> None:
    raised = _package("kelp", "1.1.0", previous="1.0.0")

    assert _refusal(_package("crab", contents=["kelp ^1.0.0"]), lost=[_failed(raised)]) is None
    assert _refusal(_package("crab", contents=["kelp ^1.1.0"]), lost=[_failed(raised)])


def test_another_version_of_the_content_package_in_the_run_will_do() -> None:
    newer = _package("kelp", "1.1.0", folder="other/kelp")
    crab = _package("crab", contents=["kelp ^1.0.0"])

    assert _refusal(crab, _KELP, newer, lost=[_failed(_KELP)]) is None
    assert _refusal(crab, _KELP, newer, lost=[_failed(_KELP), _failed(newer)])


# --- what goes together ------------------------------------------------------------------------------


def test_packages_are_grouped_by_what_connects_them() -> None:
    crab = _package("crab", inputs=["kelp 1.0.0"], contents=["squid ^1.0.0"])
    shrimp = _package("shrimp", inputs=["kelp 1.0.0"])
    eel = _package("eel", inputs=["kelp 2.0.0"])

    clusters = Requirements.of([crab, eel, _KELP, _SQUID, shrimp]).clusters()

    assert [[package.id.name for package in cluster] for cluster in clusters] == [
        ["crab", "kelp", "squid", "shrimp"],
        ["eel"],
    ]


def test_a_long_chain_is_ordered() -> None:
    chain = [_package(f"p{n}", inputs=[f"p{n + 1} 1.0.0"]) for n in range(2_000)]

    levels = _levels(*chain)

    assert levels[0] == ["p1999 1.0.0"]
    assert len(levels) == len(chain)
