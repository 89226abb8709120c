"""An invented package of each type that all official rules accept, and what a rule finds in variants."""

import json
from collections.abc import Mapping

from pkgaction.model.finding import Finding
from pkgaction.model.json import Json
from pkgaction.rules.package import Mode, Package
from pkgaction.rules.rule import check
from pkgaction.rules.semantic.registry import RULES
from tests.unit.trees import Around, source

Files = Mapping[str, str | bytes | None]  # None takes a file away

MANIFEST = """\
format_version: 3.6.6
name: kelp
title: Kelp beds
version: 1.2.0
type: integration
categories: [observability, security]
conditions:
  kibana:
    version: ^8.10.0
  elastic:
    capabilities: [security]
vars:
  - name: region
    type: text
policy_templates:
  - name: beds
    title: Beds
    data_streams: [bed]
    inputs:
      - type: logfile
        title: Beds by file
        vars:
          - name: shore
            type: text
"""
STREAM = """\
title: Beds
type: logs
dataset: kelp.bed
categories: [siem]
streams:
  - input: logfile
    title: Bed logs
    vars:
      - name: depth
        type: text
"""
FIELDS = """\
- name: data_stream.type
  type: constant_keyword
- name: data_stream.dataset
  type: constant_keyword
- name: data_stream.namespace
  type: constant_keyword
- name: '@timestamp'
  type: date
- name: kelp
  type: group
  fields:
    - name: height
      type: long
"""
PIPELINE = """\
---
processors:
  - set:
      tag: set_height
      field: kelp.height
      value: 3
on_failure:
  - set:
      field: event.kind
      value: pipeline_error
  - append:
      field: error.message
      value: >-
        {{{ _ingest.on_failure_processor_type }}} {{{ _ingest.on_failure_processor_tag }}}
        {{{ _ingest.on_failure_message }}} {{{ _ingest.pipeline }}}
"""
DASHBOARD: Mapping[str, Json] = {
    "id": "kelp-1",
    "type": "dashboard",
    "references": [],
    "attributes": {
        "title": "Kelp",
        "panelsJSON": "[]",
        "kibanaSavedObjectMeta": {"searchSourceJSON": json.dumps({"filter": [{"query": {}}]})},
    },
}
CHANGELOG = """\
- version: 1.2.0
  changes:
    - description: Faster.
      type: enhancement
      link: https://github.com/deepwater/packages/pull/3
- version: 1.1.0
  changes:
    - description: First.
      type: enhancement
      link: https://example.org/kelp
"""
INTEGRATION: Mapping[str, str | bytes] = {
    "manifest.yml": MANIFEST,
    "changelog.yml": CHANGELOG,
    "docs/README.md": "# Kelp\n",
    "data_stream/bed/manifest.yml": STREAM,
    "data_stream/bed/fields/base.yml": FIELDS,
    "data_stream/bed/agent/stream/stream.yml.hbs": "paths:\n{{#each paths}}\n  - {{this}}\n{{/each}}\n",
    "data_stream/bed/elasticsearch/ingest_pipeline/default.yml": PIPELINE,
    "kibana/dashboard/kelp-1.json": json.dumps(DASHBOARD),
}
INPUT: Mapping[str, str | bytes] = {
    "manifest.yml": """\
format_version: 3.6.6
name: kelp
version: 1.2.0
type: input
conditions:
  kibana.version: ^8.8.0
policy_templates:
  - name: beds
    type: logs
    input: logfile
    template_path: input.yml.hbs
    vars:
      - name: paths
        type: text
""",
    "changelog.yml": CHANGELOG,
    "fields/base.yml": FIELDS,
    "agent/input/input.yml.hbs": "paths: {{paths}}\n",
}
CONTENT: Mapping[str, str | bytes] = {
    "manifest.yml": "format_version: 3.6.6\nname: kelp\nversion: 1.2.0\ntype: content\n",
    "changelog.yml": CHANGELOG,
    "kibana/dashboard/kelp-1.json": json.dumps(DASHBOARD),
}
Place = tuple[str, int, str]  # file, line, official code


def package(
    files: Files,
    base: Mapping[str, str | bytes] = INTEGRATION,
    mode: Mode = Mode.SOURCE,
    repository: Around | None = None,
) -> Package:
    """The package of these files above those of a base."""
    every = {path: data for path, data in {**base, **files}.items() if data is not None}
    return Package(source(every, repository), mode)


def findings(rule: str, found: Package) -> list[Finding]:
    """What one rule finds, if it holds for the package at all."""
    (one,) = [each for each in RULES if each.id == rule]
    return list(check([one], found))


def places(rule: str, found: Package) -> list[Place]:
    """The same, as file, line and official code; and what can't be read, which no rule tells of."""
    told = findings(rule, found)
    return [(f.file, f.line, f.official) for f in (*told, *found.unreadable())]


def swap(text: str, *pairs: tuple[str, str]) -> str:
    """The text with parts replaced, each of which must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def at_format(version: str, text: str = MANIFEST) -> str:
    """The manifest in another format_version."""
    return swap(text, ("3.6.6", version))


def template(text: str) -> dict[str, str]:
    """The manifest with more in its policy template, from line 19 on."""
    return {
        "manifest.yml": swap(MANIFEST, ("    data_streams: [bed]\n", f"    data_streams: [bed]\n{text}"))
    }


def input_(text: str) -> dict[str, str]:
    """The manifest with more in its input, from line 22 on."""
    return {
        "manifest.yml": swap(
            MANIFEST, ("        title: Beds by file\n", f"        title: Beds by file\n{text}")
        )
    }


def root(text: str) -> dict[str, str]:
    """The manifest with more at its top, from line 6 on."""
    return {"manifest.yml": swap(MANIFEST, ("categories:", f"{text}categories:"))}


def stream(text: str, manifest: str = STREAM) -> dict[str, str]:
    """The data stream's manifest with more in its stream, from line 8 on."""
    return {
        "data_stream/bed/manifest.yml": swap(
            manifest, ("    title: Bed logs\n", f"    title: Bed logs\n{text}")
        )
    }
