"""What a manifest says about something that should no longer be used."""

from pkgaction.entry.fields import Fields, Object, kept

_REPLACEMENTS = ("package", "policy_template", "input", "data_stream", "variable")


def deprecated(owner: Fields) -> Object | None:
    """The `deprecated` of a package, a policy template, an input, a data stream or a variable."""
    found = owner.child("deprecated")
    if found is None:
        return None
    replaced_by = found.child("replaced_by")
    return {
        **kept({"since": found.text("since")}),
        "description": found.text("description"),
        **kept({"replaced_by": _texts(replaced_by) if replaced_by else None}),
    }


def _texts(replaced_by: Fields) -> Object:
    return kept({key: replaced_by.text(key) for key in _REPLACEMENTS})
