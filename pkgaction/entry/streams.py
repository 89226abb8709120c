"""Streams: of a data stream, with defaults, and of a policy template's input, as written."""

from pkgaction.entry import known
from pkgaction.entry.fields import Fields, if_written, kept
from pkgaction.entry.variables import variables
from pkgaction.model.json import Json

_DEFAULT_TEMPLATE = "stream.yml.hbs"


def of_data_stream(owner: Fields) -> list[Json]:
    """A data stream's streams: on, with a template and an ingestion method, unless they say so."""
    return [_with_defaults(found) for found in owner.children("streams")]


def of_input(owner: Fields) -> list[Json]:
    """An input's own streams; the registry fills in nothing there."""
    return [_as_written(found) for found in owner.children("streams")]


def _with_defaults(found: Fields) -> Json:
    enabled = found.flag("enabled")
    return _stream(
        found,
        template_path=found.text("template_path") or _DEFAULT_TEMPLATE,
        enabled=True if enabled is None else enabled,
        method=known.ingestion_method(found.text("input")) or found.text("ingestion_method"),
    )


def _as_written(found: Fields) -> Json:
    return _stream(
        found,
        template_path=found.text("template_path"),
        enabled=found.flag("enabled"),
        method=found.text("ingestion_method"),
    )


def _stream(found: Fields, *, template_path: str, enabled: bool | None, method: str) -> Json:
    return {
        **kept(
            {
                "input": found.text("input"),
                "package": found.text("package"),
                "vars": variables(found),
                "data_stream": found.text("data_stream"),
                "template_path": template_path,
                "title": found.text("title"),
                "description": found.text("description"),
            }
        ),
        **if_written("enabled", enabled),
        **kept({"ingestion_method": method}),
    }
