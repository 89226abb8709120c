"""Large invented indexes: as many entries as the largest public registry, of the same size."""

import json
import random
from collections.abc import Iterator

from pkgaction.model.json import Json, JsonObject

_VERSIONS = 8  # of one package: more would pack better than what is published
_CONSONANTS, _VOWELS = "bcdfglmnprst", "aeiou"


def plain(entries: int, seed: int = 1) -> Iterator[bytes]:
    """A list of so many entries, as it is stored plainly; about 5.5 kB each."""
    chance = random.Random(seed)  # noqa: S311 - the same list each time
    pattern = ""
    yield b'{"packages":['
    for number in range(entries):
        name, version = f"pack_{number // _VERSIONS:04}", f"1.{number % _VERSIONS}.0"
        if not number % _VERSIONS:
            pattern = json.dumps(entry(name, "0.0.0", chance), separators=(",", ":"))
        text = pattern.replace("0.0.0", version)
        yield b'%b{"package_manifest":%b}' % (b"," if number else b"", text.encode())
    yield b"]}"


def entry(name: str, version: str, chance: random.Random) -> JsonObject:
    """An entry like those of integrations with three data streams."""
    words = ["".join(chance.choices(_CONSONANTS + _VOWELS, k=chance.randint(3, 9))) for _ in range(90)]
    base, streams = f"/package/{name}/{version}", ("audit", "log", "metrics")
    files = (
        *("agent/stream/stream.yml.hbs", "elasticsearch/ingest_pipeline/default.yml", "manifest.yml"),
        *("fields/base-fields.yml", "fields/ecs.yml", "fields/fields.yml"),
    )

    def some(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    def variable(number: int) -> Json:
        return {
            "name": f"{chance.choice(words)}_{number}", "type": "text", "title": some(2),
            "description": some(9), "multi": False, "required": True, "show_user": True,
            "default": some(1),
        }  # fmt: skip

    def stream(folder: str) -> Json:
        return {
            "type": "logs", "dataset": f"{name}.{folder}", "title": some(3), "release": "ga",
            "streams": [{
                "input": "logfile", "vars": [variable(n) for n in range(3)], "title": some(3),
                "template_path": "stream.yml.hbs", "description": some(6), "enabled": True,
            }],
            "package": name, "path": folder,
        }  # fmt: skip

    return {
        "name": name, "title": some(2), "version": version, "release": "ga",
        "description": some(12), "type": "integration",
        "download": f"/epr/{name}/{name}-{version}.zip", "path": base,
        "conditions": {"kibana": {"version": "^8.13.0 || ^9.0.0"}, "elastic": {"subscription": "basic"}},
        "owner": {"type": "community", "github": "deepwater"}, "categories": ["security"],
        "signature_path": f"/epr/{name}/{name}-{version}.zip.sig", "format_version": "3.0.2",
        "readme": f"{base}/docs/README.md", "license": "basic",
        "assets": [f"{base}/data_stream/{folder}/{file}" for folder in streams for file in files]
        + [f"{base}/kibana/dashboard/{name}-{chance.getrandbits(64):x}.json" for _ in range(6)],
        "policy_templates": [{
            "name": name, "title": some(2), "description": some(6), "multiple": True,
            "inputs": [{"type": "logfile", "vars": [variable(n) for n in range(3)], "title": some(3)}],
        }],
        "data_streams": [stream(folder) for folder in streams],
    }  # fmt: skip
