"""Ingest pipelines: the ones that are named exist, and each is one object."""

import posixpath
from collections.abc import Iterator

import yaml

from pkgaction.entry.checks import check
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError
from pkgaction.model import jsontext, yamltext

CODE = "registry-pipeline"
_FOLDER = "elasticsearch/ingest_pipeline"
_DEPTH = 4  # parts of the path of a data stream's folder of pipelines
_ENDINGS = (".json", ".yml")


def named_pipeline_exists(package: Package) -> Iterator[EntryProblemError]:
    """The pipeline that a data stream names as `ingest_pipeline` is one of its files.

    A registry would read what another name leads to, too, and end if that is no pipeline.
    """
    for folder, manifest in check.data_streams(package):
        name, inside = manifest.text("ingest_pipeline"), f"{folder}/{_FOLDER}"
        paths = [posixpath.normpath(f"{inside}/{name}{ending}") for ending in _ENDINGS]
        if not name:
            continue
        if any(posixpath.dirname(path) != inside for path in paths):
            message = f"the name {name[:200]!r} leads out of ingest_pipeline: name a file in it"
        elif not any(package.has(path) for path in paths):
            message = f"there is no ingest pipeline {name[:200]!r}: add its file, or correct the name"
        else:
            continue
        place = manifest.problem(message, "ingest_pipeline")
        yield EntryProblemError(message, place.file, place.line, CODE)


def pipelines_are_files(package: Package) -> Iterator[EntryProblemError]:
    """A data stream's pipelines are files: there are no folders among them."""
    folders = {f"{folder}/{_FOLDER}" for folder in check.stream_folders(package)}
    for file in package.tree.files:
        parts = file.path.split("/")
        if "/".join(parts[:_DEPTH]) in folders and len(parts) > _DEPTH + 1:
            message = "ingest_pipeline holds files only, no folders: move the file up"
            yield EntryProblemError(message, file.path, code=CODE)


def pipelines_are_objects(package: Package) -> Iterator[EntryProblemError]:
    """A pipeline is one JSON object, or YAML of keys and values; nothing stands behind the JSON."""
    folders = {f"{folder}/{_FOLDER}" for folder in check.stream_folders(package)} | {_FOLDER}
    left = check.MOST_YAML
    for file in package.tree.files:
        if posixpath.dirname(file.path) in folders and file.path.endswith(_ENDINGS):
            left -= file.content.size
            if left < 0:
                message = f"the pipelines have more than {check.MOST_YAML} bytes: make them smaller"
                raise EntryProblemError(message, file.path, code=CODE)
            yield from _problems(package, file.path)


def _problems(package: Package, path: str) -> Iterator[EntryProblemError]:
    try:
        data = check.read(package, path, CODE)
        is_object = _is_json_object(data) if path.endswith(".json") else _is_yaml_object(data, path)
    except jsontext.JsonProblemError as error:
        message = f"the pipeline is not JSON: {error.message}: correct the file"
        yield EntryProblemError(message, path, error.line, CODE)
    except EntryProblemError as error:
        yield error
    else:
        if not is_object:
            message = "a pipeline must be made of keys and values: begin it with processors"
            yield EntryProblemError(message, path, 1, CODE)


def _is_json_object(data: bytes) -> bool:
    value = jsontext.load(data)
    return value is None or isinstance(value, dict)


def _is_yaml_object(data: bytes, path: str) -> bool:
    node = check.load_yaml(data, path, CODE)
    _require_nothing_behind(data, path)
    null = isinstance(node, yamltext.Scalar) and node.empty and node.plain
    return node is None or null or isinstance(node, yamltext.Mapping)


def _require_nothing_behind(data: bytes, path: str) -> None:
    """Behind the first document there is nothing, or another document.

    The registry does not look there, but who installs the pipeline does.
    """
    events = yamltext.events(data)
    try:
        if any(isinstance(event, yaml.DocumentEndEvent) for event in events):
            next(events, None)
    except yamltext.YamlProblemError as error:
        message = f"something follows the pipeline: remove it ({error.message})"
        raise EntryProblemError(message, path, error.line, CODE) from error
