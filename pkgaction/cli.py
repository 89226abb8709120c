"""The same stages for a person at a terminal: parse, call, print.

Results go to standard output (with --json one object a line), everything for people to standard error.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from pkgaction import __version__, commands, ending, output
from pkgaction.adapters import container, named_file
from pkgaction.commands.context import Context, OutputLostError
from pkgaction.commands.typed import VARIABLES, as_typed
from pkgaction.errors import PkgactionError, of_machine, of_path
from pkgaction.input_reader import UNSIGNED
from pkgaction.inputs import DEFAULTS, Inputs
from pkgaction.model.outcome import Problem
from pkgaction.report import escape

_KEYS = "registry-public-keys"
_SOURCES = ("ecs-url", "registry-url", _KEYS, "elastic-package-url", "readme-phrases")
_BUILDING = ("bucket", "gpg-fingerprint", "jobs", "package-spec", *_SOURCES)
_PUBLISHING = (
    "bucket",
    "index-bucket",
    "keep-index-days",
    "workload-identity-provider",
    "service-account",
    "public-url",
    "gpg-fingerprint",
    "jobs",
    "package-spec",
    *_SOURCES,
)
_REINDEXING = ("bucket", "index-bucket", "workload-identity-provider", "service-account")
_AUDITING = (*_REINDEXING, "packages", "gpg-fingerprint", "jobs")
_ACCEPTING = (*_REINDEXING, "keep-index-days", "public-url", "jobs", "package-spec")
_FILES = {  # inputs that a command takes as files, and what to name
    "trusted-keys": "name a file with armored public keys",
    "owners": "name a YAML file with the owner map",
}
_AS_FILES = {  # of a person a file is asked for: what the help says
    _KEYS: ("FILE", f"armored keys that have signed required input packages, or {UNSIGNED}"),
    "readme-phrases": ("FILE", "YAML with the wording of rendered documents"),
}
_NEEDS_A_BUCKET = {"publish", "audit", "reindex", "accept"}


def main(arguments: Sequence[str] | None = None, environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; the exit status, which is that of the work, whoever reads what is said of it."""
    with output.lasting() as out:
        return _main(arguments, environ, out)


def _main(arguments: Sequence[str] | None, environ: Mapping[str, str], out: output.Lasting) -> int:
    options = _understood(sys.argv[1:] if arguments is None else arguments)
    try:
        ending.on_termination(once=False)
        status = _ran(options, environ, out)
        ending.check()
    except BaseException:
        if not ending.asked():
            raise
        cancelled = Problem(what="it was cancelled", exit_status=128 + ending.asked())
        ending.ended(_failed(options, cancelled))
    return status


def _ran(options: argparse.Namespace, environ: Mapping[str, str], out: output.Lasting) -> int:
    try:
        status = _run(options, environ)
        _flush(out)
    except Exception as error:
        if ending.asked():
            raise  # it is the signal's doing
        known = _known(error)
        if known is None:
            if getattr(options, "json", False):
                _print_row(Problem.of(error))
            raise
        if isinstance(error, OutputLostError):
            out.abandon()
        return _failed(options, Problem.of(known))
    return status


def _understood(arguments: Sequence[str]) -> argparse.Namespace:
    """The options. Wrong ones end the process, as argparse does it."""
    try:
        return _parser().parse_args(arguments)
    except _MisusedError as error:
        error.parser.print_usage(sys.stderr)
        print(f"{error.parser.prog}: error: {error}", file=sys.stderr)
        if "--json" in arguments:
            fix = f"see {error.parser.prog} --help"
            _print_row(Problem(what=str(error), fix=fix, exit_status=2))
        raise SystemExit(2) from None


class _MisusedError(Exception):
    def __init__(self, parser: argparse.ArgumentParser, message: str) -> None:
        super().__init__(message)
        self.parser = parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Leave it to whoever parses to say it, for people and for programs."""
        raise _MisusedError(self, message)


def _run(options: argparse.Namespace, environ: Mapping[str, str]) -> int:
    if options.command == "run":
        from pkgaction import main as action  # noqa: PLC0415 - slow to load

        return action.main(environ, sys.stdout)
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(ending.scratch())
        context = Context(options, _inputs(options, environ), scratch, environ, stack)
        return commands.run(options.command, context)


def _flush(out: output.Lasting) -> None:
    try:
        out.flush()
    except OSError as error:
        raise OutputLostError(*error.args) from error


def _failed(options: argparse.Namespace, problem: Problem) -> int:
    """Say what ended the command: for people, and among the results where programs read them."""
    problem = as_typed(problem, options)
    print(escape.log(f"pkgaction {options.command}: {problem}"), file=sys.stderr)
    if getattr(options, "json", False):
        _print_row(problem)
    return problem.exit_status


def _print_row(problem: Problem) -> None:
    """A problem among the results. If these cannot be written either, the status is the problem's."""
    with contextlib.suppress(OSError):
        print(escape.json_line(problem.as_json()), flush=True)


def _known(error: Exception) -> PkgactionError | None:
    """What ended a command, as an error that says what to do; None: a bug of ours."""
    if isinstance(error, PkgactionError):
        return error
    return of_path(error) if isinstance(error, OSError) else of_machine(error)


