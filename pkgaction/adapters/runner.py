"""The runner's side of the contract: its environment, its files and its workflow commands.

Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
GITHUB_ENV and GITHUB_PATH are never written.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from pkgaction.errors import UsageError
from pkgaction.model.json import Json, JsonObject
from pkgaction.model.secret import Secret
from pkgaction.report import escape
from pkgaction.report.annotations import Annotation

_LARGEST_EVENT = 64 * 1024 * 1024  # bytes
_SHORTEST_LINE = 4  # characters; masking shorter ones would mask half of the log


@dataclass(frozen=True, slots=True)
class Runner:
    """A job's step on a runner."""

    environ: Mapping[str, str]
    out: TextIO

    def get(self, name: str) -> str:
        """A variable of the environment; empty where it is not set."""
        return self.environ.get(name, "")

    @property
    def workspace(self) -> Path:
        """Where the repository is checked out."""
        return Path(self.get("GITHUB_WORKSPACE") or ".")

    @property
    def run_url(self) -> str:
        """Address of this run; empty outside of one."""
        run = self.get("GITHUB_RUN_ID")
        where = f"{self.get('GITHUB_SERVER_URL')}/{self.get('GITHUB_REPOSITORY')}"
        return f"{where}/actions/runs/{run}" if run else ""

    def event(self) -> JsonObject:
        """The event's payload.

        Raises:
            UsageError: there is no event file, or it holds no JSON object.
        """
        path, fix = self.get("GITHUB_EVENT_PATH"), "start pkgaction as a step of a workflow"
        where = "GITHUB_EVENT_PATH"
        if not path:
            raise UsageError(what="it is not set", where=where, fix=fix)
        try:
            with Path(path).open("rb") as stream:
                payload: Json = json.loads(stream.read(_LARGEST_EVENT))
        except OSError as error:
            what = f"the event file {path} can't be read: {error.strerror}"
            raise UsageError(what=what, where=where, fix=fix) from error
        except (ValueError, RecursionError) as error:
            what = f"the event file {path} is no JSON: {error}"
            raise UsageError(what=what, where=where, fix=fix) from error
        if not isinstance(payload, Mapping):
            raise UsageError(what="the event is no JSON object", where=where, fix=fix)
        return payload

    def mask(self, secret: Secret) -> None:
        """Have the runner replace a secret in all that is printed from now on: the text, each of its
        longer lines, and its base64.
        """
        text = secret.reveal()
        if not text:
            return
        encoded = base64.b64encode(text.encode()).decode()
        for line in dict.fromkeys([*text.splitlines(), encoded]):
            if len(line.strip()) >= _SHORTEST_LINE:
                self._print(f"::add-mask::{escape.command_data(line)}")

    def annotate(self, annotation: Annotation) -> None:
        """Show a message on GitHub's pages."""
        properties = {
            "file": annotation.file,
            "line": str(annotation.line or ""),
            "col": str(annotation.column or ""),
        }
        given = ",".join(f"{k}={escape.command_property(v)}" for k, v in properties.items() if v)
        head = f"::{annotation.level} {given}".rstrip()
        message = annotation.message.replace("##[", "## [")
        self._print(f"{head}::{escape.command_data(message)}")

    def output(self, outputs: Mapping[str, str]) -> None:
        """Set the step's outputs."""
        if path := self.get("GITHUB_OUTPUT"):
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                for name, value in outputs.items():
                    end = f"end-{secrets.token_hex(16)}"
                    file.write(f"{name}<<{end}\n{value}\n{end}\n")

    def summary(self, text: str) -> None:
        """Add to the job's summary."""
        if path := self.get("GITHUB_STEP_SUMMARY"):
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)

    def _print(self, line: str) -> None:
        print(line, file=self.out, flush=True)
