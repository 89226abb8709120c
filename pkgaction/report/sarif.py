"""Findings as SARIF 2.1.0, which GitHub's code scanning and editors show.

Source: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html and
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support.
"""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pkgaction import __version__
from pkgaction.model import paths
from pkgaction.model.finding import Finding
from pkgaction.model.json import Json, JsonObject

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def of(found: Mapping[str, Sequence[Finding]], problems: Sequence[str] = ()) -> JsonObject:
    """One log of one run; the findings are by the package's folder, from where the command runs.

    Args:
        found: the findings of each package that was looked at.
        problems: what kept others from being looked at, as sentences.
    """
    findings = [finding for group in found.values() for finding in group]
    driver: JsonObject = {"name": "pkgaction", "version": __version__, "rules": _rules(findings)}
    results: Json = [_result(folder, one) for folder, group in found.items() for one in group]
    told: Json = [{"level": "error", "message": {"text": problem}} for problem in problems]
    ended: JsonObject = {"executionSuccessful": not problems, "toolExecutionNotifications": told}
    run: JsonObject = {
        "tool": {"driver": driver},
        "invocations": [ended],
        "results": results,
        "columnKind": "unicodeCodePoints",
    }
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rules(findings: Sequence[Finding]) -> Json:
    first = {finding.code: finding for finding in reversed(findings)}
    return [_rule(first[code]) for code in sorted(first)]


def _rule(finding: Finding) -> JsonObject:
    rule: JsonObject = {"id": finding.code, "shortDescription": {"text": finding.label}}
    return {**rule, "helpUri": finding.link} if finding.link else rule


def _result(folder: str, finding: Finding) -> JsonObject:
    region: JsonObject = {"startLine": max(finding.line, 1)}
    if finding.column:
        region = {**region, "startColumn": finding.column}
    uri = quote(paths.join(folder, finding.file), errors="surrogateescape")
    place: JsonObject = {"artifactLocation": {"uri": uri}, "region": region}
    text = f"{finding.message} [{finding.label}]"
    return {
        "ruleId": finding.code,
        "level": finding.severity.value,
        "message": {"text": text},
        "locations": [{"physicalLocation": place}],
    }
