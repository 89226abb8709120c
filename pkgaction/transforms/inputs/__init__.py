"""Required input packages: an integration that is composed of them gets what it takes from each.

Templates, variables and fields are copied in, then the references to packages become types of inputs.
"""

from pkgaction.transforms.inputs.compose import required, with_input_packages
from pkgaction.transforms.inputs.of_run import SourcesOfRun
from pkgaction.transforms.inputs.zipped import files_of

__all__ = ["SourcesOfRun", "files_of", "required", "with_input_packages"]
