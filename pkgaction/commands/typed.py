"""A problem with an input of the Action, named as a person at a terminal gives it."""

import argparse
import re
from dataclasses import replace

from pkgaction.input_reader import SECRETS
from pkgaction.model.outcome import Problem

VARIABLES = {name: f"PKGACTION_{name.upper().replace('-', '_')}" for name in SECRETS}
_INPUT = re.compile(r"\b(?:the )?input (?P<name>[a-z]+(-[a-z]+)*)")


def as_typed(problem: Problem, options: argparse.Namespace) -> Problem:
    """The same with options and variables in place and advice; what the command has not, stays."""

    def typed(found: re.Match[str]) -> str:
        name = found["name"]
        return f"--{name}" if hasattr(options, name.replace("-", "_")) else VARIABLES.get(name, found[0])

    where = _INPUT.sub(typed, problem.where, count=1) if _INPUT.match(problem.where) else problem.where
    return replace(problem, where=where, fix=_INPUT.sub(typed, problem.fix))
