"""Dots in keys are nesting: `kibana.version: x` is `kibana: {version: x}`, in the whole document.

Source: elastic/go-ucfg, with which the registry reads manifests (path separator `.`).
"""

from pkgaction.entry.problem import EntryProblemError
from pkgaction.model.yamltext import Mapping, Node, Scalar, Sequence

_DEEPEST = 64  # levels with dots counted, as deep as YAML itself is read


def unfold(mapping: Mapping, file: str, depth: int = 1) -> Mapping:
    """The same map without dotted keys; parts that are written in several places are merged.

    Raises:
        EntryProblemError: a value is there twice, or the nesting is too deep.
    """
    whole = Mapping({}, {}, mapping.line)
    for key, value in mapping.entries.items():
        written = mapping.keys[key]
        *outer, last = key.split(".")
        inner_depth = depth + len(outer) + 1
        if inner_depth > _DEEPEST:
            message = f"more than {_DEEPEST} levels of nesting"
            raise EntryProblemError(message, file, written.line)
        inner: Node = _unfold_node(value, file, inner_depth)
        for part in reversed([*outer, last][1:]):
            inner = Mapping({part: inner}, {part: written}, written.line)
        _put(whole, (outer or [last])[0], written, inner, file)
    return whole


def _unfold_node(node: Node, file: str, depth: int) -> Node:
    match node:
        case Mapping():
            return unfold(node, file, depth)
        case Sequence():
            items = tuple(_unfold_node(item, file, depth + 1) for item in node.items)
            return Sequence(items, node.line)
        case Scalar():
            return node


def _put(target: Mapping, key: str, written: Scalar, value: Node, file: str) -> None:
    known = target.entries.get(key)
    if known is None:
        target.entries[key], target.keys[key] = value, written
    elif isinstance(known, Mapping) and isinstance(value, Mapping):
        for name, inner in value.entries.items():
            _put(known, name, value.keys[name], inner, file)
    else:
        message = f"the key {written.text!r} is there twice, once with dots and once nested"
        raise EntryProblemError(message, file, written.line)
