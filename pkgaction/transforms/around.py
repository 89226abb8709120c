"""What building takes from around a package: the licence, the targets of links, a schema, a table."""

from contextlib import suppress

from pkgaction.errors import PkgactionError
from pkgaction.model.tree import PackageSource
from pkgaction.transforms import ecs_reference, links
from pkgaction.transforms.copy import copied
from pkgaction.transforms.external_fields import needed
from pkgaction.transforms.licence import with_licence
from pkgaction.transforms.readme import documents


def look(source: PackageSource) -> None:
    """Ask the repository for each file that building would ask it for; one that is lost hides no other.

    Whoever watches what is asked for knows it before anything is built.
    """
    tree = copied(source.tree)
    with suppress(PkgactionError):
        tree = with_licence(tree, source)
    for link in links.of(source):
        with suppress(PkgactionError):
            tree = tree.replacing([links.linked(source, link)])
    with suppress(PkgactionError):
        ecs_reference.file_of(needed(tree, source), source)
    with suppress(PkgactionError):
        documents.look_up_links(source)
