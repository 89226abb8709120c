"""Writes what is generated in README and docs between `<!-- NAME ARGUMENT -->` and `<!-- /NAME -->`.

`make docs` writes, `make drift` says what is out of date.
"""

import itertools
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from docs import edge_cases
from pkgaction.entry import checks
from pkgaction.entry.checks.check import Check
from pkgaction.model import yamltext
from pkgaction.rules import core
from pkgaction.rules.rule import EVERY_MODE, EVERY_TYPE, Rule
from pkgaction.rules.semantic.registry import RULES
from pkgaction.transforms.readme import Phrases

ROOT = Path(__file__).resolve().parents[1]
_WORKFLOWS = ROOT / "examples" / "workflows"
_PART = re.compile(r"(?s)<!-- (?P<name>[\w-]+)(?: (?P<argument>\S+))? -->\n.*?<!-- /(?P=name) -->")
_EXCEPTION = re.compile(r"# zizmor: ignore\[(?P<rule>[\w-]+)\]$")


def main() -> int:
    """Write every generated part, or with --check only compare; 1 if something was out of date."""
    check = "--check" in sys.argv[1:]
    files = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    stale = [path.relative_to(ROOT) for path in files if _write(path, check=check)]
    for name in stale:
        print(f"{name} {'is out of date: run make docs' if check else 'written'}")
    return int(check and bool(stale))


def _write(path: Path, *, check: bool) -> bool:
    """Whether the file was out of date."""
    before = path.read_text()
    after = _PART.sub(_made, before)
    if after != before and not check:
        path.write_text(after)
    return after != before


def _made(part: re.Match[str]) -> str:
    name, argument = part["name"], part["argument"]
    start = part[0].partition("\n")[0]
    made = _OF_A_FILE[name](argument) if argument else _PARTS[name]()
    return f"{start}\n{made}<!-- /{name} -->"


def inputs() -> str:
    """The table of inputs, out of action.yml."""
    rows = ["| input | meaning | default |", "|---|---|---|"]
    for name, input_ in _action("inputs"):
        required = input_.scalar("required")
        shown = f"{name} (required)" if required and required.text == "true" else name
        rows.append(f"| {shown} | {_text(input_, 'description')} | {_code(_text(input_, 'default'))} |")
    return "\n".join(rows) + "\n"


def outputs() -> str:
    """The table of outputs, out of action.yml."""
    rows = ["| output | meaning |", "|---|---|"]
    rows += [f"| {name} | {_text(output, 'description')} |" for name, output in _action("outputs")]
    return "\n".join(rows) + "\n"


def workflow(name: str) -> str:
    """A workflow to copy, out of the examples."""
    return f"```yaml\n{(_WORKFLOWS / name).read_text()}```\n"


def workflows() -> str:
    """The table of workflows to copy, by the comment that each begins with."""
    rows = ["| workflow | what it does |", "|---|---|"]
    for path in sorted(_WORKFLOWS.glob("*.yml")):
        told = []
        for line in path.read_text().splitlines():
            if not line.startswith("# "):
                break
            told.append(line.removeprefix("# "))
        rows.append(f"| [`{path.name}`](../../examples/workflows/{path.name}) | {' '.join(told)} |")
    return "\n".join(rows) + "\n"


def exceptions() -> str:
    """What zizmor is told to let pass, and why: the comment above."""
    rows = ["| rule | where | why |", "|---|---|---|"]
    rows += [f"| {rule} | {', '.join(where)} | {why} |" for (rule, why), where in _let_pass().items()]
    return "\n".join(rows) + "\n"


def _let_pass() -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for path in (*sorted(_WORKFLOWS.glob("*.yml")), *sorted((ROOT / ".github/workflows").glob("*.yml"))):
        lines = path.read_text().splitlines()
        for above, line in itertools.pairwise(lines):
            if exception := _EXCEPTION.search(line):
                why = above.strip().removeprefix("# ")
                found.setdefault((exception["rule"], why), []).append(f"`{path.name}`")
    return found


def rules() -> str:
    """The core checks, out of their docstrings."""
    return _table(core.CORE)


def registry_checks() -> str:
    """What a registry refuses in a zip, out of the checks' docstrings."""
    return _table(checks.CHECKS)


def _table(functions: Sequence[core.Rule] | Sequence[Check]) -> str:
    rows = ["| rule | what must hold |", "|---|---|"]
    for function in functions:
        first = (function.__doc__ or "").strip().split("\n\n")[0]
        name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
        rows.append(f"| `{name}` | {' '.join(first.split())} |")
    return "\n".join(rows) + "\n"


def semantic_rules() -> str:
    """The official semantic rules, out of their registry."""
    rows = ["| rule | for | format | what must hold, and why |", "|---|---|---|---|"]
    for rule in RULES:
        file = f"{rule.check.__module__.replace('.', '/')}.py"
        rows.append(
            f"| [`{rule.id}`](../../{file}) ([official]({rule.source})) "
            f"| {_applies(rule)} | {_versions(rule)} | {rule.why} |"
        )
    return "\n".join(rows) + "\n"


def _applies(rule: Rule) -> str:
    types = "all types" if rule.types == EVERY_TYPE else ", ".join(sorted(rule.types))
    modes = "" if rule.modes == EVERY_MODE else f"; {', '.join(sorted(rule.modes))} only"
    return types + modes


def _versions(rule: Rule) -> str:
    if not rule.since and not rule.before:
        return "all"
    return " ".join(
        part for part in (rule.since and f"≥ {rule.since}", rule.before and f"< {rule.before}") if part
    )


def cases() -> str:
    """The edge cases, out of the tests that show them."""
    rows = ["| case | what happens | shown by |", "|---|---|---|"]
    rows += [
        f"| E{case.number} | {case.behaviour} | [`{case.test}`](../../{case.file}) |"
        for case in edge_cases.found()
    ]
    return "\n".join(rows) + "\n"


def phrases() -> str:
    """The wording of rendered documents, out of the code, as the file that would replace it."""
    lines = [f"{name}: {json.dumps(text)}" for name, text in Phrases.ours().texts.items()]
    return "\n".join(["```yaml", *lines, "```"]) + "\n"


_PARTS = {
    "inputs": inputs,
    "outputs": outputs,
    "rules": rules,
    "registry-checks": registry_checks,
    "semantic-rules": semantic_rules,
    "edge-cases": cases,
    "phrases": phrases,
    "workflows": workflows,
    "exceptions": exceptions,
}
_OF_A_FILE = {"workflow": workflow}


def _action(key: str) -> list[tuple[str, yamltext.Mapping]]:
    top = yamltext.load_mapping((ROOT / "action.yml").read_bytes())
    found = top.get(key)
    if not isinstance(found, yamltext.Mapping):
        raise TypeError(key)
    return [(k, v) for k, v in found.entries.items() if isinstance(v, yamltext.Mapping)]


def _text(node: yamltext.Mapping, key: str) -> str:
    found = node.scalar(key)
    return found.text if found else ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


if __name__ == "__main__":
    sys.exit(main())
