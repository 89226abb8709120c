"""What each command does, with the stages of the pipeline; each is loaded when it is asked for."""

from collections.abc import Callable, Mapping
from importlib import import_module

from pkgaction.commands.context import Context

PLACES: Mapping[str, str] = {  # module and function by the command's name
    "plan": "plan.plan",
    "validate": "package.validate",
    "build": "build.build",
    "entry": "package.entry_of",
    "sign": "keys.sign",
    "verify": "keys.verify",
    "publish": "publish.publish",
    "audit": "audit.audit",
    "reindex": "reindex.reindex",
    "rollback": "rollback.rollback",
    "accept": "accept.accept",
}


def run(name: str, context: Context) -> int:
    """Do what a command does; the exit status."""
    module, _, function = PLACES[name].partition(".")
    command: Callable[[Context], int] = getattr(import_module(f"{__name__}.{module}"), function)
    return command(context)
