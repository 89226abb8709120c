"""Writes what is generated in README and docs between `<!-- NAME -->` and `<!-- /NAME -->`.

`make docs` writes, `make drift` says what is out of date.
"""

import json
import sys
from pathlib import Path

from docs import edge_cases
from pkgaction.model import yamltext
from pkgaction.rules import core
from pkgaction.transforms.readme import Phrases

ROOT = Path(__file__).resolve().parents[1]
_FILES = (
    "README.md",
    "docs/reference/building.md",
    "docs/reference/core-checks.md",
    "docs/reference/edge-cases.md",
)


def main() -> int:
    """Write every generated part, or with --check only compare; 1 if something was out of date."""
    check = "--check" in sys.argv[1:]
    stale = [name for name in _FILES if _write(ROOT / name, check=check)]
    for name in stale:
        print(f"{name} {'is out of date: run make docs' if check else 'written'}")
    return int(check and bool(stale))


def _write(path: Path, *, check: bool) -> bool:
    """Whether the file was out of date."""
    before = after = path.read_text()
    for marker, make in _PARTS.items():
        start, end = f"<!-- {marker} -->\n", f"<!-- /{marker} -->"
        if start in after:
            head, _, rest = after.partition(start)
            after = head + start + make() + end + rest.partition(end)[2]
    if after != before and not check:
        path.write_text(after)
    return after != before


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


def workflow() -> str:
    """The workflow to copy, out of the examples."""
    return f"```yaml\n{(ROOT / 'examples/workflows/publish.yml').read_text()}```\n"


def rules() -> str:
    """The core checks, out of their docstrings."""
    rows = ["| rule | what must hold |", "|---|---|"]
    for rule in core.CORE:
        first = (rule.__doc__ or "").strip().split("\n\n")[0]
        rows.append(
            f"| `{rule.__module__.rpartition('.')[2]}.{rule.__name__}` | {' '.join(first.split())} |"
        )
    return "\n".join(rows) + "\n"


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
    "workflow": workflow,
    "rules": rules,
    "edge-cases": cases,
    "phrases": phrases,
}


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
