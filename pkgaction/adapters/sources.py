"""ECS schemas, input packages and upstream's texts, behind the port `Sources`.

What lies at an address that never changes is kept in the cache: a release's tag or a commit, never a
branch. Parsed schemas are kept under the digest of what they were parsed from. What a run has, it keeps.
"""

import hashlib
import re
from dataclasses import dataclass, field

from pkgaction.adapters.cache import Cache
from pkgaction.adapters.fetcher import Fetcher, fetched
from pkgaction.adapters.input_packages import InputPackages
from pkgaction.adapters.once import Once
from pkgaction.errors import SourceMissingError, SourceUnavailableError
from pkgaction.model.ecs import EcsSchema
from pkgaction.model.tree import Tree
from pkgaction.transforms import ecs_schema

_LARGEST_SCHEMA = 64 * 1024 * 1024  # bytes
_LARGEST_TEXT = 5 * 1024 * 1024  # bytes
_REFERENCE = re.compile(r"git@(?P<ref>[A-Za-z0-9][A-Za-z0-9._+-]*(/[A-Za-z0-9][A-Za-z0-9._+-]*)*)")
_FIXED = re.compile(r"v[0-9]+\.[0-9]+\.[0-9]+([-+][A-Za-z0-9.+-]+)?|[0-9a-f]{40}")
_INPUT = re.compile(r"[A-Za-z0-9_-]{1,80}(/[A-Za-z0-9_-]{1,80})*")
_PARSED = "ecs-schema-1 of sha256 "
_MAPPINGS = "internal/builder/_static/ecs_mappings.yaml"
_INPUTS = "internal/docs/_static/inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedSources:
    """What building needs, fetched when it is first asked for. Safe to use from several threads."""

    fetcher: Fetcher
    cache: Cache
    ecs_url: str  # without a slash at the end, as the next
    elastic_package_url: str
    packages: InputPackages
    _schemas: Once[EcsSchema] = field(default_factory=Once)
    _trees: Once[Tree] = field(default_factory=Once)
    _texts: Once[bytes | None] = field(default_factory=Once)

    def ecs(self, reference: str) -> EcsSchema:
        """The schema that a build.yml refers to, `git@REF`."""
        found = _REFERENCE.fullmatch(reference)
        if not found:
            what = f"{reference[:120]!r} is no reference to an ECS schema"
            fix = "write git@ and a tag, a branch or a commit of elastic/ecs"
            raise SourceMissingError(what=what, where="dependencies.ecs.reference", fix=fix)
        return self._schemas.get(reference, lambda: self._schema(found["ref"]))

    def _schema(self, ref: str) -> EcsSchema:
        name, where = f"ECS {ref}", f"{self.ecs_url}/{ref}/generated/ecs/ecs_nested.yml"
        data = self._fetched(name, where, _LARGEST_SCHEMA, fixed=bool(_FIXED.fullmatch(ref)))
        key = _PARSED + hashlib.sha256(data).hexdigest()
        try:
            kept = self.cache.get(key)
            if kept is not None:
                return ecs_schema.from_json(kept)
            schema = ecs_schema.parse(data)
        except ecs_schema.EcsProblemError as error:
            fix = "correct the input ecs-url, or the reference"
            raise SourceMissingError(
                what=f"{name} is no schema: {error}", where=where, fix=fix
            ) from error
        self.cache.put(key, ecs_schema.to_json(schema))
        return schema

    def input_package(self, name: str, version: str) -> Tree:
        """The verified files of an input package, below its root."""
        return self._trees.get(f"{name} {version}", lambda: self.packages.get(name, version))

    def dynamic_mappings(self) -> bytes:
        """Upstream's ecs_mappings.yaml."""
        found = self._texts.get(_MAPPINGS, lambda: self._upstream("the dynamic mappings", _MAPPINGS))
        return found or b""

    def input_documentation(self, name: str) -> bytes | None:
        """Upstream's file about an input; None for an input that upstream does not describe."""
        return self._texts.get(name, lambda: self._input(name))

    def _input(self, name: str) -> bytes | None:
        if not _INPUT.fullmatch(name):
            return None
        spellings = dict.fromkeys([name, name.replace("-", "_"), name.replace("_", "-")])
        for spelling in spellings:
            try:
                return self._upstream(f"the documentation of {name}", f"{_INPUTS}/{spelling}.yml")
            except SourceMissingError as error:
                if isinstance(error, SourceUnavailableError):
                    raise
        return None

    def _upstream(self, name: str, path: str) -> bytes:
        fixed = any(_FIXED.fullmatch(part) for part in self.elastic_package_url.split("/"))
        return self._fetched(name, f"{self.elastic_package_url}/{path}", _LARGEST_TEXT, fixed=fixed)

    def _fetched(self, name: str, where: str, limit: int, *, fixed: bool) -> bytes:
        keeps = fixed and not where.startswith("file:")
        kept = self.cache.get(where) if keeps else None
        if kept is not None:
            return kept
        data = fetched(self.fetcher, name, where, limit)
        if keeps:
            self.cache.put(where, data)
        return data
