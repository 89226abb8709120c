"""Policy templates and their inputs: what a person can add to an agent's policy."""

import posixpath

from pkgaction.entry import known, streams
from pkgaction.entry.deprecation import deprecated
from pkgaction.entry.fields import Fields, Object, if_written, kept
from pkgaction.entry.images import images
from pkgaction.entry.package import Package
from pkgaction.entry.variables import variables
from pkgaction.model.json import Json

_AGENTLESS_RELEASES = ("beta", "ga")


def policy_templates(package: Package) -> list[Json]:
    """The manifest's policy templates."""
    found = package.manifest.children("policy_templates")
    return [_policy_template(template, package) for template in found]


def _policy_template(found: Fields, package: Package) -> Json:
    multiple = found.flag("multiple")
    return {
        **{key: found.required(key) for key in ("name", "title", "description")},
        **kept(
            {
                "data_streams": found.texts("data_streams"),
                "inputs": [_input(item) for item in found.children("inputs")],
            }
        ),
        "multiple": True if multiple is None else multiple,
        **kept(
            {
                "icons": images(found, "icons", package.base),
                "categories": found.texts("categories"),  # other than the package's: all of them
                "screenshots": images(found, "screenshots", package.base),
                "readme": _readme(found, package),
                "deployment_modes": _deployment_modes(found),
                "type": found.text("type"),
                "input": found.text("input"),
                "ingestion_method": _ingestion_method(found, package),
                "template_path": found.text("template_path"),
                "deprecated": deprecated(found),
            }
        ),
    }


def _readme(found: Fields, package: Package) -> str:
    path = posixpath.normpath(f"docs/{found.text('name')}.md")
    return f"{package.base}/{path}" if package.has(path) else ""


def _ingestion_method(found: Fields, package: Package) -> str:
    input_type = found.text("input")
    if package.type == "input" and input_type:
        return known.ingestion_method(input_type)
    return found.text("ingestion_method")


def _deployment_modes(found: Fields) -> Object | None:
    modes = found.child("deployment_modes")
    if modes is None:
        return None
    return kept({key: _mode(modes.child(key)) for key in ("default", "agentless")})


def _mode(found: Fields | None) -> Object | None:
    if found is None:
        return None
    return {
        "enabled": found.flag("enabled") or False,
        **if_written("is_default", found.flag("is_default")),
        **kept({"release": found.one_of("release", _AGENTLESS_RELEASES)}),
    }


def _input(found: Fields) -> Json:
    return kept(
        {
            "type": found.text("type"),
            "package": found.text("package"),
            "vars": variables(found),
            "title": found.text("title"),
            "description": found.text("description"),
            "streams": streams.of_input(found),
            "template_path": found.text("template_path"),
            "input_group": found.text("input_group"),
            "deployment_modes": found.texts("deployment_modes"),
            "deprecated": deprecated(found),
        }
    )
