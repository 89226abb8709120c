"""What each command does, with the stages of the pipeline; `COMMANDS` has them by name."""

from collections.abc import Callable, Mapping

from pkgaction.commands.accept import accept
from pkgaction.commands.audit import audit
from pkgaction.commands.context import Context
from pkgaction.commands.keys import sign, verify
from pkgaction.commands.package import build, entry_of, validate
from pkgaction.commands.plan import plan
from pkgaction.commands.publish import publish
from pkgaction.commands.reindex import reindex
from pkgaction.commands.rollback import rollback

COMMANDS: Mapping[str, Callable[[Context], int]] = {
    "plan": plan,
    "validate": validate,
    "build": build,
    "entry": entry_of,
    "sign": sign,
    "verify": verify,
    "publish": publish,
    "audit": audit,
    "reindex": reindex,
    "rollback": rollback,
    "accept": accept,
}
