"""action.yml, inputs, outputs, command line, image, README and examples say the same."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs import edge_cases
from pkgaction import cli
from pkgaction.commands import PLACES
from pkgaction.input_reader import SECRETS
from pkgaction.inputs import DEFAULTS
from pkgaction.model.outcome import Ledger
from pkgaction.model.yamltext import Mapping, Sequence, load_mapping
from pkgaction.report import outputs

_ROOT = Path(__file__).parents[2]
_ACTION = load_mapping((_ROOT / "action.yml").read_bytes())
_DOCKERFILE = (_ROOT / "Dockerfile").read_text()
_README = (_ROOT / "README.md").read_text()
_EXAMPLES = sorted((_ROOT / "examples" / "workflows").glob("*.yml"))
_USES = re.compile(r"OWNER/pkgaction@0{40} # v0\.1\.0")
_THEIR_OWN = {  # of commands
    *("help", "json", "repository", "base", "branch", "head", "output", "no-validate"),
    *("all", "deep", "repair", "to", "signature", "format", "rules", "allow-dirty"),
}


def _map(*path: str) -> Mapping:
    found = _ACTION.get(*path)
    assert isinstance(found, Mapping)
    return found


def test_action_yml_has_the_inputs_and_their_defaults() -> None:
    defaults = {}
    for name in _map("inputs").entries:
        default = _map("inputs", name).scalar("default")
        defaults[name] = default.text if default else ""

    token = defaults.pop("github-token")
    assert defaults == {name: text for name, text in DEFAULTS.items() if name != "github-token"}
    assert token == "${{ github.token }}"


def test_only_the_bucket_is_required() -> None:
    required = [name for name in _map("inputs").entries if _map("inputs", name).get("required")]

    assert required == ["bucket"]


def test_action_yml_has_the_outputs() -> None:
    assert list(_map("outputs").entries) == list(outputs.of(Ledger(), ""))


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_everything_is_described(kind: str) -> None:
    for name in _map(kind).entries:
        described = _map(kind, name).scalar("description")
        assert described
        assert described.text.endswith((".", "`"))


def test_the_action_runs_in_the_container_of_this_repository() -> None:
    using, image = _ACTION.scalar("runs", "using"), _ACTION.scalar("runs", "image")

    assert using
    assert image
    assert (using.text, image.text) == ("docker", "Dockerfile")


def _options(command: str, capsys: pytest.CaptureFixture[str]) -> set[str]:
    with pytest.raises(SystemExit) as ended:
        cli.main([command, "--help"])
    assert ended.value.code == 0
    return set(re.findall(r"--([a-z][a-z-]*)", capsys.readouterr().out))


@pytest.mark.parametrize("command", PLACES)
def test_a_commands_options_are_inputs(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    options = _options(command, capsys)

    assert options - _THEIR_OWN <= set(DEFAULTS)


@pytest.mark.parametrize("command", PLACES)
def test_no_secret_is_an_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not _options(command, capsys) & set(SECRETS)


def test_every_edge_case_has_a_test() -> None:
    assert {case.number for case in edge_cases.found()} == set(edge_cases.ALL)


def test_an_edge_case_is_told_in_one_sentence() -> None:
    for case in edge_cases.found():
        assert case.behaviour.endswith("."), case
        assert "|" not in case.behaviour, case


def _table(name: str) -> dict[str, list[str]]:
    """A table of the README: the cells of each row, by the first word."""
    part = _README.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    rows = [line.strip("|").split(" | ") for line in part.splitlines()[2:]]
    return {row[0].split()[0]: [cell.strip() for cell in row[1:]] for row in rows}


def test_the_readme_has_the_inputs_and_their_defaults() -> None:
    shown = {name: cells[-1].strip("`") for name, cells in _table("inputs").items()}

    assert shown == {**DEFAULTS, "github-token": "${{ github.token }}"}


def test_the_readme_has_the_outputs_and_the_commands() -> None:
    assert list(_table("outputs")) == list(outputs.of(Ledger(), ""))
    assert set(re.findall(r"python -m pkgaction ([a-z]+)", _README)) == set(PLACES)


def test_the_image_starts_the_entry_isolated_and_nothing_else_says_how() -> None:
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", _DOCKERFILE, re.MULTILINE)

    interpreter, *flags, script = json.loads(entry)
    assert (interpreter, flags) == ("/opt/venv/bin/python", ["-I", "-u"])
    assert script == "/opt/pkgaction/entrypoint.py"
    assert f"COPY entrypoint.py {script}\n" in _DOCKERFILE
    assert not re.findall(r"^(USER|CMD|ENV|VOLUME)", _DOCKERFILE, re.MULTILINE)
    last = _DOCKERFILE.rpartition("\nFROM ")[2]
    assert "WORKDIR" not in last
    assert list(_map("runs").entries) == ["using", "image"]


def test_the_labels_of_the_image_are_the_projects() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text())["project"]
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]*)"', _DOCKERFILE))

    assert labels["title"] == project["name"]
    assert labels["description"] == project["description"]
    assert labels["licenses"] == f"{project['license']} AND Elastic-2.0"  # the specification's
    assert {labels[name] for name in ("source", "revision", "version")} == {
        "$SOURCE",
        "$REVISION",
        "$VERSION",
    }


def _steps(path: Path) -> Iterator[Mapping]:
    """Every step of a workflow that uses the Action."""
    jobs = load_mapping(path.read_bytes()).get("jobs")
    assert isinstance(jobs, Mapping)
    for name in jobs.entries:
        steps = jobs.get(name, "steps")
        for step in steps.items if isinstance(steps, Sequence) else ():
            assert isinstance(step, Mapping)
            uses = step.scalar("uses")
            if uses and uses.text.startswith("OWNER/pkgaction@"):
                yield step


@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda path: path.name)
def test_an_example_uses_inputs_and_outputs_that_are_there(path: Path) -> None:
    text = path.read_text()
    steps = list(_steps(path))
    for step in steps:
        given = step.get("with")
        assert isinstance(given, Mapping)
        assert set(given.entries) <= set(DEFAULTS)
        assert "bucket" in given.entries
    asked = set(re.findall(r"steps\.(?:plan|preview|publish)\.outputs\.([a-z-]+)", text))
    assert asked <= set(_map("outputs").entries)
    assert text.count("OWNER/pkgaction") == len(_USES.findall(text)) == len(steps)


def test_every_example_is_run_by_act() -> None:
    tests = (_ROOT / "tests" / "image" / "test_act.py").read_text()

    called = {"publish-reusable.yml"}  # by publish-call.yml
    assert {path.name for path in _EXAMPLES} == called | set(re.findall(r'"([a-z-]+\.yml)"', tests))
