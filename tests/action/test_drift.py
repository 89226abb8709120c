"""action.yml, the inputs, the outputs and the command line say the same."""

import re
from pathlib import Path

import pytest

from docs import edge_cases
from pkgaction import cli
from pkgaction.commands import PLACES
from pkgaction.inputs import DEFAULTS, SECRETS
from pkgaction.model.outcome import Ledger
from pkgaction.model.yamltext import Mapping, load_mapping
from pkgaction.report import outputs

_ACTION = load_mapping((Path(__file__).parents[2] / "action.yml").read_bytes())
_THEIR_OWN = {  # of commands
    *("help", "json", "repository", "base", "branch", "head", "output", "no-validate"),
    *("all", "deep", "repair", "to", "signature"),
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
