"""Rules about policy templates and their inputs: deployment modes, names, deprecation, building."""

from collections.abc import Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.yamltext import Mapping
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic.manifests import data_streams, input_name, inputs, templates
from pkgaction.rules.semantic.reading import at, flag, items, scalar, text, texts
from pkgaction.rules.told import found, quoted

_MODES = ("default", "agentless")


def deployment_modes(package: Package) -> Iterator[Finding]:
    """Every deployment mode that a policy template offers has an input, and no input has another."""
    yield from _agentless_release(package)
    for template in templates(package):
        name = text(template, "name")
        enabled = [mode for mode in _MODES if _enabled(template, mode)]
        for offered in enabled:
            if not any(_supports(each, offered) for each in inputs(template)):
                message = (
                    f"policy template {quoted(name)} enables {quoted(offered)}, but no input supports it"
                )
                yield found(MANIFEST, message, at(template, "name"))
        for each in inputs(template):
            for mode in texts(each, "deployment_modes"):
                if mode.text not in enabled:
                    message = (
                        f"input {quoted(input_name(each))} lists deployment mode {quoted(mode.text)}, "
                        f"which policy template {quoted(name)} does not enable"
                    )
                    yield found(MANIFEST, message, mode)


def _agentless_release(package: Package) -> Iterator[Finding]:
    all_templates = templates(package)
    if len(all_templates) != 1:
        return
    release = scalar(all_templates[0], "deployment_modes", "agentless", "release")
    if release and flag(all_templates[0], "deployment_modes", "default", "enabled") is False:
        message = (
            "agentless is the only deployment mode: say its maturity by the version, not by release"
        )
        yield found(MANIFEST, message, release)


def _enabled(template: Mapping, mode: str) -> bool:
    said = flag(template, "deployment_modes", mode, "enabled")
    return said is not False if mode == "default" else said is True


def _supports(each: Mapping, mode: str) -> bool:
    listed = [mode.text for mode in texts(each, "deployment_modes")]
    return mode in listed or not items(each, "deployment_modes")


def all_deprecated(package: Package) -> Iterator[Finding]:
    """A package whose inputs are all deprecated is deprecated itself."""
    every = [each for template in templates(package) for each in inputs(template)]
    manifest = package.manifest()
    if every and all(_deprecated(each) for each in every) and not _deprecated(manifest):
        yield found(MANIFEST, "all inputs are deprecated: add deprecated to the package, too")


def _deprecated(node: Mapping) -> bool:
    return isinstance(at(node, "deprecated"), Mapping)


def names(package: Package) -> Iterator[Finding]:
    """Inputs of one type in a policy template are told apart by their names."""
    for template in templates(package):
        same: dict[str, list[Mapping]] = {}
        for each in inputs(template):
            same.setdefault(text(each, "type"), []).append(each)
        for kind, several in same.items():
            nameless = [each for each in several if not text(each, "name")]
            if len(several) > 1 and nameless:
                message = (
                    f"policy template {quoted(text(template, 'name'))} has {len(several)} inputs "
                    f"of type {quoted(kind)}: give each a name"
                )
                yield found(MANIFEST, message, at(nameless[0], "type") or nameless[0])


def bundled(package: Package) -> Iterator[Finding]:
    """A built package has no input that is still to be taken from another package."""
    for data_stream in data_streams(package):
        for stream in data_stream.streams:
            if place := scalar(stream, "package"):
                message = (
                    f"the stream still takes its input from package {quoted(place.text)}: build again"
                )
                yield found(data_stream.file, message, place)
    for template in templates(package):
        for each in inputs(template):
            if place := scalar(each, "package"):
                message = f"an input is still to be taken from package {quoted(place.text)}: build again"
                yield found(MANIFEST, message, place)
