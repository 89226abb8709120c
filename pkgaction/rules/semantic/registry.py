"""The official semantic rules, one row each, grouped by what they are about."""

from collections.abc import Callable, Iterator, Sequence

from pkgaction.model.finding import Finding
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.rule import EVERY_MODE, EVERY_TYPE, Rule
from pkgaction.rules.semantic import (
    changelog,
    dashboards,
    datastreams,
    docs,
    fields,
    inputs,
    kibana,
    pipelines,
    requires,
    templates,
    vargroups,
    variables,
    versions,
)

_SOURCE = "https://github.com/elastic/package-spec/tree/v3.6.6/code/go/internal/validator/semantic"
_INTEGRATION = frozenset({"integration"})
_INPUT = frozenset({"input"})
_WITH_DATA = frozenset({"integration", "input"})
_WITH_KIBANA = frozenset({"integration", "content"})
_NOT_BUILT = frozenset({Mode.LEGACY, Mode.SOURCE})
_NOT_SOURCE = frozenset({Mode.LEGACY, Mode.BUILD})
_BUILT = frozenset({Mode.BUILD})

_Check = Callable[[Package], Iterator[Finding]]


def _rule(
    id_: str,
    check: _Check,
    source: str,
    *,
    code: str = "",
    since: str = "",
    types: frozenset[str] = EVERY_TYPE,
    modes: frozenset[Mode] = EVERY_MODE,
) -> Rule:
    """A rule whose reason is the first paragraph of its function's text."""
    return Rule(
        id=id_,
        check=check,
        why=" ".join((check.__doc__ or "").split("\n\n")[0].split()),
        source=f"{_SOURCE}/{source}.go" if source else _SOURCE,
        code=code,
        since=since,
        types=types,
        modes=modes,
    )


