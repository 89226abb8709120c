"""Variables of required packages: promoted to the integration's inputs, or merged into its streams."""

from copy import deepcopy
from typing import TypeAlias

from pkgaction.transforms.build_settings import refused
from pkgaction.transforms.inputs.editing import bare, maps, merged, text_of
from pkgaction.transforms.inputs.manifests import ROOT, Composition, DataStream
from pkgaction.transforms.inputs.package import InputPackage
from pkgaction.transforms.yaml.nodes import Mapping, Scalar, Sequence

_DATASET = "data_stream.dataset"  # every data stream has one of its own
_EVERYWHERE = ""  # stands for every data stream

# the variables that inputs promote, by package and data stream
Promoted: TypeAlias = dict[tuple[str, str], dict[str, Mapping]]


def merge_variables(composition: Composition) -> None:
    """Give every input and stream that refers to a package the variables that remain for it.

    Raises:
        BuildRefusedError: two variables of a stream or an input have one name.
    """
    inputs = [
        (node, package, streams or [_EVERYWHERE])
        for node, package, streams in composition.inputs()
        if package.variables()
    ]
    promoted = _promoted(composition, inputs)
    for node, package, streams in inputs:
        own = {name: v for s in streams for name, v in promoted.get((package.name, s), {}).items()}
        base = package.variables()
        _set(node, [merged(variable, own[name]) for name, variable in base.items() if name in own])
    for data_stream in composition.manifests.data_streams():
        for node in data_stream.streams:
            _merge_stream(composition, data_stream, node, promoted)


def _promoted(
    composition: Composition, inputs: list[tuple[Mapping, InputPackage, list[str]]]
) -> Promoted:
    """What is promoted; of two inputs of one package for a data stream, the later one decides."""
    promoted: Promoted = {}
    for node, package, streams in inputs:
        if own := _own(composition, node, ROOT):
            promoted.update({(package.name, stream): own for stream in streams})
    return promoted


def _merge_stream(
    composition: Composition, data_stream: DataStream, node: Mapping, promoted: Promoted
) -> None:
    package = composition.package(node, data_stream.path)
    base = package.variables() if package else {}
    if not package or not base:
        return
    base.pop(_DATASET, None)
    own = _own(composition, node, data_stream.path)
    elsewhere = [promoted.get((package.name, s), {}) for s in (_EVERYWHERE, data_stream.name)]
    remaining = [
        merged(variable, own[name]) if name in own else _hidden(variable)
        for name, variable in base.items()
        if not any(name in names for names in elsewhere)
    ]
    _set(node, [*remaining, *(bare(variable) for name, variable in own.items() if name not in base)])


def _own(composition: Composition, node: Mapping, path: str) -> dict[str, Mapping]:
    own: dict[str, Mapping] = {}
    for variable in maps(node.get("vars")):
        name = text_of(variable, "name")
        if name in own:
            raise refused(composition.source, path, f"the variable {name[:80]!r} is there twice")
        own[name] = variable
    return own


def _hidden(variable: Mapping) -> Mapping:
    made = deepcopy(variable)
    made.set("show_user", Scalar("false"))
    return made


def _set(node: Mapping, variables: list[Mapping]) -> None:
    if variables:
        node.set("vars", Sequence([*variables]))
    else:
        node.remove("vars")
