"""`alertRuleTemplates`, `sloTemplates`, `transform`, `inputDocs`: lists of what a package holds."""

from collections.abc import Iterator, Mapping

from pkgaction.model import yamltext
from pkgaction.model.json import Json
from pkgaction.transforms.build_settings import format_is
from pkgaction.transforms.readme.book import Book, escaped
from pkgaction.transforms.readme.fields import fields

_TABLE_FROM = "3.6.0"  # the format_version from which on alerting rules are a folded table
_TRANSFORMS = "elasticsearch/transform/"


def alert_rule_templates(book: Book) -> str:
    """The templates for alerting rules; nothing where there are none."""
    found = list(_templates(book, "kibana/alerting_rule_template/"))
    if not found:
        return ""
    lead_in = book.phrases.say("alert_rules", link=_link(book, "alert-rule-templates"))
    if format_is(book.source, _TABLE_FROM):
        return lead_in + _folded(book, "alert_rules", found)
    listed = (f"**{name}**\n\n{description}\n\n" for name, description in found)
    return lead_in + book.phrases.say("alert_rules_list") + "".join(listed)


def slo_templates(book: Book) -> str:
    """The templates for service level objectives; nothing where there are none."""
    found = list(_templates(book, "kibana/slo_template/"))
    if not found:
        return ""
    lead_in = book.phrases.say("slos", link=_link(book, "slo-templates"))
    return lead_in + _folded(book, "slos", found)


def transforms(book: Book) -> str:
    """The transforms with their fields; nothing where there are none."""
    paths = [f.path for f in book.source.tree.files if _is_transform(f.path)]
    blocks = "".join(_transform(book, path) for path in paths)
    return book.phrases.say("transforms_title") + blocks if blocks else ""


def input_docs(book: Book) -> str:
    """What upstream says of each input that the data streams use; nothing where they use none."""
    names = sorted({name for path in _manifests(book) for name in _inputs(book.yaml(path))})
    blocks = (_input(book, name) for name in names)
    return book.phrases.say("input_docs") + "".join(blocks) if names else ""


# --- templates of Kibana -----------------------------------------------------------------------------


def _templates(book: Book, folder: str) -> Iterator[tuple[str, str]]:
    """Name and description of each template in a folder."""
    for path in book.below(folder, ".json"):
        attributes = _any_case(book.json(path), "attributes")
        texts = [_any_case(attributes, key) or "" for key in ("name", "description")]
        name, description = (text if isinstance(text, str) else None for text in texts)
        if name is None or description is None:
            raise book.refused(path, "name and description of its attributes must be texts")
        yield name, description


def _any_case(value: Json, name: str) -> Json:
    """An entry of an object, in whatever case its key is written, as Go reads JSON."""
    items = value.items() if isinstance(value, Mapping) else ()
    return next((inner for key, inner in reversed(list(items)) if key.lower() == name), None)


def _folded(book: Book, kind: str, found: list[tuple[str, str]]) -> str:
    rows = "".join(f"| {_cell(name)} | {_cell(description)} |\n" for name, description in found)
    return (
        f"{book.phrases.say(f'{kind}_table')}<details>\n"
        f"<summary>{book.phrases.say(f'{kind}_summary')}</summary>\n\n"
        f"| Name | Description |\n|---|---|\n{rows}\n</details>\n\n"
    )


def _cell(text: str) -> str:
    return escaped(text.replace("\n", " ").strip())


def _link(book: Book, key: str) -> str:
    return book.links.get(key) or book.phrases.say("docs_start")


# --- transforms --------------------------------------------------------------------------------------


def _is_transform(path: str) -> bool:
    return path.startswith(_TRANSFORMS) and path.rpartition("/")[2] == "transform.yml"


def _transform(book: Book, path: str) -> str:
    folder = path.rpartition("/")[0]
    found = book.yaml(path)
    shown = {
        "Description": found.get("description"),
        "Source Index": _first(found.get("source", "index")),
        "Destination Index": _first(found.get("dest", "index")),
    }
    says = {title: node.text for title, node in shown.items() if isinstance(node, yamltext.Scalar)}
    lines = (f"* {title}: {escaped(text)}\n" for title, text in says.items() if text)
    name = folder.rpartition("/")[2]
    return f"\n#### {name}\n{''.join(lines)}\n{fields(book, f'{folder}/fields/')}"


def _first(node: yamltext.Node | None) -> yamltext.Node | None:
    return next(iter(node.items), None) if isinstance(node, yamltext.Sequence) else node


# --- inputs ------------------------------------------------------------------------------------------


def _manifests(book: Book) -> Iterator[str]:
    for file in book.source.tree.files:
        if file.path.startswith("data_stream/") and file.path.endswith("/manifest.yml"):
            yield file.path


def _inputs(manifest: yamltext.Mapping) -> Iterator[str]:
    streams = manifest.get("streams")
    for stream in streams.items if isinstance(streams, yamltext.Sequence) else ():
        found = stream.scalar("input") if isinstance(stream, yamltext.Mapping) else None
        if found and not found.empty:
            yield found.text


def _input(book: Book, name: str) -> str:
    data = book.input_documentation(name)
    if data is None:
        return ""
    try:
        found = yamltext.load_mapping(data)
    except yamltext.YamlProblemError as error:
        raise book.refused(f"(documentation of the input {name})", error.message, error.line) from error
    called, text = found.scalar("name"), found.scalar("documentation")
    if called is None or called.text != name:
        return ""
    return f"<details>\n<summary>{name}</summary>\n\n{text.text if text else ''}\n</details>\n"
