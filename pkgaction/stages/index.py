"""index: all that was published → a new generation of the search index.

How a generation is written, and why nothing is lost on the way, is in `swapping`.
"""

from collections.abc import Sequence

from pkgaction import swapping
from pkgaction.model.release import Indexed, Published
from pkgaction.ports import Clock, ObjectStore


def add(published: Sequence[Published], store: ObjectStore, clock: Clock) -> Indexed:
    """Make sure that every published version is in the index.

    Raises:
        IndexUnsafeError: the index there is broken or foreign; nothing was written.
        StorageError: the storage failed, or other publishers were faster a hundred times.
    """
    ids = {(p.built.id.name, p.built.id.version.text): p.built.id for p in published}
    entries = [p.built.entry for p in published]
    done = swapping.swap(store, clock, lambda catalog: catalog.with_entries(entries))
    changed = frozenset(ids[key] for key in done.merge.changed)
    return Indexed(cursor=done.cursor, changed=changed, warnings=done.warnings)
