"""Data streams: the folders below data_stream/ that have a manifest."""

import re
from dataclasses import dataclass

from pkgaction.entry import privileges, streams
from pkgaction.entry.deprecation import deprecated
from pkgaction.entry.fields import Fields, Object, kept
from pkgaction.entry.package import RELEASES, Package
from pkgaction.model.json import Json
from pkgaction.model.manifest import FILE

_TOP = "data_stream"
_MANIFEST = re.compile(rf"{_TOP}/(?P<folder>[^/]+)/{re.escape(FILE)}")
_DEFAULT = "default"
_DEFAULT_FILES = frozenset({"default.yml", "default.json"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pipelines:
    """The names of the two places that name an ingest pipeline; empty where there is none."""

    legacy: str  # ingest_pipeline
    elasticsearch: str  # elasticsearch.ingest_pipeline.name


def data_streams(package: Package) -> list[Json]:
    """All data streams, by their folders' names."""
    found = [_MANIFEST.fullmatch(file.path) for file in package.tree.files]
    folders = [match["folder"] for match in found if match]
    # by their bytes, as in the zip; a name that is no UTF-8 is refused with the assets
    return [_data_stream(folder, package) for folder in sorted(folders, key=_bytes)]


def _bytes(name: str) -> bytes:
    return name.encode(errors="surrogateescape")


def _data_stream(folder: str, package: Package) -> Json:
    found = Fields.of_file(package.tree, f"{_TOP}/{folder}/{FILE}")
    pipelines = _pipelines(found, folder, package)
    return {
        "type": found.required("type"),
        **kept(
            {
                "dataset": found.text("dataset") or f"{package.name}.{folder}",
                "hidden": found.flag("hidden"),
                "ilm_policy": found.text("ilm_policy"),
                "dataset_is_prefix": found.flag("dataset_is_prefix"),
            }
        ),
        "title": found.required("title"),
        **kept(
            {
                "release": found.one_of("release", RELEASES) or package.release,
                "ingest_pipeline": pipelines.legacy,
                "streams": streams.of_data_stream(found),
                "package": package.name,
                "elasticsearch": _elasticsearch(found, pipelines),
                "agent": privileges.agent(found),
                "path": folder,
                "deprecated": deprecated(found),
            }
        ),
    }


def _pipelines(found: Fields, folder: str, package: Package) -> _Pipelines:
    """The pipelines' names, filled in where the folder has a default one.

    Raises:
        EntryProblemError: there are pipelines, but no name and no default says which one is meant.
    """
    place = f"{_TOP}/{folder}/elasticsearch/ingest_pipeline"
    files = {file.path.removeprefix(f"{place}/") for file in package.tree.below(place)}
    default = _DEFAULT if files & _DEFAULT_FILES else ""
    legacy = found.text("ingest_pipeline")
    elasticsearch = found.child("elasticsearch")
    name = _pipeline_name(elasticsearch) if elasticsearch else ""
    if elasticsearch and not name and default:
        return _Pipelines(legacy=default, elasticsearch=default)  # whatever ingest_pipeline says
    if files and not (legacy or default):
        message = f"there are pipelines in {place}/, but none is called default.yml or default.json"
        raise found.problem(message)
    return _Pipelines(legacy=legacy or default, elasticsearch=name)


def _pipeline_name(elasticsearch: Fields) -> str:
    pipeline = elasticsearch.child("ingest_pipeline")
    return pipeline.text("name") if pipeline else ""


def _elasticsearch(found: Fields, pipelines: _Pipelines) -> Object | None:
    """The `elasticsearch` object; its keys have dots, as nothing else in an entry."""
    elasticsearch = found.child("elasticsearch")
    if elasticsearch is None:
        return None
    template = elasticsearch.child("index_template")
    return {
        **(_template(template) if template else {}),
        **kept({"ingest_pipeline.name": pipelines.elasticsearch}),
        **privileges.of_elasticsearch(elasticsearch, "indices"),
    }


def _template(found: Fields) -> Object:
    maps = {key: found.child(key) for key in ("settings", "mappings")}
    # as they are; an empty one is left out
    return {
        f"index_template.{key}": found.json(key)
        for key, inner in maps.items()
        if inner and inner.mapping.entries
    }
