"""Versions, changelog and documentation: a good one passes, each wrong one is found where it stands."""

import pytest

from pkgaction.model.finding import Severity
from tests.unit import kelp
from tests.unit.kelp import CHANGELOG, CONTENT, INPUT, INTEGRATION, MANIFEST, Place, places, swap

MAN, LOG = "manifest.yml", "changelog.yml"
VERSION = "version: 1.2.0"


@pytest.mark.parametrize(
    ("manifest", "changelog", "expected"),
    [
        pytest.param("1.2.0", "1.2.0", [], id="agrees"),
        pytest.param("1.1.0", "1.2.0", [(LOG, 1, "")], id="the manifest is behind"),
        pytest.param("1.1.0", "1.2.0-next", [], id="the next version is prepared"),
        pytest.param("1.2.0", "1.1.0", [(LOG, 6, "")], id="twice"),
        pytest.param("1.0.0", "1.0.0", [(LOG, 6, "")], id="not the highest first"),
        pytest.param("1.1.0+b", "1.1.0+b", [(LOG, 6, "")], id="higher by build metadata only"),
        pytest.param("'1.2'", "'1.2'", [], id="loose"),
        pytest.param("1.2", "1.2", [(MAN, 4, "")], id="the manifest's is a number"),
        pytest.param("'1.2'", "1.2", [(LOG, 1, "")], id="the changelog's is a number"),
        pytest.param("latest", "latest", [(LOG, 6, "")], id="no version"),
    ],
)
def test_the_changelog_begins_with_the_version(
    manifest: str, changelog: str, expected: list[Place]
) -> None:
    found = kelp.package(
        {
            MAN: swap(MANIFEST, (VERSION, f"version: {manifest}")),
            LOG: swap(CHANGELOG, (VERSION, f"version: {changelog}")),
        }
    )

    assert places("version-integrity", found) == expected


@pytest.mark.parametrize("changelog", ["", "a: b", "- a: ["])
def test_a_changelog_that_is_no_list_has_no_versions_to_speak_of(changelog: str) -> None:
    assert kelp.findings("version-integrity", kelp.package({LOG: changelog})) == []


@pytest.mark.parametrize("changelog", ["[]", "- changes: []"])
def test_a_changelog_without_versions_is_found(changelog: str) -> None:
    assert places("version-integrity", kelp.package({LOG: changelog})) == [(LOG, 0, "")]


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://github.com/deepwater/packages/pull/3", True),
        ("https://github.com/deepwater/packages/issues/3//", True),
        ("https://github.com/deepwater/packages/pull/0", False),
        ("https://github.com/deepwater/packages/pull/", False),
        ("https://github.com/deepwater/packages/pull/three", False),
        ("https://github.com/deepwater/packages/pull/99999999999999999999", False),
        ("https://api.github.com/x", False),
        ("https://GitHub.com/x", True),
        ("https://github.com:80/1", True),
        ("https://github.com:port/1", False),
        ("https://example.org/100%", False),
        ("https://[::1/x", False),
        ("https://[::1]/x", True),
        ("' https://example.org/x'", False),
        ("1", True),
        ("mailto:forest@example.org", True),
        ("http://us er@example.org/x", False),
        (":x", False),
    ],
)
def test_a_link_to_github_ends_in_a_number(link: str, good: bool) -> None:  # noqa: FBT001
    changelog = swap(CHANGELOG, ("https://github.com/deepwater/packages/pull/3", link))

    expected = [] if good else [(LOG, 5, "")]
    assert places("changelog-links", kelp.package({LOG: changelog})) == expected


@pytest.mark.parametrize(
    "good",
    ["1.0.0", "0.1.0", "1.0.0-next", "1.0.0-SNAPSHOT", "1.0.0-beta", "1.0.0-rc1", "1.0.0-preview.a-1"],
)
def test_a_prerelease_has_a_known_tag(good: str) -> None:
    found = kelp.package({MAN: swap(MANIFEST, (VERSION, f"version: {good}"))})

    assert places("prerelease", found) == []


@pytest.mark.parametrize(
    "bad", ["0.1.0-beta1", "1.0.0-alpha", "1.0.0-betax", "1.0.0-rc1-", "1.0.0-Next"]
)
def test_another_tag_is_found(bad: str) -> None:
    found = kelp.package({MAN: swap(MANIFEST, (VERSION, f"version: {bad}"))})

    assert places("prerelease", found) == [(MAN, 4, "")]


TAGS = "- text: Kelp\n  asset_types: [dashboard]\n"


