"""Rules about the saved objects of Kibana: their ids, what they refer to, their tags."""

from collections.abc import Container, Iterator

from pkgaction.model.finding import Finding
from pkgaction.model.json import at
from pkgaction.rules.package import MANIFEST, Package
from pkgaction.rules.semantic import reading
from pkgaction.rules.semantic.mild import milder
from pkgaction.rules.semantic.savedobjects import SavedObject, references, saved_objects, unknown
from pkgaction.rules.told import found, quoted

_TAGS = "kibana/tags.yml"
_NO_ID = "the saved object has no id: give it the file's name"
_NO_TYPE = "the saved object has no type: give it that of its folder"
_BY_VALUE = frozenset({"lens", "map", "visualization"})


def ids(package: Package) -> Iterator[Finding]:
    """A saved object's id is its file's name; a security rule's begins with its rule id."""
    for saved in saved_objects(package):
        if problem := _id_problem(saved):
            yield found(saved.file, problem)


def _id_problem(saved: SavedObject) -> str:
    own = at(saved.value, "id")
    if not isinstance(own, str):
        return _NO_ID
    if saved.kind == "security_rule":
        rule = at(saved.value, "attributes", "rule_id")
        if not isinstance(rule, str):
            return "the security rule has no attributes.rule_id"
        if not own.startswith(rule):
            return f"the id {quoted(own)} must begin with the rule id {quoted(rule)}"
    name = saved.file.rpartition("/")[2].replace(".json", "")
    return "" if own == name else f"the id {quoted(own)} must be the file's name, {quoted(name)}"


def dangling(package: Package) -> Iterator[Finding]:
    """What a saved object refers to is in the package, or a broken object is installed (SVR00003)."""
    known: set[tuple[object, object]] = set()
    for saved in saved_objects(package):
        own, kind = at(saved.value, "id"), at(saved.value, "type")
        known.add((own if isinstance(own, str) else None, kind if isinstance(kind, str) else None))
        if not isinstance(own, str):
            yield found(saved.file, _NO_ID)
        if not isinstance(kind, str):
            yield found(saved.file, _NO_TYPE)
    yield from _missing(package, known)


def _missing(package: Package, known: Container[tuple[object, object]]) -> Iterator[Finding]:
    unread = set(unknown(package))
    for saved in saved_objects(package):
        for reference in references(saved):
            if isinstance(reference, Finding):
                yield reference
            elif (
                reference.type != "index-pattern"
                and (reference.id, reference.type) not in known
                and reference.id not in unread
            ):
                message = (
                    f"the {quoted(reference.type)} {quoted(reference.id)} that this refers to is missing"
                )
                yield found(saved.file, message, official="SVR00003")


def by_value(package: Package) -> Iterator[Finding]:
    """A dashboard holds its visualizations itself, so that none is left when it goes (SVR00004)."""
    for saved in saved_objects(package, "dashboard"):
        by_reference: list[str] = []
        for reference in references(saved):
            if isinstance(reference, Finding):
                yield reference
            elif reference.type in _BY_VALUE:
                by_reference.append(f"{quoted(reference.id)} ({reference.type})")
        if by_reference:
            some = ", ".join(by_reference[:5])
            message = f"save its {len(by_reference)} visualizations in the dashboard, by value: {some}"
            yield milder(package, found(saved.file, message, official="SVR00004"))


def security_capability(package: Package) -> Iterator[Finding]:
    """A package with security rules asks for the capability: else it is offered where it fails."""
    conditions = reading.at(package.manifest(), "conditions")
    capabilities = {each.text for each in reading.texts(conditions, "elastic", "capabilities")}
    if "security" not in capabilities and any(package.glob("kibana/security_rule/*.json")):
        message = "the package has security rules: add security to conditions.elastic.capabilities"
        yield found(MANIFEST, message, conditions)


def tag_duplicates(package: Package) -> Iterator[Finding]:
    """A tag is defined once: two of one name can't be told apart (SVR00007)."""
    known: set[str] = set()
    for tag in reading.maps(package.yaml(_TAGS)):
        name = reading.scalar(tag, "text")
        if name and name.text in known:
            yield found(_TAGS, f"the tag {quoted(name.text)} is there twice", name, official="SVR00007")
        elif name:
            known.add(name.text)
    yield from _tag_objects(package, dict.fromkeys(known, _TAGS))


def _tag_objects(package: Package, known: dict[str, str]) -> Iterator[Finding]:
    for saved in saved_objects(package, "tag"):
        own = at(saved.value, "attributes", "name") if at(saved.value, "type") == "tag" else None
        if isinstance(own, str):
            first = known.setdefault(own, saved.file)
            if first != saved.file:
                message = f"the tag {quoted(own)} is in {first}, too: define it once"
                yield found(saved.file, message, official="SVR00007")
