"""A package as the rules see it: its files, and its YAML read once."""

from dataclasses import dataclass, field

from pkgaction.model import yamltext
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.tree import Kind, PackageSource, Tree


@dataclass(slots=True)
class Package:
    """A package under validation."""

    source: PackageSource
    _documents: dict[str, yamltext.Mapping | yamltext.Node | yamltext.YamlProblemError | None] = field(
        default_factory=dict, repr=False
    )

    @property
    def tree(self) -> Tree:
        """Its files."""
        return self.source.tree

    def yaml(self, path: str) -> yamltext.Node | None:
        """A YAML file's document; None where the file is missing, empty or can't be read."""
        found = self._read(path)
        return None if isinstance(found, yamltext.YamlProblemError) else found

    def yaml_problem(self, path: str) -> yamltext.YamlProblemError | None:
        """Why a YAML file that is there can't be read."""
        found = self._read(path)
        return found if isinstance(found, yamltext.YamlProblemError) else None

    def manifest(self) -> yamltext.Mapping:
        """The manifest; empty where it is missing or can't be read (which is a finding of its own)."""
        found = self.yaml("manifest.yml")
        return found if isinstance(found, yamltext.Mapping) else yamltext.Mapping({}, {}, 1)

    def _read(self, path: str) -> yamltext.Node | yamltext.YamlProblemError | None:
        if path not in self._documents:
            try:
                self._documents[path] = yamltext.load(self._bytes(path))
            except yamltext.YamlProblemError as error:
                self._documents[path] = error
        return self._documents[path]

    def _bytes(self, path: str) -> bytes:
        """The file's bytes; none where there is no plain file, which is a finding of its own."""
        data = self.tree.read(path, limit=yamltext.MOST_BYTES)
        file = self.tree.get(path)
        if data is None and file and file.kind is Kind.FILE:
            message = (
                f"the file has {file.content.size} bytes, a YAML file may have {yamltext.MOST_BYTES}"
            )
            raise yamltext.YamlProblemError(message)
        return data or b""


def shown(path: str) -> str:
    """A path for people: what is no printable text is escaped."""
    return path if path.isprintable() else path.encode("unicode_escape").decode()


def finding(
    code: str,
    file: str,
    message: str,
    at: yamltext.Node | None = None,
    severity: Severity = Severity.ERROR,
) -> Finding:
    """A finding at a place in a file."""
    line = at.line if at else 0
    column = at.column if isinstance(at, yamltext.Scalar) else 0
    return Finding(
        code=code, file=shown(file), message=message, line=line, column=column, severity=severity
    )
