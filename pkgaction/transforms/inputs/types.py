"""References to packages become types of inputs, or names where two packages have one type."""

from collections import Counter

from pkgaction.transforms.inputs.editing import inserted, maps, text_of
from pkgaction.transforms.inputs.manifests import ROOT, Composition
from pkgaction.transforms.inputs.package import InputPackage
from pkgaction.transforms.yaml.nodes import Mapping


def resolve_types(composition: Composition) -> None:
    """Replace every `package` of an input or a stream.

    Raises:
        SourceMissingError: a package does not say the type of its input.
    """
    by_name = _ambiguous(composition)
    for template in maps(composition.manifests.root.get("policy_templates")):
        for node in maps(template.get("inputs")):
            if package := composition.package(node, ROOT):
                node.set("type", inserted(package.type))
                if package.name in by_name:
                    node.set("name", inserted(package.name))
                _describe(node, package)
    for data_stream in composition.manifests.data_streams():
        for node in data_stream.streams:
            if package := composition.package(node, data_stream.path):
                node.set("input", inserted(package.name if package.name in by_name else package.type))
                _describe(node, package)


def _ambiguous(composition: Composition) -> set[str]:
    """Packages that share their type with another one in some policy template."""
    found: set[str] = set()
    for template in maps(composition.manifests.root.get("policy_templates")):
        referred = (composition.package(node, ROOT) for node in maps(template.get("inputs")))
        packages = {package.name: package.type for package in referred if package}
        shared = Counter(packages.values())
        found.update(name for name, type_ in packages.items() if shared[type_] > 1)
    return found


def _describe(node: Mapping, package: InputPackage) -> None:
    for key, text in (("title", package.title), ("description", package.description)):
        if text and not text_of(node, key):
            node.set(key, inserted(text))
    node.remove("package")
