"""Changes to the records of a good zip: what a hostile writer, or a careless one, would do."""

from tests.fakes.zip_mutations import data, ends, extras, headers, names, order
from tests.fakes.zip_mutations.table import KINDS, Recipe

__all__ = ["KINDS", "Recipe", "data", "ends", "extras", "headers", "names", "order"]
