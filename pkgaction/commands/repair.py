"""audit --repair: versions completed from their stored zips, on the way that `publish ZIP` takes.

Only a good signature proves a stored zip: by the key that signs here, or by a trusted one of an owner.
Without one nothing is made from it, least of all a signature: that is for who publishes from a commit.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from pkgaction import integrity, objects, pipeline, wiring
from pkgaction.commands.context import Context, candidate, unpacked
from pkgaction.errors import PkgactionError, StorageError
from pkgaction.inspection import Inspector
from pkgaction.job import World
from pkgaction.model import layout
from pkgaction.model.audit import Audit, Audited, Drift
from pkgaction.model.manifest import PackageId
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Signature
from pkgaction.ports import GenerationMismatchError, Verdict
from pkgaction.stages import audit as auditing
from pkgaction.steps import Steps


@dataclass(frozen=True, slots=True)
class Repair:
    """Takes drifted versions through the pipeline's steps again."""

    context: Context
    world: World
    bench: auditing.Bench
    inspector: Inspector

    def repaired(self, found: Audit) -> Audit:
        """The same audit with what is true after the repair."""
        broken = [one for one in found.versions if any(d.code.repairable for d in one.drifts)]
        if not broken:
            return found
        failed = {}
        for one in self.context.watch.each("Repair", broken):
            if reason := self._complete(one.id):
                self.context.watch.say(f"{one.id}: {reason}")
                failed[layout.base_name(one.id)] = reason
            else:  # said at once: whatever ends the run before the table
                self.context.watch.say(f"{one.id}: completed from its stored zip")
        again = auditing.audit([one.id for one in broken], self.bench)
        after = {layout.base_name(one.id): one for one in again.versions}
        merged = [_merged(one, after.get(layout.base_name(one.id)), failed) for one in found.versions]
        return replace(found, versions=tuple(merged), index=again.index)

    def _complete(self, package: PackageId) -> str:
        """Publish a stored zip once more; why that failed, or nothing."""
        store, ledger = self.world.artifacts, Ledger()
        path = self.context.scratch / f"{layout.base_name(package)}.zip"
        try:
            stored = integrity.there(store, layout.zip_name(package))
            objects.download_alone(stored, store, self.context.scratch).replace(path)
            self.inspector.require_readable(package, stored, path)
            self._ship(path, self._proven(package, path), ledger)
        except (PkgactionError, GenerationMismatchError) as error:
            return str(error)
        finally:
            path.unlink(missing_ok=True)
        bad = [outcome for outcome in ledger.sorted() if not outcome.status.ok]
        return "; ".join(f"{outcome.reason} ({outcome.fix})" for outcome in bad)

    def _proven(self, package: PackageId, zip_: Path) -> Signature:
        """The signature that proves a zip; without one, anybody could have put it there.

        Raises:
            StorageError: it has none that is good, by a key that could have published it.
        """
        store, name = self.world.artifacts, layout.signature_name(package)
        what = "its signature is missing"
        if signature := store.stat(name):
            with store.open(signature.name, generation=signature.generation) as stream:
                armored = stream.read(layout.LARGEST_SIGNATURE)
            if verdict := self.inspector.verdict(package, zip_, armored):
                return Signature(armored=armored, fingerprint=verdict.fingerprint)
            what = f"its signature does not count: {verdict.problem}"
        fix = (
            "publish the version again from its commit, which compares it; or trust the key that signed"
        )
        where = f"{store.url}/{name}"
        raise StorageError(what=f"nothing proves the zip: {what}", where=where, fix=fix)

    def _ship(self, path: Path, signature: Signature, ledger: Ledger) -> None:
        job = wiring.job(self.context.inputs, branches=(), provenance=wiring.no_provenance)
        # what is published stays published, whatever a specification says of it today
        world = replace(self.world, signer=_AsStored(signature), specification=lambda: None)
        steps = Steps(job, world, ledger)
        with unpacked(path) as package:
            pipeline.ship(steps.take(candidate(package), path), steps, dry=False)


@dataclass(frozen=True, slots=True)
class _AsStored:
    """A signer that signs nothing: the zip keeps the signature that proves it."""

    signature: Signature

    def preflight(self) -> list[str]:
        """Nothing to try out."""
        return []

    def sign(self, path: Path) -> Signature:
        """The one that is there."""
        del path
        return self.signature

    def verifies(self, path: Path, signature: bytes) -> Verdict:
        """Whether it is the one that was verified; of any other one nothing is known."""
        del path
        if signature == self.signature.armored:
            return Verdict(fingerprint=self.signature.fingerprint, signer=self.signature.fingerprint)
        return Verdict(problem="it is another one than a moment ago", is_of_unknown_key=True)


def _merged(before: Audited, after: Audited | None, failed: dict[str, str]) -> Audited:
    if after is None:
        return before
    left = {drift.code for drift in after.drifts}
    done = tuple(drift.code for drift in before.drifts if drift.code not in left)
    reason = failed.get(layout.base_name(before.id), "")
    drifts = tuple(_explained(drift, reason) for drift in after.drifts)
    return Audited(after.id, drifts, repaired=done)


def _explained(drift: Drift, reason: str) -> Drift:
    if not reason or not drift.code.repairable:
        return drift
    return replace(drift, fix=f"the repair failed: {reason}")
