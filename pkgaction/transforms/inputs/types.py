"""References to packages become types of inputs, or names where two packages have one type."""

from collections import Counter

from pkgaction.transforms.build_settings import refused
from pkgaction.transforms.inputs.editing import inserted, maps, text_of
from pkgaction.transforms.inputs.manifests import ROOT, Composition
from pkgaction.transforms.inputs.package import InputPackage
from pkgaction.transforms.yaml.nodes import Mapping

_TEXTS = ("title", "description")


def resolve_types(composition: Composition) -> None:
    """Replace every `package` of an input or a stream.

    Raises:
        BuildRefusedError: a stream refers to a package that no input of the integration refers to.
        SourceMissingError: a package does not say the type of its input.
    """
    offered: set[str] = set()
    by_name = _ambiguous(composition)
    for node, offering, _ in composition.inputs():
        node.set("type", inserted(offering.type))
        if offering.name in by_name:
            node.set("name", inserted(offering.name))
        _describe(node, offering, [key for key in _TEXTS if node.get(key) is None])
        offered.add(offering.name)
    for data_stream in composition.manifests.data_streams():
        for node in data_stream.streams:
            if package := composition.package(node, data_stream.path):
                if package.name not in offered:
                    what = (
                        f"a stream takes the package {package.name}, which no input of the manifest does"
                    )
                    raise refused(composition.source, data_stream.path, what)
                node.set("input", inserted(package.name if package.name in by_name else package.type))
                _describe(node, package, [key for key in _TEXTS if not text_of(node, key)])


def _ambiguous(composition: Composition) -> set[str]:
    """Packages that share their type with another one in some policy template."""
    found: set[str] = set()
    for template in maps(composition.manifests.root.get("policy_templates")):
        referred = [composition.package(node, ROOT) for node in maps(template.get("inputs"))]
        packages = {package.name: package.type for package in referred if package}
        shared = Counter(packages.values())
        found.update(name for name, type_ in packages.items() if shared[type_] > 1)
    return found


def _describe(node: Mapping, package: InputPackage, missing: list[str]) -> None:
    for key in missing:
        if text := text_of(package.manifest, key):
            node.set(key, inserted(text))
    node.remove("package")
