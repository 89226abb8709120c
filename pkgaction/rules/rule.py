"""What an official rule is: a small function, for whom it holds, where it stands and why it exists."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pkgaction.model.finding import Finding
from pkgaction.rules.package import MANIFEST, Mode, Package
from pkgaction.rules.told import found

EVERY_TYPE = frozenset({"integration", "input", "content"})
EVERY_MODE = frozenset(Mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One official rule. What `check` finds gets the rule's id, code and source where it has none."""

    id: str  # our name for it, in kebab-case
    check: Callable[[Package], Iterator[Finding]]
    why: str  # the reason it exists: one sentence
    source: str  # where the official one lies: an address
    code: str = ""  # the official one, as SVR00001; empty: none, so validation.yml can't exclude it
    since: str = ""  # format_version from which it holds; empty: always
    before: str = ""  # format_version from which it holds no more; empty: it holds still
    types: frozenset[str] = EVERY_TYPE
    modes: frozenset[Mode] = EVERY_MODE

    def applies(self, package: Package) -> bool:
        """Whether the rule holds for this package."""
        return (
            package.type in self.types
            and package.mode in self.modes
            and (not self.since or package.at_least(self.since))
            and not (self.before and package.at_least(self.before))
        )


def check(rules: Sequence[Rule], package: Package) -> Iterator[Finding]:
    """What the rules that hold for the package find, each finding with its rule's id."""
    for rule in rules:
        if rule.applies(package):
            yield from _stamped(rule, _bounded(rule, package))


def _bounded(rule: Rule, package: Package) -> Iterator[Finding]:
    """What a rule finds. Values nested too deeply for it are a finding, too."""
    try:
        yield from rule.check(package)
    except RecursionError:
        yield found(MANIFEST, f"a file of the package is nested too deeply to be checked by {rule.id}")


def _stamped(rule: Rule, findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield replace(
            finding,
            code=finding.code or rule.id,
            official=finding.official or rule.code,
            link=finding.link or rule.source,
        )
