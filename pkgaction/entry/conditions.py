"""The conditions under which a package can be used."""

from pkgaction.entry.fields import Fields, Object, kept
from pkgaction.entry.ranges import is_range


def conditions(manifest: Fields) -> Object | None:
    """The manifest's conditions.

    Raises:
        EntryProblemError: a version is no range: readers refuse the whole list then.
    """
    found = manifest.child("conditions")
    if found is None:
        return None
    return kept(
        {
            "kibana": _version(found.child("kibana"), "kibana"),
            "elastic": _elastic(found.child("elastic")),
            "agent": _version(found.child("agent"), "agent"),
        }
    )


def _version(found: Fields | None, name: str) -> Object | None:
    if found is None:
        return None
    version = found.text("version")
    if is_range(version):
        return {"version": version}
    message = f"conditions.{name}.version {version[:80]!r} is no version range, as ^8.1.0"
    raise found.problem(message, "version")


def _elastic(found: Fields | None) -> Object | None:
    if found is None:
        return None
    subscription = found.text("subscription")
    return {"subscription": subscription, **kept({"capabilities": found.texts("capabilities")})}
