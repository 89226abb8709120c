"""The whole entry, in the registry's own order of keys."""

from pkgaction.entry import privileges
from pkgaction.entry.assets import assets
from pkgaction.entry.conditions import conditions
from pkgaction.entry.data_streams import data_streams
from pkgaction.entry.deprecation import deprecated
from pkgaction.entry.fields import Fields, Object, kept
from pkgaction.entry.images import images
from pkgaction.entry.known import CATEGORIES
from pkgaction.entry.package import Package, semantic_version
from pkgaction.entry.policy_templates import policy_templates
from pkgaction.entry.problem import EntryProblemError
from pkgaction.entry.variables import variables
from pkgaction.model.json import Json, JsonObject, text_at
from pkgaction.model.tree import Tree

_README = "docs/README.md"
_DEFAULT_LICENSE = "basic"


def make(tree: Tree) -> JsonObject:
    """The package's index entry, bare (no `package_manifest` around it), of its built files.

    Readers fill in nothing: every default is in the entry. Nothing here needs a validated package.

    Raises:
        EntryProblemError: readers would refuse the entry, or the whole list because of it.
    """
    package = Package.of(tree)
    return {**_who(package), **_what(package)}


def _who(package: Package) -> Object:
    """What a search shows of the package."""
    manifest = package.manifest
    return {
        "name": package.name,
        "title": manifest.required("title"),
        "version": package.version.text,
        "release": package.release,
        **kept({"source": _texts(manifest, "source", "license")}),
        "description": manifest.required("description"),
        "type": package.type,
        "download": package.download,
        "path": package.base,
        **kept(
            {
                "icons": images(manifest, "icons", package.base),
                "policy_templates_behavior": manifest.text("policy_templates_behavior"),
                "conditions": conditions(manifest),
                "owner": _texts(manifest, "owner", "type", "github"),
                "categories": [c for c in manifest.texts("categories") if c in CATEGORIES],
            }
        ),
        "signature_path": f"{package.download}.sig",  # nothing is published unsigned
        **kept(
            {
                "discovery": _discovery(manifest),
                "deprecated": deprecated(manifest),
                "requires": _requires(manifest),
                "group": manifest.text("group"),
            }
        ),
    }


def _what(package: Package) -> Object:
    """What is in the package."""
    manifest = package.manifest
    return {
        "format_version": semantic_version(manifest, "format_version").text,
        "readme": _readme(package),
        "license": _license(manifest),
        **kept(
            {
                "screenshots": images(manifest, "screenshots", package.base),
                "assets": assets(package),
                "policy_templates": policy_templates(package),
                "data_streams": data_streams(package),
                "vars": variables(manifest),
                "elasticsearch": _elasticsearch(manifest),
                "agent": privileges.agent(manifest),
            }
        ),
    }


def _texts(manifest: Fields, key: str, *names: str) -> Object | None:
    found = manifest.child(key)
    return kept({name: found.text(name) for name in names}) if found else None


def _discovery(manifest: Fields) -> Object | None:
    """What data the package is useful with; the only object that is left out when it is empty."""
    found = manifest.child("discovery")
    if found is None:
        return None
    return kept({key: _names(found, key) for key in ("fields", "datasets")}) or None


def _names(discovery: Fields, key: str) -> list[Json]:
    return [{"name": found.required("name")} for found in discovery.children(key)]


def _requires(manifest: Fields) -> Object | None:
    found = manifest.child("requires")
    if found is None:
        return None
    return kept({key: _references(found, key) for key in ("input", "content")})


def _references(requires: Fields, key: str) -> list[Json]:
    found = requires.children(key)
    return [kept({name: f.text(name) for name in ("package", "version")}) for f in found]


def _readme(package: Package) -> str:
    if package.has(_README):
        return f"{package.base}/{_README}"
    message = f"a package needs a {_README}"
    raise EntryProblemError(message, _README)


def _license(manifest: Fields) -> str:
    """The subscription that the package needs; `license` is the old place for it."""
    subscription = text_at(conditions(manifest), "elastic", "subscription")
    return manifest.text("license") or subscription or _DEFAULT_LICENSE


def _elasticsearch(manifest: Fields) -> Object | None:
    found = manifest.child("elasticsearch")
    return privileges.of_elasticsearch(found, "cluster") if found else None
