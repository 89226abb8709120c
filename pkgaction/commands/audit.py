"""audit: is everything in the buckets as promised; with --repair, complete what can be completed."""

import contextlib
from collections.abc import Collection
from pathlib import Path

from pkgaction import materials, wiring
from pkgaction.adapters.git import GitRepository
from pkgaction.commands.context import Context
from pkgaction.commands.repair import Repair
from pkgaction.errors import UsageError
from pkgaction.inspection import ByOwners, Inspector
from pkgaction.job import World
from pkgaction.model.audit import Audit
from pkgaction.model.manifest import PackageId
from pkgaction.report import storage
from pkgaction.stages import audit as auditing


def audit(context: Context) -> int:
    """Look at every version, and say what is not as promised."""
    options = context.options
    _require_keys(context)
    world = wiring.world(context.cloud(), context.place, signer=None, watch=context.watch)
    inspector = _inspector(context, world) if options.deep or options.repair else None
    bench = auditing.Bench(
        store=world.artifacts,
        index=world.index,
        clock=world.clock,
        watch=context.watch,
        inspector=inspector if options.deep else None,
    )
    everything = options.all
    wanted = _wanted(context) if options.repository or not everything else []
    found = auditing.audit(wanted, bench, everything=everything)
    if everything and not found.versions and not context.inputs.allow_empty:
        _warn(context, found)
        raise UsageError(
            what="there is no version of any package",
            where=world.artifacts.url,
            fix="check the bucket's name and prefix; where it is to be empty, add --allow-empty",
        )
    if options.repair and inspector:
        found = Repair(context, world, bench, inspector).repaired(found)
    _print(context, found)
    return 0 if found.ok else 1


def _require_keys(context: Context) -> None:
    """Refuse what could prove nothing.

    Raises:
        UsageError: a repair has no key at all, or an owner map has no keys.
    """
    inputs = context.inputs
    if context.options.repair and not (inputs.gpg_private_key or inputs.trusted_keys):
        fix = "set it to an armored private key, or name the public keys that may have signed"
        where = "PKGACTION_GPG_PRIVATE_KEY, --trusted-keys"
        raise UsageError(what="no signing key is given, and no trusted ones", where=where, fix=fix)
    if inputs.owners.names and not inputs.trusted_keys:
        what = "an owner map is given without its keys"
        raise UsageError(what=what, where="--owners", fix="name their file with --trusted-keys, too")


def _inspector(context: Context, world: World) -> Inspector:
    """Who may have signed: the own key, where there is one, and the trusted ones of owners."""
    inputs, place = context.inputs, context.place
    verifier = by_owners = None
    if inputs.trusted_keys:
        keys = materials.trusting(place, "trusted-keys", inputs.trusted_keys, "")
        by_owners = ByOwners(verifier=keys, owners=inputs.owners)
    key, pinned = inputs.gpg_private_key, inputs.gpg_fingerprint
    if key or pinned or by_owners is None:
        verifier = materials.trusting(place, "gpg-private-key", key, pinned)
    inspector = Inspector(
        store=world.artifacts, scratch=context.scratch, verifier=verifier, by_owners=by_owners
    )
    context.stack.callback(inspector.reading.close)
    return inspector


def _wanted(context: Context) -> Collection[PackageId]:
    """Each package's current version in the repository."""
    folder = Path(context.options.repository or ".")
    repository = GitRepository.open(folder, context.scratch, context.environ)
    with contextlib.closing(repository):
        head = repository.commit("HEAD")
        wanted, told = auditing.of_commit(repository, head, context.inputs.package_globs)
    for line in told:
        context.watch.say(f"warning: {line}")
    return wanted


def _warn(context: Context, found: Audit) -> None:
    for warning in found.warnings:
        context.watch.say(f"warning: {warning}")


def _print(context: Context, found: Audit) -> None:
    _warn(context, found)
    if context.options.json:
        for one in found.versions:
            context.print(one.as_json(), "")
        if found.index:
            context.print(found.index_as_json(), "")
        return
    for line in storage.table(found):
        context.print({}, line)
    bad = sum(not one.ok for one in found.versions)
    told = "; the index is not as promised" if found.index else ""
    context.watch.say(f"{len(found.versions)} versions, {bad} not as promised{told}")
