"""What a package asks of the agent and of Elasticsearch."""

from pkgaction.entry.fields import Fields, Object, kept


def agent(owner: Fields) -> Object | None:
    """The `agent` of a package or a data stream. `root: false` leaves an empty object."""
    found = owner.child("agent")
    if found is None:
        return None
    privileges = found.child("privileges")
    return kept({"privileges": kept({"root": privileges.flag("root")}) if privileges else None})


def of_elasticsearch(elasticsearch: Fields, key: str) -> Object:
    """The privileges in an `elasticsearch` object: `cluster` of a package, else `indices`."""
    found = elasticsearch.child("privileges")
    return kept({"privileges": kept({key: found.texts(key)}) if found else None})
