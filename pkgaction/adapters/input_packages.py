"""Required input packages: out of the user's own storage, or out of a package registry.

Each is used only if its detached signature is one of a trusted key, and it is the very version that was
asked for.
"""

import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from pkgaction.adapters.cache import Cache
from pkgaction.adapters.fetcher import Fetcher, fetched
from pkgaction.errors import SourceMissingError, UsageError
from pkgaction.input_reader import UNSIGNED
from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.model.tree import Tree
from pkgaction.model.version import InvalidVersionError, Version
from pkgaction.ports import GenerationMismatchError, ObjectStore, Verifier
from pkgaction.transforms.inputs import files_of

_LARGEST = 128 * 1024 * 1024  # bytes of a zip
_KEYS = "input registry-public-keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPackages:
    """Where input packages come from, and who must have signed them."""

    fetcher: Fetcher
    cache: Cache
    registry_url: str  # without a slash at the end
    keys: str  # armored, of the registry's signers; `unsigned`: any; empty: none is taken from there
    by_registry: Callable[[], Verifier]  # trusts the keys; called when it is first needed
    own: ObjectStore | None  # the user's own public bucket
    by_user: Callable[[], Verifier] | None  # trusts the key that signs there; None: no key is given
    scratch: Path
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, name: str, version: str) -> Tree:
        """The verified files of an input package, below its root.

        Raises:
            SourceMissingError: it can't be had, or isn't what it must be.
        """
        try:
            package = PackageId(name=name, version=Version.parse(version))
        except InvalidVersionError:
            _refuse(
                f"the version {version[:80]!r} of {name[:80]!r} is no semantic version", "requires.input"
            )
        if not layout.PACKAGE_NAME.fullmatch(name):
            _refuse(f"{name[:80]!r} is no name of a package", "requires.input")
        try:
            with tempfile.TemporaryDirectory(dir=self.scratch, prefix="input-") as folder:
                path = Path(folder) / f"{layout.base_name(package)}.zip"
                where = self._verified(package, path)
                return files_of(package, path, where)
        except UsageError as error:  # the bucket or a key: the other packages go on without
            raise SourceMissingError(what=error.what, where=error.where, fix=error.fix) from error

    def _verified(self, package: PackageId, path: Path) -> str:
        """Download a package whose signature counts; from where."""
        own = self._from_own(package, path)
        if not own:
            return self._from_registry(package, path)
        signature, where = own
        trusted = [*([self.by_user] if self.by_user else []), *self._registrys()]
        if not trusted:
            what = f"the input package {package} is in your bucket, and no key is given to verify it by"
            fix = "add your public key to registry-public-keys"
            raise SourceMissingError(what=what, where=_KEYS, fix=fix)
        if problem := self._problem(path, signature, trusted):
            what = f"the input package {package} is not signed by a key that is given: {problem}"
            _refuse(what, where)
        return where

    def _from_registry(self, package: PackageId, path: Path) -> str:
        where = f"{self.registry_url}/epr/{package.name}/{layout.base_name(package)}.zip"
        if not self.keys:
            what = (
                f"the input package {package} is needed, and no keys are given that must have signed it"
            )
            fix = f"set it to the armored public keys of {self.registry_url}"
            raise SourceMissingError(what=what, where=_KEYS, fix=fix)
        if self.keys != UNSIGNED and self._from_cache(path, where):
            return where
        data = fetched(self.fetcher, f"the input package {package}", where, _LARGEST)
        path.write_bytes(data)
        if self.keys != UNSIGNED:
            name, address = f"the signature of {package}", f"{where}.sig"
            signature = fetched(self.fetcher, name, address, layout.LARGEST_SIGNATURE)
            if problem := self._problem(path, signature, self._registrys()):
                by = "a key of registry-public-keys"
                _refuse(f"the input package {package} is not signed by {by}: {problem}", where)
            self.cache.put(where, data)
            self.cache.put(address, signature)
        return where

    def _from_cache(self, path: Path, where: str) -> bool:
        """Whether it was kept and its signature still counts; else both are fetched anew."""
        kept, signature = self.cache.get(where), self.cache.get(f"{where}.sig")
        if kept is None or signature is None:
            return False
        path.write_bytes(kept)
        return not self._problem(path, signature, self._registrys())

    def _registrys(self) -> list[Callable[[], Verifier]]:
        return [self.by_registry] if self.keys not in {"", UNSIGNED} else []

    def _problem(self, path: Path, signature: bytes, by: list[Callable[[], Verifier]]) -> str:
        """Why a signature does not count for any of them; empty where it does for one."""
        problem = "no key is given"
        with self._lock:
            for verifier in by:
                verdict = verifier().verify(path, signature)
                if verdict:
                    return ""
                problem = verdict.problem
        return problem

    def _from_own(self, package: PackageId, path: Path) -> tuple[bytes, str] | None:
        """The zip out of the user's storage with its signature and address; None if it isn't there."""
        if self.own is None:
            return None
        names = (layout.zip_name(package), layout.signature_name(package))
        stored = self.own.stat(names[0])
        if stored is None:
            return None
        where = f"{self.own.url}/{names[0]}"
        signature = self.own.stat(names[1])
        if signature is None or signature.size > layout.LARGEST_SIGNATURE or stored.size > _LARGEST:
            _refuse(f"the input package {package} has no signature, or is too large", where)
        try:
            with self.own.open(names[0], generation=stored.generation) as stream:
                path.write_bytes(stream.read())
            with self.own.open(names[1], generation=signature.generation) as stream:
                return stream.read(), where
        except GenerationMismatchError:
            _refuse(f"the input package {package} was changed while it was read", where)


def _refuse(what: str, where: str) -> NoReturn:
    fix = "correct requires.input, or mend where the package comes from"
    raise SourceMissingError(what=what, where=where, fix=fix)
