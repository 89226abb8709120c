"""The registry: every rule says why it exists, holds for whom it should, and accepts a good package."""

from collections.abc import Mapping

import pytest

from pkgaction.model.looseversion import LooseVersion
from pkgaction.rules.package import Mode
from pkgaction.rules.rule import Rule, check
from pkgaction.rules.semantic.registry import RULES
from tests.unit import kelp


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("base", [kelp.INTEGRATION, kelp.INPUT, kelp.CONTENT])
def test_a_good_package_has_no_findings(base: Mapping[str, str | bytes], mode: Mode) -> None:
    assert list(check(RULES, kelp.package({}, base, mode))) == []


def test_every_rule_has_an_id_a_reason_and_a_source() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == 46
    for rule in RULES:
        assert rule.why.endswith(".")
        assert rule.source.startswith("https://github.com/elastic/package-spec/")


def test_every_rule_has_a_function_of_its_own() -> None:
    assert len({rule.check for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.since], ids=lambda rule: rule.id)
def test_a_rule_holds_from_its_version_on(rule: Rule) -> None:
    major, minor, patch = LooseVersion.parse(rule.since).numbers
    before = (
        f"{major}.{minor}.{patch - 1}"
        if patch
        else f"{major}.{minor - 1}.9"
        if minor
        else f"{major - 1}.9.9"
    )
    base = kelp.INPUT if rule.types == {"input"} else kelp.INTEGRATION
    mode = min(rule.modes)

    def holds(version: str) -> bool:
        files = {"manifest.yml": kelp.at_format(version, str(base["manifest.yml"]))}
        return rule.applies(kelp.package(files, base, mode))

    assert (holds(before), holds(rule.since), holds("4.0.0")) == (False, True, True)


def test_a_package_that_lacks_everything_breaks_no_rule() -> None:
    for type_ in ("integration", "input", "content"):
        for mode in Mode:
            bare = kelp.package({"manifest.yml": f"type: {type_}\nformat_version: 3.6.6\n"}, {}, mode)

            assert all(finding.file for finding in check(RULES, bare))
