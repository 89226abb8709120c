"""ECS's dynamic mappings: templates that are added to the index templates of a package.

The list is upstream's text, read when it is needed; see `ports.Sources`.
"""

import re
from collections.abc import Iterator

from pkgaction.errors import SourceMissingError
from pkgaction.model import yamltext
from pkgaction.model.manifest import FILE
from pkgaction.model.tree import Bytes, PackageSource, Tree, TreeFile
from pkgaction.model.yamltext import YamlProblemError
from pkgaction.ports import Sources
from pkgaction.transforms.build_settings import build_settings, format_is, mapping, readable, refused
from pkgaction.transforms.yaml import data as values
from pkgaction.transforms.yaml import reader
from pkgaction.transforms.yaml.nodes import Mapping, Node, Scalar, Sequence
from pkgaction.transforms.yaml.rewrite import written

_SINCE = "2.3.0"  # format_version
_FILES = {
    "integration": re.compile(r"data_stream/[^/]+/manifest\.yml"),
    "input": re.compile(r"manifest\.yml"),
}
_LEVELS = ("elasticsearch", "index_template", "mappings")
_LIST = "dynamic_templates"
_PREFIX = "_embedded_ecs-"
_INDENTS = (4, 2)  # the reference writes such a manifest twice


def with_dynamic_mappings(tree: Tree, source: PackageSource, sources: Sources) -> Tree:
    """The same files, with ECS's templates in the manifests of data streams, or of an input package.

    Raises:
        BuildRefusedError: a manifest can't be read, or not be written so that it reads back.
        SourceMissingError: upstream's list can't be had.
    """
    if not build_settings(source).import_mappings or not format_is(source, _SINCE):
        return tree
    type_ = mapping(source, FILE).scalar("type")
    files = _FILES.get(type_.text if type_ else "")
    paths = [file.path for file in tree.files if files and files.fullmatch(file.path)]
    if not paths:
        return tree
    templates = _templates(sources.dynamic_mappings())
    return tree.replacing(_manifests(tree, source, paths, templates))


def _templates(data: bytes) -> list[yamltext.Mapping]:
    try:
        found = yamltext.load_mapping(data).get("mappings", _LIST)
    except YamlProblemError as error:
        found = None
        message = error.with_line
    else:
        message = f"it has no list of maps at mappings.{_LIST}"
    items = found.items if isinstance(found, yamltext.Sequence) else ()
    templates = [item for item in items if isinstance(item, yamltext.Mapping)]
    if not templates or len(templates) != len(items):
        what = f"upstream's dynamic mappings can't be used: {message}"
        raise SourceMissingError(what=what, fix="check what elastic-package-url names")
    return templates


def _manifests(
    tree: Tree, source: PackageSource, paths: list[str], templates: list[yamltext.Mapping]
) -> Iterator[TreeFile]:
    for path in paths:
        data = tree.read(path, limit=yamltext.MOST_BYTES)
        if data is None:
            raise refused(source, path, "it is no plain file, or too large to be read")
        with readable(source, path):
            document = reader.document(data)
            _add(document.root, templates)
            made = written(document, *_INDENTS)
        yield TreeFile(path=path, content=Bytes(made))


def _add(node: Node, templates: list[yamltext.Mapping]) -> None:
    """Put the templates at the end of the list, and the levels above it where they are missing."""
    for level in _LEVELS:
        node = _below(node, level, Mapping())
    listed = _below(node, _LIST, Sequence())
    if isinstance(listed, Sequence):
        listed.items += [_renamed(template) for template in templates]


def _below(node: Node, key: str, missing: Node) -> Node:
    """The value of a key; where the key is missing, it is added. What is no map holds nothing."""
    if not isinstance(node, Mapping):
        return Scalar("")
    found = node.get(key)
    if found is None:
        node.set(key, missing)
        return missing
    return found


def _renamed(template: yamltext.Mapping) -> Mapping:
    return Mapping(
        [
            (values.scalar(f"{_PREFIX}{name}"), values.node(value))
            for name, value in template.entries.items()
        ]
    )
