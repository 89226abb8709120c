"""Small changes to a package's files, most of them in what the registry reads."""

import random
from collections.abc import Mapping

_VALUES = (
    *(
        "",
        "~",
        "''",
        "1",
        "-1",
        "1.5",
        "true",
        "y",
        "[]",
        "{}",
        "[~]",
        "[1]",
        "[{}]",
        "{a: 1}",
        "[a, b]",
    ),
    *("a-b", "../x", "2020-01-01", "0x1F", "1e3", "!!str 1", "!!int a", "'?'", "[a?b]", "{a: b?}", "*x"),
    *(
        "{'-1': a}",
        "{y: a}",
        "{a.b: 1, a: 2}",
        "{'': 1}",
        "{a.: 1}",
        "|\n  x",
        "- x",
        "x: y",
        "profiles",
    ),
)
_KEYS = (
    *(
        "x",
        "y",
        "1",
        "~",
        "'-1'",
        "a.b",
        "version.",
        "name",
        "type",
        "title",
        "package",
        "input",
        "path",
    ),
    *("dataset", "ingest_pipeline", "elasticsearch", "streams", "vars", "icons", "release", "requires"),
    *(
        "conditions",
        "hidden",
        "deprecated",
        "discovery",
        "owner",
        "path",
        "readme",
        "data_streams",
        "agent",
    ),
)
_PIECES = (*"'\"\\?:#-[]{},&*!|>%@` \té1", "\n", " #x", " x", "\u2028")


def mutated(files: Mapping[str, bytes], dice: random.Random) -> dict[str, bytes]:
    """With one to three small changes, most of them in what the registry reads."""
    changed = dict(files)
    for _ in range(dice.choice((1, 1, 2, 3))):
        read = [p for p in changed if p.endswith((".yml", ".json")) and "changelog" not in p]
        path = dice.choice(sorted(read or changed))
        match dice.randrange(12):
            case 0:
                del changed[path]
            case 1:
                to = dice.choice((f"{path}/x", path.replace("_", "-"), path.replace("/", "/a/", 1)))
                changed[to] = changed.pop(path)
            case 2:
                changed[path] += dice.choice((b"{}", b" x", b"---\n]", b"...\n]", b"\n- a", b"\n"))
            case 3:
                changed[path] = (
                    dice.choice((b"%YAML 1.2\n---\n", b"\xef\xbb\xbf", b"# x\n")) + changed[path]
                )
            case _:
                changed[path] = _line_changed(changed[path].decode(), dice).encode()
    return changed


def _line_changed(text: str, dice: random.Random) -> str:
    lines = text.split("\n")
    at = dice.randrange(len(lines))
    line = lines[at]
    key, colon, value = line.partition(":")
    indent = line[: len(line) - len(line.lstrip("- "))]
    match dice.randrange(7):
        case 0:
            lines[at] = ""
        case 1:
            lines.insert(at, line)
        case 2 if colon:
            lines[at] = f"{key}: {dice.choice(_VALUES)}"
        case 3 if colon:
            lines[at] = f"{indent}{dice.choice(_KEYS)}:{value}"
        case 4:
            lines.insert(at, f"{' ' * len(indent)}{dice.choice(_KEYS)}: {dice.choice(_VALUES)}")
        case 5:
            lines[at] = line.replace(
                dice.choice(("_", ".", "logs", "a")), dice.choice(("-", "", "?")), 1
            )
        case _:
            cut = dice.randrange(len(line) + 1)
            lines[at] = line[:cut] + dice.choice(_PIECES) + line[cut:]
    return "\n".join(lines)
