"""Nothing in a package breaks an official rule: it finds something, or nothing, and ends."""

import json
from collections import Counter

from hypothesis import given

from pkgaction.rules import exclusions
from pkgaction.rules.package import Package
from pkgaction.rules.rule import check
from pkgaction.rules.semantic.registry import RULES
from tests.fuzz.mutations import packages


@given(packages())
def test_rules_take_every_package(package: Package) -> None:
    found = list(check(RULES, package))

    for finding in exclusions.kept(found, exclusions.excluded(package.yaml(exclusions.FILE)), Counter()):
        assert finding.message
        assert finding.line >= 0
        assert json.dumps(finding.as_json(), ensure_ascii=False).encode()


@given(packages())
def test_rules_find_the_same_twice(package: Package) -> None:
    assert list(check(RULES, package)) == list(check(RULES, package))
