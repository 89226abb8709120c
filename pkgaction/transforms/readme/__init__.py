"""Documents rendered from the templates of a package.

Everything a template shows is read from the source package, so it has nothing of the other
transformations. Source of all rules here: what `elastic-package build` renders.
"""

from pkgaction.transforms.readme.documents import rendered, stale, with_documents
from pkgaction.transforms.readme.phrases import Phrases, PhrasesProblemError

__all__ = ["Phrases", "PhrasesProblemError", "rendered", "stale", "with_documents"]
