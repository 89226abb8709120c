"""The steps of composing an integration, in the reference's order."""

import re
from collections.abc import Iterator

from pkgaction.model import yamltext
from pkgaction.model.tree import Bytes, PackageSource, Tree, TreeFile
from pkgaction.ports import Sources
from pkgaction.transforms.build_settings import mapping, readable, refused
from pkgaction.transforms.inputs.editing import inserted, text_of, texts
from pkgaction.transforms.inputs.manifests import ROOT, Composition, DataStream, Manifests
from pkgaction.transforms.inputs.package import InputPackage
from pkgaction.transforms.inputs.types import resolve_types
from pkgaction.transforms.inputs.variables import merge_variables
from pkgaction.transforms.yaml.nodes import Document, Sequence
from pkgaction.transforms.yaml.rewrite import written

_INDENT = 2


def with_input_packages(tree: Tree, source: PackageSource, sources: Sources) -> Tree:
    """The same files, with what an integration takes from the input packages that it requires.

    Raises:
        BuildRefusedError: the manifests don't fit together, or can't be written so that they read back.
        SourceMissingError: a package can't be had, or used.
    """
    packages = {
        name: InputPackage.read(name, sources.input_package(name, version))
        for name, version in required(source).items()
    }
    if not packages:
        return tree
    manifests = Manifests(tree, source)
    composition = Composition(source=source, manifests=manifests, packages=packages)
    composition.check_size()
    tree = tree.replacing(_templates(composition))
    manifests.write(root=False)
    merge_variables(composition)
    manifests.write(root=True)
    for data_stream in manifests.data_streams():
        tree = _with_fields(tree, composition, data_stream)
    resolve_types(composition)
    made = manifests.write(root=True)
    return tree.replacing(TreeFile(path=path, content=Bytes(data)) for path, data in made.items())


def required(source: PackageSource) -> dict[str, str]:
    """Versions of the required packages by name; the first of a name counts."""
    manifest = mapping(source, ROOT)
    type_ = manifest.scalar("type")
    listed = manifest.get("requires", "input")
    found: dict[str, str] = {}
    if type_ is None or type_.text != "integration" or not isinstance(listed, yamltext.Sequence):
        return found
    for item in listed.items:
        name, version = (
            item.scalar(key) if isinstance(item, yamltext.Mapping) else None
            for key in ("package", "version")
        )
        if name is None or version is None or name.empty or version.empty:
            raise refused(source, ROOT, "a required input package needs package and version", item.line)
        found.setdefault(name.text, version.text)
    return found


def _templates(composition: Composition) -> Iterator[TreeFile]:
    """Copy the templates of each stream's package, and name them in the stream, before its own."""
    for data_stream in composition.manifests.data_streams():
        for node in data_stream.streams:
            package = composition.package(node, data_stream.path)
            templates = package.templates() if package else []
            if package and templates:
                names = [f"{package.name}-{name}" for name, _ in templates]
                for name, (_, content) in zip(names, templates, strict=True):
                    yield TreeFile(path=f"{data_stream.folder}agent/stream/{name}", content=content)
                one = text_of(node, "template_path")
                own = [one] if one else texts(node.get("template_paths"))
                node.remove("template_path")
                node.set("template_paths", Sequence([inserted(name) for name in (*names, *own)]))


def _with_fields(tree: Tree, composition: Composition, data_stream: DataStream) -> Tree:
    """Add the fields of each stream's package that the data stream does not define itself."""
    taken = (composition.package(node, data_stream.path) for node in data_stream.streams)
    for package in {package.name: package for package in taken if package}.values():
        known = _names(tree, composition.source, data_stream.folder)
        fields = [field for name, field in package.fields() if name not in known]
        if fields:
            path = f"{data_stream.folder}fields/{package.name}-fields.yml"
            with readable(composition.source, path):
                data = written(Document(Sequence([*fields])), _INDENT)
            tree = tree.replacing([TreeFile(path=path, content=Bytes(data))])
    return tree


def _names(tree: Tree, source: PackageSource, folder: str) -> set[str]:
    """Names of the fields at the top level of a data stream's field files."""
    pattern = re.compile(rf"{re.escape(folder)}fields/[^/]+\.yml")
    found: set[str] = set()
    for file in tree.files:
        if pattern.fullmatch(file.path):
            with readable(source, file.path):
                entries = yamltext.load(tree.read(file.path, limit=yamltext.MOST_BYTES) or b"")
            items = entries.items if isinstance(entries, yamltext.Sequence) else ()
            names = (item.scalar("name") for item in items if isinstance(item, yamltext.Mapping))
            found.update(name.text for name in names if name)
    return found
