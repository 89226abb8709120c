"""Whether readers can read an entry, whoever wrote it.

One entry that can't be read makes a reader refuse the whole list, and a null in the wrong place ends
its process. So every entry is held against the types that the registry reads it into. As there, keys
that are not known don't matter, and null is as good as absent.
Source: elastic/package-registry, packages/package.go and datastream.go (types), marshaler.go (versions).
"""

from typing import TypeAlias

import msgspec
from msgspec import Raw, field

from pkgaction.entry import gokeys
from pkgaction.entry.ranges import is_range
from pkgaction.model.json import Json
from pkgaction.model.version import InvalidVersionError, Version

Key: TypeAlias = tuple[str, str]  # name, version

_Text: TypeAlias = str | None
_Flag: TypeAlias = bool | None
_Texts: TypeAlias = list[str] | None
_Map: TypeAlias = dict[str, Raw] | None  # of any JSON


class UnreadableError(ValueError):
    """Readers would refuse the entry."""


class _Part(msgspec.Struct, gc=False):
    """A JSON object of an entry."""


class _Named(_Part):
    name: _Text = None


class _License(_Part):
    license: _Text = None


class _Owner(_Part):
    type: _Text = None
    github: _Text = None


class _Image(_Part):
    src: _Text = None
    path: _Text = None
    title: _Text = None
    size: _Text = None
    type: _Text = None


class _Versioned(_Part):
    version: str = ""


class _Elastic(_Part):
    subscription: _Text = None
    capabilities: _Texts = None


class _Conditions(_Part):
    kibana: _Versioned | None = None
    elastic: _Elastic | None = None
    agent: _Versioned | None = None


class _Discovery(_Part):
    fields: list[_Named] | None = None
    datasets: list[_Named] | None = None


class _Replacement(_Part):
    package: _Text = None
    policy_template: _Text = None
    input: _Text = None
    data_stream: _Text = None
    variable: _Text = None


class _Deprecated(_Part):
    since: _Text = None
    description: _Text = None
    replaced_by: _Replacement | None = None


class _Requirement(_Part):
    package: _Text = None
    version: _Text = None


class _Requires(_Part):
    input: list[_Requirement] | None = None
    content: list[_Requirement] | None = None


class _Variable(_Part):  # its default is any JSON
    name: _Text = None
    type: _Text = None
    title: _Text = None
    description: _Text = None
    multi: _Flag = None
    required: _Flag = None
    show_user: _Flag = None
    deprecated: _Deprecated | None = None


class _Stream(_Part):
    input: _Text = None
    package: _Text = None
    vars: list[_Variable] | None = None
    data_stream: _Text = None
    template_path: _Text = None
    title: _Text = None
    description: _Text = None
    enabled: _Flag = None
    ingestion_method: _Text = None


class _Input(_Part):
    type: _Text = None
    package: _Text = None
    vars: list[_Variable] | None = None
    title: _Text = None
    description: _Text = None
    streams: list[_Stream] | None = None
    template_path: _Text = None
    input_group: _Text = None
    deployment_modes: _Texts = None
    deprecated: _Deprecated | None = None


class _Mode(_Part):
    enabled: _Flag = None
    is_default: _Flag = None
    release: _Text = None


class _Modes(_Part):
    default: _Mode | None = None
    agentless: _Mode | None = None


class _PolicyTemplate(_Part):
    name: _Text = None
    title: _Text = None
    description: _Text = None
    data_streams: _Texts = None
    inputs: list[_Input] | None = None
    multiple: _Flag = None
    icons: list[_Image] | None = None
    categories: _Texts = None
    screenshots: list[_Image] | None = None
    readme: _Text = None
    deployment_modes: _Modes | None = None
    type: _Text = None
    input: _Text = None
    ingestion_method: _Text = None
    template_path: _Text = None
    deprecated: _Deprecated | None = None


class _Privileges(_Part):
    root: _Flag = None
    cluster: _Texts = None
    indices: _Texts = None


class _Privileged(_Part):
    privileges: _Privileges | None = None


class _StreamElasticsearch(_Privileged):
    settings: _Map = field(default=None, name="index_template.settings")
    mappings: _Map = field(default=None, name="index_template.mappings")
    pipeline: _Text = field(default=None, name="ingest_pipeline.name")


class _DataStream(_Part):
    type: _Text = None
    dataset: _Text = None
    hidden: _Flag = None
    ilm_policy: _Text = None
    dataset_is_prefix: _Flag = None
    title: _Text = None
    release: _Text = None
    ingest_pipeline: _Text = None
    streams: list[_Stream] | None = None
    package: _Text = None
    elasticsearch: _StreamElasticsearch | None = None
    agent: _Privileged | None = None
    path: _Text = None
    deprecated: _Deprecated | None = None


class _Entry(_Part):
    name: str
    version: str
    format_version: str  # without it, a registry with a database refuses the list
    title: _Text = None
    release: _Text = None
    source: _License | None = None
    description: _Text = None
    type: _Text = None
    download: _Text = None
    path: _Text = None
    icons: list[_Image] | None = None
    policy_templates_behavior: _Text = None
    conditions: _Conditions | None = None
    owner: _Owner | None = None
    categories: _Texts = None
    signature_path: _Text = None
    discovery: _Discovery | None = None
    deprecated: _Deprecated | None = None
    requires: _Requires | None = None
    readme: _Text = None
    license: _Text = None
    screenshots: list[_Image] | None = None
    assets: _Texts = None
    policy_templates: list[_PolicyTemplate] | None = None
    data_streams: list[_DataStream] | None = None
    vars: list[_Variable] | None = None
    elasticsearch: _Privileged | None = None
    agent: _Privileged | None = None


_DECODER = msgspec.json.Decoder(_Entry)
_DOCUMENTS = {"packages", "package_manifest", "current", "added", "updated", "removed"}


def _names(part: type[_Part]) -> set[str]:
    own = {found.encode_name for found in msgspec.structs.fields(part)}
    return own.union(*map(_names, part.__subclasses__()))


_FIELDS = frozenset(_DOCUMENTS | _names(_Part))


def load(data: bytes | bytearray | Raw) -> Json:
    """A document of the index, or a part of it, that every reader reads alike; without its numbers.

    Raises:
        UnreadableError: it is not JSON, or readers would find different values in it.
    """
    try:
        return gokeys.load(str(data, "utf-8"), _FIELDS)
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error


def key_of(text: bytes | Raw) -> Key:
    """Name and version of an entry that readers can read.

    Raises:
        UnreadableError: they would refuse it; says which one, and why.
    """
    try:
        entry = _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableError(str(error)) from error
    load(text)  # also what no reader looks at
    key = entry.name, entry.version
    if problem := _problem(entry):
        raise UnreadableError(f"{entry.name[:80]!r} {entry.version[:80]!r}: {problem}")
    return key


def _problem(entry: _Entry) -> str:
    """What is wrong with the texts of an entry that has the right types; empty if nothing is."""
    if not entry.name:
        return "it has no name"
    for what, version in (("version", entry.version), ("format_version", entry.format_version)):
        if not _is_strict(version):
            return f"the {what} {version[:80]!r} is not strict"
    conditions = entry.conditions or _Conditions()
    for what, found in (("kibana", conditions.kibana), ("agent", conditions.agent)):
        if found is not None and not is_range(found.version):
            return f"conditions.{what}.version {found.version[:80]!r} is no range"
    return ""


def _is_strict(version: str) -> bool:
    try:
        Version.parse(version)
    except InvalidVersionError:
        return False
    return True
