"""The package's manifest, and its folders."""

import posixpath
import re
from collections.abc import Iterator

from pkgaction.entry import values
from pkgaction.entry.checks import check
from pkgaction.entry.fields import Fields
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model.manifest import FILE
from pkgaction.model.yamltext import Mapping, Node, Sequence

CODE = "registry-manifest"
_VERSION_LIKE = re.compile(r"v?[0-9]+")
_INDEX = re.compile(r"-[0-9]")
_TEXTS = ("readme", "download", "path", "signature_path")
_NOT_WRITTEN = ("data_streams", "basepath", "basepolicytemplates")
_NOT_WRITTEN_IN_STREAMS = ("package", "path", "basepath")


def keys_are_texts(package: Package) -> Iterator[EntryProblemError]:
    """No key of a manifest is a number, a boolean (y, on, …) or null, or begins with `-1`."""
    yield from _odd_keys(package.manifest.mapping, FILE)
    for _, manifest in check.data_streams(package):
        yield from _odd_keys(manifest.mapping, manifest.file)


def _odd_keys(node: Node, file: str) -> Iterator[EntryProblemError]:
    match node:
        case Mapping():
            for key, inner in node.entries.items():
                written = node.keys[key]
                if not isinstance(values.resolve(written), str) or _INDEX.match(key):
                    message = f"the key {written.text[:80]!r} is read as something other than a text"
                    fix = "rename it" if _INDEX.match(key) else "quote it"
                    yield _problem("manifest", f"{message}: {fix}", file, written.line)
                yield from _odd_keys(inner, file)
        case Sequence():
            for item in node.items:
                yield from _odd_keys(item, file)
        case _:
            pass


def yaml_is_gos(package: Package) -> Iterator[EntryProblemError]:
    """Manifests are YAML that the registry's reader takes, too."""
    streams = [f"{folder}/{FILE}" for folder in check.stream_folders(package)]
    for path in (FILE, *streams):
        try:
            check.load_yaml(check.read(package, path, CODE), path, CODE)
        except EntryProblemError as error:
            yield error


def reserved_keys(package: Package) -> Iterator[EntryProblemError]:
    """Keys that the registry fills in itself are left out, or are texts."""
    yield from _reserved(package.manifest, _NOT_WRITTEN)
    for _, manifest in check.data_streams(package):
        yield from _reserved(manifest, _NOT_WRITTEN_IN_STREAMS)
    package.manifest.texts("assets")
    templates = package.manifest.children("policy_templates")
    for owner, keys in ((package.manifest, _TEXTS), *((t, ("readme",)) for t in templates)):
        for key in keys:
            owner.text(key)
        for image in (*owner.children("icons"), *owner.children("screenshots")):
            image.text("path")


def _reserved(manifest: Fields, keys: tuple[str, ...]) -> Iterator[EntryProblemError]:
    for key in keys:
        if key in manifest.mapping.entries:
            message = f"the registry fills in {key} itself: remove the key"
            yield _at("manifest", message, manifest, key)


def name_is_not_a_version(package: Package) -> Iterator[EntryProblemError]:
    """The name is not a number as 1 or v1: the zip's name would be read as a version."""
    if _VERSION_LIKE.fullmatch(package.name):
        message = f"name {package.name[:80]!r} is read as a version in the zip's name: use another name"
        yield _at("name", message, package.manifest, "name")


def folders_have_no_dash(package: Package) -> Iterator[EntryProblemError]:
    """No folder's name has a dash."""
    told: set[str] = set()
    for file in package.tree.files:
        folder = ""
        for part in file.path.split("/")[:-1]:
            folder = f"{folder}/{part}" if folder else part
            if "-" in part and folder not in told:
                told.add(folder)
                message = f"the folder name {part[:80]!r} has a dash: use _"
                yield _problem("folder", message, file.path)


def images_exist(package: Package) -> Iterator[EntryProblemError]:
    """The package's icons and screenshots are in it; a registry takes a folder for one, too."""
    for key in ("icons", "screenshots"):
        for image in package.manifest.children(key):
            src = image.text("src")
            path = posixpath.normpath(src.lstrip("/"))
            if src and not package.has(path) and not package.has_folder(path):
                message = f"there is no file {src[:200]!r} in the package: add it, or correct the path"
                yield _at("image", message, image, "src")


def template_documents_are_files(package: Package) -> Iterator[EntryProblemError]:
    """What would be a policy template's document is not a folder."""
    for template in package.manifest.children("policy_templates"):
        path = posixpath.normpath(f"docs/{template.text('name')}.md")
        if package.has_folder(path):
            message = (
                f"{path[:200]} is read as the template's document, not as a folder: rename the folder"
            )
            yield _at("folder", message, template, "name")


def inputs_are_of_one_kind(package: Package) -> Iterator[EntryProblemError]:
    """An input of a policy template has either a type or a package."""
    for template in package.manifest.children("policy_templates"):
        for found in template.children("inputs"):
            if bool(found.text("type")) == bool(found.text("package")):
                message = "an input needs either a type or a package, and not both: write one of them"
                yield _at("input", message, found)


def requirements_are_whole(package: Package) -> Iterator[EntryProblemError]:
    """A required package is named with its version."""
    requires = package.manifest.child("requires")
    for key in ("input", "content") if requires else ():
        for found in requires.children(key) if requires else ():
            for name in ("package", "version"):
                if not found.text(name):
                    yield _at("requires", f"requires.{key}: {name} is missing: add it", found, name)


def _at(code: str, message: str, owner: Fields, key: str = "") -> EntryProblemError:
    error = owner.problem(message, key)
    return _problem(code, message, error.file, error.line)


def _problem(code: str, message: str, file: str, line: int = 0) -> EntryProblemError:
    return EntryProblemError(message, file, line, f"registry-{code}")
