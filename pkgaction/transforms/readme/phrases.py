"""The fixed wording of rendered documents: ours, and how another one takes its place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from pkgaction.model import yamltext

_OURS: Mapping[str, str] = {
    "generated_header": "<!-- Rendered from a template below _dev/build/docs. -->\n"
    "<!-- Change the template: what is changed here gets lost. -->",
    "sample_event": "This is a sample event:\n\n",
    "sample_event_of": "This is a sample event of `{data_stream}`:\n\n",
    "exported_fields": "**Fields**\n\n",
    "no_fields": "There are no fields.\n",
    "multi_field": "The same as `{name}`, indexed in another way.",
    "ilm_title": "\n### Lifecycle policies of the data streams\n",
    "ilm_policy": "\n#### Policy of {data_stream}\n",
    "transforms_title": "\n### Transforms\n",
    "input_docs": "The data comes in through these inputs:\n",
    "alert_rules": "This package has templates for alerting rules in Kibana, which need version 9.2.0"
    " or newer.\n[How to use them]({link})\n\n",
    "alert_rules_list": "The templates:\n\n",
    "alert_rules_table": "**The templates**\n\n",
    "alert_rules_summary": "Templates for alerting rules",
    "slos": "This package has templates for service level objectives in Kibana, which need"
    " version 9.4.0 or newer.\n[How to use them]({link})\n\n",
    "slos_table": "**The templates**\n\n",
    "slos_summary": "Templates for service level objectives",
    "docs_start": "https://www.elastic.co/docs",
}


class PhrasesProblemError(ValueError):
    """The file is none of phrases. The line counts from 1; 0 is unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Phrases:
    """Texts by name, with marks such as `{name}` that are filled in."""

    texts: Mapping[str, str]

    @classmethod
    def ours(cls) -> Self:
        """The project's own wording."""
        return cls(_OURS)

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Ours, with the texts of a YAML file in their place.

        Raises:
            PhrasesProblemError: it is no map of texts, or has a name that ours have not.
        """
        try:
            top = yamltext.load_mapping(data, only=True)
        except yamltext.YamlProblemError as error:
            raise PhrasesProblemError(error.message, error.line) from error
        found = dict(_OURS)
        for name, value in top.entries.items():
            if name not in _OURS or not isinstance(value, yamltext.Scalar):
                message = f"{name[:80]!r} is none of the texts {', '.join(_OURS)}"
                raise PhrasesProblemError(message, top.keys[name].line)
            found[name] = value.text
        return cls(found)

    def say(self, phrase: str, /, **marks: str) -> str:
        """A text with its marks filled in."""
        text = self.texts[phrase]
        for mark, value in marks.items():
            text = text.replace(f"{{{mark}}}", value)
        return text
