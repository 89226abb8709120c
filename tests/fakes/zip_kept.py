"""Zips that the fuzzer found: each was once taken, though readers do not read it as we did.

A line is the first eight digits of the zip's SHA-256, the readers that differed and the recipe; what a
mutation does may not change under them, or they are other zips: then the digests say so.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.zip_bases import bases
from tests.fakes.zip_mutations import Recipe

FILE = Path(__file__).with_name("zip_kept.txt")


@dataclass(frozen=True, slots=True)
class Kept:
    """A zip that was found."""

    digest: str
    readers: tuple[str, ...]
    recipe: Recipe

    def made(self) -> bytes:
        """The bytes of the zip."""
        return self.recipe.made(bases())

    def line(self) -> str:
        """As it is kept."""
        return f"{self.digest} {','.join(self.readers)} {self.recipe}"


def kept() -> Iterator[Kept]:
    """All of them."""
    for line in FILE.read_text().splitlines():
        digest, readers, recipe = line.split(" ", 2)
        yield Kept(digest, tuple(readers.split(",")), Recipe.read(recipe))


def digest_of(data: bytes) -> str:
    """What a line begins with."""
    return hashlib.sha256(data).hexdigest()[:8]