@pytest.mark.parametrize(
    ("condition", "files", "expected"),
    [
        pytest.param("^8.1", {"kibana/tags.yml": TAGS}, [], id="no full version in it"),
        pytest.param("^8.10.0 || ^9.0.0", {"kibana/tags.yml": TAGS}, [], id="all high enough"),
        pytest.param("^8.9.0 || ^9.0.0", {"kibana/tags.yml": TAGS}, [(MAN, 9, "SVR00005")], id="tags"),
        pytest.param("^8.9.0", {}, [], id="nothing that needs more"),
        pytest.param("8", {}, [(MAN, 9, "")], id="no text"),
        pytest.param("''", {"kibana/tags.yml": TAGS}, [(MAN, 9, "SVR00005")], id="empty"),
    ],
)
def test_kibana_is_new_enough(condition: str, files: kelp.Files, expected: list[Place]) -> None:
    manifest = swap(MANIFEST, ("version: ^8.10.0", f"version: {condition}"))

    assert places("minimum-kibana", kelp.package({MAN: manifest, **files})) == expected


@pytest.mark.parametrize(
    ("runtime", "expected"),
    [("true", 1), ("false", 0), ("emit(1)", 1), ("no", 1), ("", 0), ("0", 0)],
)
def test_runtime_fields_need_a_newer_kibana(runtime: str, expected: int) -> None:
    fields = kelp.FIELDS + f"- name: x\n  type: long\n  runtime: {runtime}\n"
    manifest = swap(MANIFEST, ("^8.10.0", "^8.9.0"))
    found = kelp.package({MAN: manifest, "data_stream/bed/fields/base.yml": fields})

    assert len(places("minimum-kibana", found)) == expected


def test_an_input_package_from_1_0_0_on_needs_a_newer_kibana() -> None:
    old = swap(str(INPUT[MAN]), ("^8.8.0", "^8.7.1"))
    early = swap(old, (VERSION, "version: 0.9.0"))

    assert places("minimum-kibana", kelp.package({MAN: old}, INPUT)) == [(MAN, 6, "")]
    assert places("minimum-kibana", kelp.package({MAN: early}, INPUT)) == []


def test_tags_below_format_3_are_a_warning() -> None:
    manifest = swap(kelp.at_format("2.11.0"), ("^8.10.0", "^8.9.0"))
    (found,) = kelp.findings("minimum-kibana", kelp.package({MAN: manifest, "kibana/tags.yml": TAGS}))

    assert found.severity is Severity.WARNING


@pytest.mark.parametrize(
    ("written", "good"),
    [
        ("agent: {version: ^8.15.0}", True),
        ("agent.version: '>=8.1, <10 || 11 - 12'", True),
        ("agent.version: ''", True),
        ("agent.version: 8", False),
        ("agent: {version: [x]}", False),
        ("agent.version: newest", False),
        ("agent.version: ^8.15.0 ||", False),
    ],
)
def test_the_agents_version_is_a_constraint(written: str, good: bool) -> None:  # noqa: FBT001
    manifest = swap(MANIFEST, ("conditions:\n", f"conditions:\n  {written}\n"))

    expected = [] if good else [(MAN, 8, "")]
    assert places("agent-version", kelp.package({MAN: manifest})) == expected


@pytest.mark.parametrize(("version", "expected"), [("1.2.0", 1), ("1.2.0-beta1", 0), ("0.2.0", 0)])
def test_profiles_are_for_previews(version: str, expected: int) -> None:
    files = {
        MAN: swap(MANIFEST, (VERSION, f"version: {version}")),
        "data_stream/bed/manifest.yml": swap(kelp.STREAM, ("type: logs", "type: profiles")),
    }

    assert len(places("profiles-preview", kelp.package(files))) == expected


PAGE = """\
Overview
--------
> # What data does this integration *really* collect?
- ## what DATA does this integration collect?
  # What do I need to use this integration?
### How do I deploy this integration? `x`
#Troubleshooting
```
# Performance and scaling
```
"""
ENFORCED = "docs_structure_enforced:\n  enabled: true\n  version: 1\n"


@pytest.mark.parametrize(
    ("validation", "missing"),
    [
        pytest.param(None, [], id="not asked for"),
        pytest.param("docs_structure_enforced: {enabled: false}", [], id="switched off"),
        pytest.param(ENFORCED, ["Troubleshooting", "Performance and scaling"], id="enforced"),
        pytest.param(
            ENFORCED + "  skip: [{title: Troubleshooting, reason: none}]\n",
            ["Performance and scaling"],
            id="one is skipped",
        ),
    ],
)
def test_each_page_has_the_sections(validation: str | None, missing: list[str]) -> None:
    found = kelp.package({"validation.yml": validation, "docs/README.md": PAGE}, CONTENT)

    texts = [finding.message for finding in kelp.findings("docs-structure", found)]
    assert len(texts) == len(missing)
    assert all(section in text for section, text in zip(missing, texts, strict=True))


def test_the_structures_version_must_be_one() -> None:
    found = kelp.package({"validation.yml": "docs_structure_enforced: {enabled: true}"}, INTEGRATION)

    assert places("docs-structure", found) == [("validation.yml", 1, "")]
