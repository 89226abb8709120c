"""The walk through a package's folders: what may be there, what must be, and how much.

Source: elastic/package-spec, internal/validator/folder_spec.go.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from pkgaction.model.finding import Finding
from pkgaction.rules import linked
from pkgaction.rules.folders import Entry
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.spec import naming
from pkgaction.rules.spec.items import Item
from pkgaction.rules.told import UnreadableError, found, shown

Findings: TypeAlias = Generator[Finding, None, int]  # one by one; then the bytes of the files


@dataclass(frozen=True, slots=True)
class Walk:
    """One walk; `file` is what is checked of each file."""

    package: Package
    link: Callable[[Item], str]  # where an item can be read up
    file: Callable[[Entry, Item], Iterator[Finding]]

    def folder(self, path: str, item: Item) -> Iterator[Finding]:
        """All that is wrong in a folder, and below."""
        yield from self._folder(path, item)

    def _folder(self, path: str, item: Item) -> Findings:
        """The findings; returns the bytes of all files that count."""
        entries = self.package.entries(path)
        most = item.limits.entries
        if most and len(entries) > most:
            message = f"the folder has {len(entries)} entries, {most} are allowed"
            yield self._found("too-many-entries", path, message, item)
            return 0
        yield from self._release(path, item)
        total = 0
        for entry in entries:
            total += yield from self._entry(entry, item)
        if item.limits.total and total > item.limits.total:
            message = f"the files here have {total} bytes in all, {item.limits.total} are allowed"
            yield self._found("folder-too-large", path, message, item)
        yield from self._missing(path, entries, item)
        return 0 if item.development else total

    def _release(self, path: str, item: Item) -> Iterator[Finding]:
        if not item.beta:
            return
        what = f"{shown(path) or 'the package type'} is in beta"
        if self.package.ga:
            message = f"{what}: give the package a version below 1.0.0, or a prerelease one"
            yield self._found("beta-in-a-released-package", path, message, item)
        elif self.package.at_least("3.0.0"):
            official = "PSR00002"
            message = f"{what}: exclude {official} in validation.yml to use it all the same"
            yield self._found("beta-feature", path, message, item, official)

    def _entry(self, entry: Entry, folder: Item) -> Findings:
        name = entry.name.removesuffix(linked.SUFFIX)
        is_link = name != entry.name
        if is_link and self.package.mode is Mode.BUILD:
            message = "a built package has no links: build it again"
            yield self._found("link-in-a-built-package", entry.path, message, folder)
            return 0
        item = next((one for one in folder.contents if one.takes(name, self.package.name)), None)
        if item is None:
            yield from self._unknown(entry, folder)
            return 0
        if refused := self._refused(entry, item, is_link=is_link):
            yield self._found(*refused, item)
            return 0
        if entry.folder:
            return (yield from self._folder(entry.path, item))
        return (yield from self._file(entry, item))

    def _unknown(self, entry: Entry, folder: Item) -> Iterator[Finding]:
        if not folder.additional:
            yield self._found("item-not-allowed", entry.path, self._not_allowed(entry, folder), folder)
        elif entry.folder and "-" in entry.name and not folder.development:
            message = f"a folder's name has no dash: rename it to {shown(entry.name.replace('-', '_'))}"
            yield self._found("folder-with-a-dash", entry.path, message, folder)

    def _not_allowed(self, entry: Entry, folder: Item) -> str:
        path, package = entry.path.rpartition("/")[0], self.package.name
        names = dict.fromkeys(one.shown(package) for one in folder.contents)
        message = f"this is not allowed here; what may be here: {', '.join(names) or 'nothing'}"
        name = naming.suggest(entry, folder, package, lambda name: self._is_taken(path, name))
        return f"{message}: rename it to {name}" if name else message

    def _is_taken(self, folder: str, name: str) -> bool:
        return self.package.exists(f"{folder}/{name}".lstrip("/"))

    def _refused(self, entry: Entry, item: Item, *, is_link: bool) -> tuple[str, str, str] | None:
        if is_link and not item.name and not item.allow_link:
            return "link-not-allowed", entry.path, "no link may stand here: put the file itself"
        if entry.folder is not item.folder:
            wanted, is_ = ("folder", "file") if item.folder else ("file", "folder")
            return f"{wanted}-expected", entry.path, f"a {wanted} is expected, this is a {is_}"
        mode = self.package.mode
        if item.mode and mode is not Mode.LEGACY and item.mode != mode:
            kept = "a built package" if mode is Mode.BUILD else "a package's source"
            return "item-of-another-mode", entry.path, f"this may not be in {kept}"
        return None

    def _file(self, entry: Entry, item: Item) -> Findings:
        yield from self.file(entry, item)
        if item.development:
            return 0
        try:
            return self.package.file(entry.path).content.size
        except UnreadableError:
            return 0

    def _missing(self, path: str, entries: tuple[Entry, ...], folder: Item) -> Iterator[Finding]:
        for item in folder.contents:
            if not item.required:
                continue
            names = ((entry, entry.name.removesuffix(linked.SUFFIX)) for entry in entries)
            there = next((entry for entry, name in names if item.met_by(name)), None)
            if there is None and self._will_be_built(path, item):
                if item.folder:
                    yield from self._missing(f"{path}/{item.name}".lstrip("/"), (), item)
            elif there is None or there.folder is not item.folder:
                kind = "folder" if item.folder else "file"
                where = f"{path}/{item.name}" if path and item.name else item.name or path
                name = item.shown(self.package.name)
                message = f"a {kind} {name} must be in {shown(path) or 'the package'}"
                yield self._found("item-missing", where, message, folder)

    def _will_be_built(self, path: str, item: Item) -> bool:
        """Whether a template is there for the document, or for one in the folder."""
        place = f"{path}/{item.name}".lstrip("/")
        rendered = self.package.rendered_folders if item.folder else self.package.rendered
        return bool(item.name) and place in rendered

    def _found(self, code: str, path: str, message: str, item: Item, official: str = "") -> Finding:
        return found(path or "manifest.yml", message, code=code, official=official, link=self.link(item))