RULES: Sequence[Rule] = (
    # the package and its versions
    _rule("version-integrity", changelog.integrity, "validate_version_integrity"),
    _rule("changelog-links", changelog.links, "validate_changelog_links"),
    _rule("prerelease", versions.prerelease, "validate_prerelease"),
    _rule("minimum-kibana", versions.minimum_kibana, "validate_minimum_kibana_version"),
    _rule("agent-version", versions.agent, "validate_agent_version"),
    _rule("profiles-preview", versions.profiles, "validate_profiles_nonga", types=_INTEGRATION),
    _rule("docs-structure", docs.structure, "validate_docs_structure"),
    # fields
    _rule("field-groups", fields.groups, "validate_field_groups"),
    _rule("fields-limit", fields.limit, "validate_fields_limits", types=_WITH_DATA),
    _rule("unique-fields", fields.unique, "validate_unique_fields", since="2.0.0", types=_WITH_DATA),
    _rule("dimension-types", fields.dimension_types, "validate_dimensions", types=_WITH_DATA),
    _rule(
        "dimensions-present",
        fields.dimensions_present,
        "validate_dimensions_present",
        since="3.0.1",
        types=_INTEGRATION,
    ),
    _rule("date-formats", fields.date_formats, "validate_date", types=_WITH_DATA),
    _rule("required-fields", fields.required, "validate_required_fields", types=_WITH_DATA),
    _rule(
        "external-sources",
        fields.external_sources,
        "validate_external_fields_with_dev_folder",
        types=_WITH_DATA,
        modes=_NOT_BUILT,
    ),
    _rule("no-external-fields", fields.no_external, "validate_no_external_fields", modes=_BUILT),
    _rule(
        "no-embedded-templates",
        fields.embedded_templates,
        "validate_no_embedded_ecs",
        types=_INTEGRATION,
        modes=frozenset({Mode.SOURCE}),
    ),
    # saved objects of Kibana
    _rule("kibana-ids", kibana.ids, "validate_kibana_matching_object_ids", types=_WITH_KIBANA),
    _rule("dangling-ids", kibana.dangling, "validate_kibana_no_dangling_object_ids", since="3.0.0"),
    _rule(
        "visualizations-by-value",
        kibana.by_value,
        "validate_visualizations_used_by_value",
        types=_WITH_KIBANA,
    ),
    _rule(
        "security-capability",
        kibana.security_capability,
        "validate_capabilities_required",
        since="2.10.0",
    ),
    _rule("tag-duplicates", kibana.tag_duplicates, "validate_kibana_tag_duplicates"),
    _rule("dashboard-filters", dashboards.filters, "validate_kibana_filter_present", since="3.0.0"),
    _rule(
        "legacy-visualizations",
        dashboards.legacy,
        "validate_kibana_no_legacy_visualizations",
        since="3.0.0",
        types=_WITH_KIBANA,
    ),
    # data streams and categories
    _rule(
        "lifecycle-policy",
        datastreams.lifecycle_policy,
        "validate_ilmpolicypresent",
        since="2.0.0",
        types=_INTEGRATION,
    ),
    _rule(
        "routing-dataset",
        datastreams.routing,
        "validate_routing_rules_and_dataset",
        since="2.9.0",
        types=_INTEGRATION,
    ),
    _rule("template-categories", datastreams.template_categories, "", types=_INTEGRATION),
    _rule(
        "data-stream-categories",
        datastreams.categories,
        "validate_datastream_package_categories",
        types=_INTEGRATION,
    ),
    # ingest pipelines
    _rule("pipeline-tags", pipelines.tags, "validate_pipeline_tags", since="3.6.0", types=_INTEGRATION),
    _rule(
        "pipeline-on-failure",
        pipelines.failure_handlers,
        "validate_pipeline_on_failure",
        since="3.6.0",
        types=_INTEGRATION,
    ),
    # agent templates
    _rule(
        "input-templates",
        templates.of_input_package,
        "validate_input_policy_template_path",
        types=_INPUT,
    ),
    _rule(
        "integration-templates",
        templates.of_integration,
        "validate_integration_policy_template_path",
        types=_INTEGRATION,
    ),
    _rule("handlebars", templates.handlebars_syntax, "validate_hbs_templates", types=_WITH_DATA),
    # variables
    _rule("sections", variables.sections, "validate_sections"),
    _rule("durations", variables.duration_limits, "validate_duration_variables", since="3.5.0"),
    _rule(
        "dynamic-signal-types",
        variables.dynamic_signals,
        "validate_input_dynamic_signal_types",
        since="3.6.0",
    ),
    _rule(
        "fleet-variables",
        variables.reserved,
        "validate_fleet_reserved_vars",
        since="3.6.1",
        types=_WITH_DATA,
    ),
    _rule("required-variables", vargroups.required_vars, ""),
    _rule("variable-groups", vargroups.groups, "validate_var_groups", since="3.6.0"),
    _rule("replaced-by", vargroups.replacements, "validate_deprecated_replaced_by", since="3.6.0"),
    # policy templates, inputs and required packages
    _rule("deployment-modes", inputs.deployment_modes, "validate_deployment_modes", types=_INTEGRATION),
    _rule(
        "inputs-deprecated",
        inputs.all_deprecated,
        "validate_integration_inputs_deprecated",
        since="3.6.0",
        types=_INTEGRATION,
    ),
    _rule(
        "input-names",
        inputs.names,
        "validate_integration_input_qualifier",
        code="SVR00010",
        since="3.6.0",
        types=_INTEGRATION,
        modes=_NOT_SOURCE,
    ),
    _rule("bundled-inputs", inputs.bundled, "", types=_INTEGRATION, modes=_BUILT),
    _rule(
        "package-references",
        requires.references,
        "validate_package_references",
        since="3.6.0",
        types=_INTEGRATION,
    ),
    _rule(
        "test-requires",
        requires.of_tests,
        "validate_test_package_requirements",
        since="3.6.0",
        types=_INTEGRATION,
        modes=_NOT_BUILT,
    ),
)
