"""What a registry that reads zips from a folder asks of one, beyond a readable entry.

Such a registry (one that runs without a storage's index) checks each zip when it starts, unless that is
turned off, and does not start with one that it refuses. So no such zip is published.
Source of all checks: elastic/package-registry 1.39, packages/ (NewPackage, Validate), and
elastic/go-ucfg and go-yaml v2, with which it reads manifests.
"""

from collections.abc import Iterator, Sequence

from pkgaction.entry.checks import data_streams, fields, manifests, pipelines
from pkgaction.entry.checks.check import Check
from pkgaction.entry.package import Package
from pkgaction.entry.problem import EntryProblemError

CHECKS: Sequence[Check] = (
    manifests.keys_are_texts,
    manifests.yaml_is_gos,
    manifests.reserved_keys,
    manifests.name_is_not_a_version,
    manifests.folders_have_no_dash,
    manifests.images_exist,
    manifests.template_documents_are_files,
    manifests.inputs_are_of_one_kind,
    manifests.requirements_are_whole,
    data_streams.type_is_known,
    data_streams.dataset_is_an_index,
    data_streams.folder_is_not_a_pattern,
    data_streams.manifests_are_files,
    data_streams.streams_are_of_one_kind,
    pipelines.named_pipeline_exists,
    pipelines.pipelines_are_files,
    pipelines.pipelines_are_objects,
    fields.base_fields_exist,
)


def problems(package: Package) -> Iterator[EntryProblemError]:
    """All that such a registry refuses; a check that cannot go on says why."""
    for check in CHECKS:
        try:
            yield from check(package)
        except EntryProblemError as error:
            yield error
