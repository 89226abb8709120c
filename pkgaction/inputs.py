"""The Action's inputs, and the command line's options of the same names, as one frozen value.

Text becomes a type here, once. All problems of a run are collected and reported together.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pkgaction.input_reader import Reader, did_you_mean, is_given
from pkgaction.model.event import Mode
from pkgaction.model.globs import PackageGlobs
from pkgaction.model.outcome import Problem
from pkgaction.model.owners import Owners
from pkgaction.model.secret import Secret

# name → default; action.yml, this table, the README and the command line are compared by a test
DEFAULTS: Mapping[str, str] = {
    "bucket": "",
    "index-bucket": "",
    "keep-index-days": "",
    "queue-bucket": "",
    "trusted-keys": "",
    "owners": "",
    "public-url": "",
    "packages": "packages/*",
    "allow-empty": "false",
    "workload-identity-provider": "",
    "service-account": "",
    "gpg-private-key": "",
    "gpg-passphrase": "",
    "gpg-fingerprint": "",
    "github-token": "",
    "branches": "",
    "mode": "auto",
    "package": "",
    "version": "",
    "ref": "",
    "dry-run": "false",
    "comment": "true",
    "reports": "",
    "jobs": "",
    "package-spec": "",
    "ecs-url": "https://raw.githubusercontent.com/elastic/ecs",
    "registry-url": "https://epr.elastic.co",
    "elastic-package-url": "https://raw.githubusercontent.com/elastic/elastic-package/"
    "6371beeef0558dca8fe3ac2a1267677aafa79688",
    "registry-public-keys": "",
    "readme-phrases": "",
}
BUCKETS = ("bucket", "index-bucket", "queue-bucket")

_PROVIDER = re.compile(
    r"projects/[0-9]+/locations/global/workloadIdentityPools/[a-z0-9-]+/providers/[a-z0-9-]+"
)
_PROVIDER_FORM = "projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER"
_ACCOUNT = re.compile(r"[A-Za-z0-9._-]+@[A-Za-z0-9.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the user asked for. Names as in action.yml, dashes as underscores."""

    bucket: str = ""  # URL
    index_bucket: str = ""  # URL; empty: no index is kept
    queue_bucket: str = ""  # URL; what mode accept looks at
    trusted_keys: Secret = field(default=Secret(""))  # armored public keys; no secret, but key material
    owners: Owners = field(default=Owners({}))
    keep_index_days: int = 0  # 0: every generation of the index is kept
    public_url: str = ""  # without a slash at the end
    packages: tuple[str, ...] = ("packages/*",)  # globs
    allow_empty: bool = False
    workload_identity_provider: str = ""  # full resource name; empty: Application Default Credentials
    service_account: str = ""  # e-mail address; empty: none is impersonated
    gpg_private_key: Secret = field(default=Secret(""))
    gpg_passphrase: Secret = field(default=Secret(""))
    gpg_fingerprint: str = ""  # 40 upper-case hex digits
    github_token: Secret = field(default=Secret(""))
    branches: tuple[str, ...] = ()  # globs; empty: the default branch
    mode: Mode = Mode.AUTO
    package: tuple[str, ...] = ()  # names
    version: str = ""
    ref: str = ""
    dry_run: bool = False
    comment: bool = True
    reports: tuple[str, ...] = ()  # globs, relative to the workspace
    jobs: int = 1
    ecs_url: str = DEFAULTS["ecs-url"]  # without a slash at the end, as the next two
    registry_url: str = DEFAULTS["registry-url"]
    elastic_package_url: str = DEFAULTS["elastic-package-url"]
    registry_public_keys: str = ""  # armored; or `unsigned`; empty: no package is taken
    readme_phrases: str = ""  # path of a YAML file; empty: our own
    package_spec: str = ""  # an address, a folder, or `none`; empty: the pinned release

    @property
    def buckets(self) -> dict[str, str]:
        """The addresses of buckets by the inputs' names."""
        return dict(zip(BUCKETS, (self.bucket, self.index_bucket, self.queue_bucket), strict=True))

    @property
    def package_globs(self) -> PackageGlobs:
        """Which folders are looked at for packages."""
        return PackageGlobs(patterns=self.packages, allow_empty=self.allow_empty)

    @classmethod
    def parse(cls, given: Mapping[str, str], *, bucket_required: bool) -> tuple[Self, list[Problem]]:
        """Read inputs by name; an empty text is as good as none.

        Returns:
            The value, with defaults where something is wrong, and all that is wrong.
        """
        reader = Reader(given, DEFAULTS)
        bucket, index, queue = (reader.bucket(name) for name in BUCKETS)
        reader.apart(dict(zip(BUCKETS, (bucket, index, queue), strict=True)))
        if bucket_required and not reader.text("bucket"):
            reader.wrong("bucket", "no bucket is given", "set it to gs://NAME or file:///folder")
        value = cls(
            bucket=bucket,
            index_bucket=index,
            queue_bucket=queue,
            trusted_keys=Secret(reader.text("trusted-keys")),
            owners=reader.owners(),
            keep_index_days=reader.days("keep-index-days"),
            public_url=reader.public_url(bucket),
            packages=reader.lines("packages"),
            allow_empty=reader.boolean("allow-empty"),
            workload_identity_provider=reader.matching(
                "workload-identity-provider", _PROVIDER, _PROVIDER_FORM
            ),
            service_account=reader.matching(
                "service-account", _ACCOUNT, "NAME@PROJECT.iam.gserviceaccount.com"
            ),
            gpg_private_key=Secret(reader.text("gpg-private-key")),
            gpg_passphrase=Secret(reader.passphrase()),
            gpg_fingerprint=reader.fingerprint(),
            github_token=Secret(reader.text("github-token")),
            branches=reader.branches(),
            mode=reader.mode(),
            package=tuple(reader.text("package").split()),  # a form has one line: blanks will do
            version=reader.text("version"),
            ref=reader.text("ref"),
            dry_run=reader.boolean("dry-run"),
            comment=reader.boolean("comment"),
            reports=reader.reports(),
            jobs=reader.jobs(),
            ecs_url=reader.source("ecs-url"),
            registry_url=reader.source("registry-url"),
            elastic_package_url=reader.source("elastic-package-url"),
            registry_public_keys=reader.keys("registry-public-keys"),
            readme_phrases=reader.text("readme-phrases"),
            package_spec=reader.package_spec(),
        )
        return value, reader.problems


def from_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs as the runner passes them: `INPUT_` + the name in capitals, dashes kept.

    Source: https://docs.github.com/actions/reference/workflows-and-actions/metadata-syntax#inputs
    """
    found = {name: environ.get(f"INPUT_{name.upper()}", "") for name in DEFAULTS}
    return {name: text for name, text in found.items() if is_given(name, text)}


def misspelt(environ: Mapping[str, str]) -> list[Problem]:
    """Inputs the Action does not have: the runner only warns of them, far up in the log."""
    names = [key[6:].lower() for key in environ if key.startswith("INPUT_")]
    return [
        Problem(
            what="there is no such input",
            where=f"input {name}",
            fix=did_you_mean(name, list(DEFAULTS)),
            exit_status=2,
        )
        for name in sorted(set(names) - set(DEFAULTS))
    ]
