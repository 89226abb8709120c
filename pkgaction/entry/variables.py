"""Variables: what a person fills in."""

from pkgaction.entry.deprecation import deprecated
from pkgaction.entry.fields import Fields, if_written, kept
from pkgaction.model.json import Json


def variables(owner: Fields) -> list[Json]:
    """The `vars` of a package, an input or a stream."""
    return [_variable(found) for found in owner.children("vars")]


def _variable(found: Fields) -> Json:
    default = found.json("default")
    return {
        "name": found.text("name"),
        "type": found.text("type"),
        **kept({key: found.text(key) for key in ("title", "description")}),
        **{key: found.flag(key) or False for key in ("multi", "required", "show_user")},
        # the registry keeps false, 0, "" and [], but no empty map
        **if_written("default", None if default == {} else default),
        **kept({"deprecated": deprecated(found)}),
    }
