"""Texts that are one and the same on a file system which folds case or Unicode forms."""

import unicodedata


def folded(text: str) -> str:
    """The same text for all that such a file system can't tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
