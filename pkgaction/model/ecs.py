"""The fields of one version of ECS, as far as building takes them over."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from pkgaction.model.json import Json, JsonObject, text_at

# parts that a field of these types has without a definition of their own
_POINT, _HISTOGRAM = frozenset({"lat", "lon"}), frozenset({"values", "counts"})
_PARTS = {"geo_point": _POINT, "histogram": _HISTOGRAM}


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsField:
    """One definition: a field, a group of fields, or a multi-field."""

    name: str  # in full, as `host.ip`
    attributes: JsonObject = field(repr=False)  # all that a package's own field takes over but the name
    top_level: bool = True  # whether it may stand where its name says, in packages of format 3 and later

    @property
    def type(self) -> str:
        """The field's type; empty where it says none."""
        return text_at(self.attributes, "type")


@dataclass(frozen=True, slots=True)
class EcsSchema:
    """One version of ECS; the fields in the order in which they are looked for."""

    fields: tuple[EcsField, ...] = ()
    _places: dict[str, list[int]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        places: dict[str, list[int]] = {}
        for place, known in enumerate(self.fields):
            places.setdefault(known.name, []).append(place)
        object.__setattr__(self, "_places", places)

    def find(self, name: str) -> EcsField | None:
        """The definition that a full name imports; None where there is none.

        `labels.foo` is found by `labels`, an object that says the type of what is in it.
        """
        found = self._defined(name)
        if found:
            return found
        parent = self._defined(name.rpartition(".")[0])
        inner: Json = parent.attributes.get("object_type") if parent else None
        if parent is None or parent.type != "object" or not inner:
            return None
        attributes = {key: value for key, value in parent.attributes.items() if key != "object_type"}
        return replace(parent, attributes={**attributes, "type": inner})

    def _defined(self, name: str) -> EcsField | None:
        first = min(self._matching(name), default=None)
        return None if first is None else self.fields[first]

    def _matching(self, name: str) -> Iterator[int]:
        yield from self._places.get(name, ())
        whole, _, part = name.rpartition(".")
        for place in self._places.get(whole, ()):
            if part in _PARTS.get(self.fields[place].type, _POINT | _HISTOGRAM):
                yield place
