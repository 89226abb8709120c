"""An input package, and integrations that are composed of it."""

_OWNER = "owner:\n  github: deepwater/trench\n  type: community\n"
_SOUNDER = f"""\
format_version: 3.5.0
name: sounder
title: Sounder
version: VERSION
description: Listens to echo sounders.
type: input
categories:
  - custom
conditions:
  kibana:
    version: ^8.16.0
policy_templates:
  - name: echoes
    type: logs
    title: Echoes
    description: Collect echoes.
    input: udp
    template_path: input.yml.hbs
    vars:
      - name: port
        type: integer
        title: Port
        required: true
        show_user: true
{_OWNER}"""
_INTEGRATION = f"""\
format_version: 3.6.0
name: NAME
title: Depths
version: 1.0.0
description: Maps the depths.
type: integration
categories:
  - custom
conditions:
  kibana:
    version: ^8.16.0
policy_templates:
  - name: depths
    title: Depths
    description: Collect depths.
    inputs:
      - package: REQUIRED
        title: Depths
        description: Collect depths.
requires:
  input:
    - package: REQUIRED
      version: VERSION
{_OWNER}"""
_STREAM = (
    "title: Depths\ntype: logs\nstreams:\n  - package: REQUIRED\n    title: D\n    description: D.\n"
)
_CHANGELOG = """\
- version: VERSION
  changes:
    - description: First depths.
      type: enhancement
      link: https://github.com/deepwater/packages/pull/7
"""
_FIELDS = """\
- name: data_stream.type
  type: constant_keyword
  description: Logs.
- name: data_stream.dataset
  type: constant_keyword
  description: What is logged.
- name: data_stream.namespace
  type: constant_keyword
  description: Where.
- name: '@timestamp'
  type: date
  description: When.
"""


def input_package(version: str = "0.3.0", template: str = "port: {{port}}\n") -> dict[str, str]:
    """The files of the package `sounder`."""
    return {
        **_common("sounder", version),
        "manifest.yml": _SOUNDER.replace("VERSION", version),
        "fields/base-fields.yml": _FIELDS,
        "agent/input/input.yml.hbs": template,
    }


def integration(
    name: str, required: str = "sounder", version: str = "0.3.0", stream: str = "bottom"
) -> dict[str, str]:
    """The files of an integration of that name, version 1.0.0, that requires another package."""
    manifest = _INTEGRATION.replace("NAME", name)
    return {
        **_common(name, "1.0.0"),
        "manifest.yml": manifest.replace("REQUIRED", required).replace("VERSION", version),
        f"data_stream/{stream}/manifest.yml": _STREAM.replace("REQUIRED", required),
        f"data_stream/{stream}/fields/base-fields.yml": _FIELDS,
    }


def changelog(version: str) -> str:
    """A changelog whose newest entry is for this version."""
    return _CHANGELOG.replace("VERSION", version)


def _common(name: str, version: str) -> dict[str, str]:
    return {"changelog.yml": changelog(version), "docs/README.md": f"# {name}\n"}