def _inputs(options: argparse.Namespace, environ: Mapping[str, str]) -> Inputs:
    given = {name: getattr(options, name.replace("-", "_"), "") or "" for name in DEFAULTS}
    given |= {name: _text_of(name, given[name], fix) for name, fix in _FILES.items() if given[name]}
    given |= {name: environ.get(variable, "") for name, variable in VARIABLES.items()}
    if given[_KEYS] not in {"", UNSIGNED}:
        given[_KEYS] = _text_of(_KEYS, given[_KEYS], f"name a file with armored keys, or {UNSIGNED}")
    value, problems = Inputs.parse(given, bucket_required=options.command in _NEEDS_A_BUCKET)
    problems += container.lost_buckets(value.buckets, environ)
    if problems:
        for problem in problems:
            _failed(options, problem)
        raise SystemExit(2)
    return value


def _text_of(name: str, path: str, fix: str) -> str:
    """Of a person a file is asked for, not its text. What is no text is refused as what it is."""
    data = named_file.read(Path(path), limit=named_file.KEYS, fix=fix, where=f"--{name} {path}")
    return data.decode(errors="replace")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="pkgaction",
        description="Publish Elastic packages.",
        epilog=f"Secrets come by the environment alone: {', '.join(VARIABLES.values())}.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pkgaction {__version__}")
    commands_ = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands_.add_parser("run", help="the Action, from the runner's environment")
    plan = _command(commands_, "plan", "what the next merge would publish", ("packages",))
    plan.add_argument("--repository", default=".", metavar="DIR", help="a clone")
    plan.add_argument("--branch", default="", help="merged into; else the remote's default branch")
    plan.add_argument("--base", default="", metavar="REV", help="compared with, in place of a merge")
    _allow_empty(plan)
    plan.add_argument("--head", default="HEAD", metavar="REV", help="what would be merged")
    validate = _command(commands_, "validate", "check folders or zips", ("package-spec", *_SOURCES))
    _paths(validate)
    validate.add_argument(
        "--format", choices=("text", "sarif"), default="text", help="sarif: for code scanning"
    )
    validate.add_argument(
        "--rules", choices=("source", "build", "legacy"), help="else source for folders, build for zips"
    )
    build = _command(commands_, "build", "build zips", _BUILDING)
    _paths(build)
    build.add_argument(
        "--output",
        default="",
        metavar="DIR",
        help="where the zips go; by default here, and in a package to its build/packages",
    )
    build.add_argument("--no-validate", action="store_true", help="build without validating")
    _paths(_command(commands_, "entry", "print entries of the search index", _SOURCES))
    _paths(_command(commands_, "sign", "sign zips", ("gpg-fingerprint",)), "ZIP")
    _paths(_command(commands_, "verify", "verify zips by their .sig", ("gpg-fingerprint",)), "ZIP")
    publish = _command(commands_, "publish", "publish folders or zips", _PUBLISHING)
    _paths(publish)
    publish.add_argument("--dry-run", action="store_const", const="true", help="write nothing")
    publish.add_argument(
        "--allow-dirty", action="store_true", help="publish a folder whose files are not committed, too"
    )
    audit = _command(commands_, "audit", "is all in the buckets as promised", _AUDITING)
    audit.add_argument(
        "--repository", default="", metavar="DIR", help="a clone whose packages are meant"
    )
    _allow_empty(audit)
    audit.add_argument("--all", action="store_true", help="everything in the buckets, too")
    audit.add_argument("--deep", action="store_true", help="download and read every zip")
    audit.add_argument("--repair", action="store_true", help="complete what stored zips can complete")
    _trusting(audit)
    reindex = _command(commands_, "reindex", "make the index anew from the zips", _REINDEXING)
    reindex.add_argument("--dry-run", action="store_const", const="true", help="write nothing")
    accept = _command(commands_, "accept", "publish zips that others have signed", _ACCEPTING)
    _paths(accept, "ZIP")
    accept.add_argument("--signature", default="", metavar="FILE", help="of one zip; else ZIP.sig")
    _trusting(accept)
    accept.add_argument("--dry-run", action="store_const", const="true", help="write nothing")
    names = ("index-bucket", "workload-identity-provider", "service-account")
    rollback = _command(commands_, "rollback", "an older list of the index under a new cursor", names)
    rollback.add_argument("--to", required=True, metavar="CURSOR", help="generation whose list returns")
    rollback.add_argument("--dry-run", action="store_const", const="true", help="write nothing")
    return parser


def _command(
    commands_: "argparse._SubParsersAction[_Parser]",
    name: str,
    text: str,
    options: Sequence[str],
) -> argparse.ArgumentParser:
    parser = commands_.add_parser(name, help=text, description=text, allow_abbrev=False)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    for option in options:
        metavar, text = _AS_FILES.get(option, (None, f"as the Action's input {option}"))
        parser.add_argument(f"--{option}", default="", metavar=metavar, help=text)
    return parser


def _allow_empty(parser: argparse.ArgumentParser) -> None:
    told = "no package at all is fine"
    parser.add_argument("--allow-empty", action="store_const", const="true", help=told)


def _trusting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--trusted-keys", default="", metavar="FILE", help="armored public keys")
    parser.add_argument("--owners", default="", metavar="FILE", help="which key may publish what: YAML")


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return Path(text)


def _paths(parser: argparse.ArgumentParser, name: str = "PATH") -> None:
    parser.add_argument("paths", nargs="+", metavar=name, type=_path)
