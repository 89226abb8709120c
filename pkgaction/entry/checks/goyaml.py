"""What the YAML reader of the registry refuses, and the one of this project does not.

Source: go-yaml v2, scannerc.go, parserc.go, resolve.go.
"""

import re

import yaml

from pkgaction.model import yamltext
from pkgaction.model.yamltext import YamlProblemError

_CORE_TAG = "tag:yaml.org,2002:"
_HARMLESS = {"str", "map", "seq", "merge"}  # its reader holds a value against any other one
_WORTH_A_LOOK = re.compile(rb"[!?]")  # nearly no file has any of them but in texts


def check(data: bytes) -> None:
    """Refuse what the registry's reader refuses.

    Raises:
        YamlProblemError: it is not YAML for the registry; or for nobody.
    """
    if not _WORTH_A_LOOK.search(data):
        return
    flows = 0
    for event in yamltext.events(data):
        if isinstance(event, yaml.DocumentEndEvent):
            return  # nothing behind the first document is read
        if isinstance(event, yaml.CollectionStartEvent):
            flows += bool(flows or event.flow_style)
        elif isinstance(event, yaml.CollectionEndEvent):
            flows -= bool(flows)
        elif isinstance(event, yaml.ScalarEvent):
            _check_scalar(event, in_flow=flows > 0)


def _check_scalar(event: yaml.ScalarEvent, *, in_flow: bool) -> None:
    tag = event.tag or ""
    if tag.startswith(_CORE_TAG) and tag.removeprefix(_CORE_TAG) not in _HARMLESS:
        message = f"the tag !!{tag.removeprefix(_CORE_TAG)[:80]} may not fit the value: remove the tag"
        raise _problem(message, event)
    plain = event.style in {None, ""}
    if in_flow and plain and "?" in event.value[1:]:
        raise _problem("a ? inside [] or {} begins a key: quote the text", event)


def _problem(message: str, event: yaml.Event) -> YamlProblemError:
    mark = event.start_mark
    return (
        YamlProblemError(message, mark.line + 1, mark.column + 1) if mark else YamlProblemError(message)
    )
