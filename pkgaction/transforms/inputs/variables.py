"""Variables of required packages: promoted to the integration's inputs, or merged into its streams."""

from copy import deepcopy

from pkgaction.transforms.build_settings import refused
from pkgaction.transforms.inputs.editing import maps, merged, text_of, texts
from pkgaction.transforms.inputs.manifests import ROOT, Composition, DataStream
from pkgaction.transforms.yaml.nodes import Mapping, Scalar, Sequence

_DATASET = "data_stream.dataset"  # every data stream has one of its own
_EVERYWHERE = ""

Promoted = dict[tuple[str, str], set[str]]  # names, by package and data stream


def merge_variables(composition: Composition) -> None:
    """Give every input and stream that refers to a package the variables that remain for it.

    Raises:
        BuildRefusedError: two variables of a stream or an input have one name.
    """
    promoted: Promoted = {}
    for template in maps(composition.manifests.root.get("policy_templates")):
        streams = texts(template.get("data_streams")) or [_EVERYWHERE]
        for node in maps(template.get("inputs")):
            package = composition.package(node, ROOT)
            base = package.variables() if package else {}
            if package and base:
                own = _own(composition, node, ROOT)
                names = [name for name in base if name in own]
                for stream in streams:
                    promoted.setdefault((package.name, stream), set()).update(names)
                _set(node, [merged(base[name], own[name]) for name in names])
    for data_stream in composition.manifests.data_streams():
        for node in data_stream.streams:
            _merge_stream(composition, data_stream, node, promoted)


def _merge_stream(
    composition: Composition, data_stream: DataStream, node: Mapping, promoted: Promoted
) -> None:
    package = composition.package(node, data_stream.path)
    base = package.variables() if package else {}
    if not package or not base:
        return
    base.pop(_DATASET, None)
    own = _own(composition, node, data_stream.path)
    elsewhere = {
        name
        for stream in (_EVERYWHERE, data_stream.name)
        for name in promoted.get((package.name, stream), ())
    }
    remaining = [
        merged(variable, own[name]) if name in own else _hidden(variable)
        for name, variable in base.items()
        if name not in elsewhere
    ]
    _set(node, [*remaining, *(variable for name, variable in own.items() if name not in base)])


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
