"""Why a login fails: a table of causes, each with what it is and what to do about it.

The first row that fits counts. Words in braces are facts of the failure, see `login_errors`.
Sources: https://cloud.google.com/iam/docs/troubleshooting-workload-identity-federation and
https://github.com/google-github-actions/auth/blob/main/docs/TROUBLESHOOTING.md.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_PROVIDER = "input workload-identity-provider"
_ACCOUNT = "input service-account"
_PERMISSIONS = "the job's permissions"
_AGAIN = "run the job again: it resumes"
_SPREAD = "changes take up to five minutes to spread"
_DESCRIBE = (
    "gcloud iam workload-identity-pools providers describe {name} --workload-identity-pool={pool}"
)
_GRANT = "gcloud iam service-accounts add-iam-policy-binding {account}"


class Step(StrEnum):
    """How far a login came."""

    VARIABLES = "the runner's variables"
    ID_TOKEN = "GitHub's ID token"  # noqa: S105 - no password, a name
    STS = "the token exchange"
    IAM = "the impersonation"
    FILE = "the credentials file"
    DEFAULT = "the default credentials"
    OTHER = "the login"


class RefusedError(Exception):
    """A step of the login failed. Its text holds no token."""

    def __init__(
        self, *, step: Step, status: int = 0, said: str = "", provider: str = "", account: str = ""
    ) -> None:
        super().__init__(f"{step}: {status} {said}")
        self.step = step
        self.status = status  # of HTTP; 0: no answer
        self.said = said  # by the service, on one line
        self.provider = provider  # full resource name
        self.account = account  # service account to impersonate

    @property
    def passing(self) -> bool:
        """Whether it may go well the next time: no answer, too many requests, a server's fault."""
        return self.status in {0, 408, 429} or self.status >= 500  # noqa: PLR2004


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A row of the table."""

    name: str
    step: Step
    what: str
    where: str
    fix: str
    said: str = ""  # a regular expression, searched for in the service's answer
    status: int | None = None  # None: any
    origin: str = ""  # of the run; see `login_errors.origin`
    passing: bool = False

    def fits(self, error: RefusedError, origin: str) -> bool:
        """Whether this is why."""
        return (
            self.step is error.step
            and self.passing <= error.passing
            and self.origin in {"", origin}
            and self.status in {None, error.status}
            and re.search(self.said, error.said, re.IGNORECASE) is not None
        )


CAUSES: tuple[Cause, ...] = (
    Cause(
        name="not on GitHub Actions",
        step=Step.VARIABLES,
        origin="outside",
        what="there is no ID token to log in with outside of GitHub Actions",
        where=_PROVIDER,
        fix="leave it out and run `gcloud auth application-default login`",
    ),
    Cause(
        name="fork",
        step=Step.VARIABLES,
        origin="fork",
        what="GitHub gives no ID token to pull requests from forks",
        where="event {event}",
        fix="publish from a `push` workflow on the base repository, after the merge",
    ),
    Cause(
        name="Dependabot",
        step=Step.VARIABLES,
        origin="dependabot",
        what="GitHub gives no ID token to runs that Dependabot started",
        where="event {event}",
        fix="merge the pull request: the push that follows publishes",
    ),
    Cause(
        name="reusable workflow",
        step=Step.VARIABLES,
        origin="reusable",
        what="GitHub gives this job no ID token: the workflow that calls this one does not allow it",
        where="workflow {workflow}",
        fix="add `id-token: write` and `contents: read` to the permissions of the calling job there; "
        "in the called workflow alone they are not enough",
    ),
    Cause(
        name="no permission",
        step=Step.VARIABLES,
        what="GitHub gives this job no ID token",
        where=_PERMISSIONS,
        fix="add `id-token: write` and `contents: read` to them, and to the calling job's if this one "
        "is in a reusable workflow",
    ),
    Cause(
        name="ID token endpoint unavailable",
        step=Step.ID_TOKEN,
        passing=True,
        what="GitHub gave no ID token: {answer}",
        where="ACTIONS_ID_TOKEN_REQUEST_URL",
        fix=_AGAIN,
    ),
    Cause(
        name="ID token refused",
        step=Step.ID_TOKEN,
        what="GitHub refused an ID token: {answer}",
        where="ACTIONS_ID_TOKEN_REQUEST_URL",
        fix="check that the job has `id-token: write` and still runs: there are none after its end",
    ),
    Cause(
        name="STS unavailable",
        step=Step.STS,
        passing=True,
        what="Google's token service did not do its work: {answer}",
        where="sts.googleapis.com",
        fix=f"{_AGAIN}; on a runner of your own check that it reaches sts.googleapis.com",
    ),
    Cause(
        name="attribute condition",
        step=Step.STS,
        said="rejected by the attribute condition",
        what="the provider's attribute condition refuses this run",
        where=_PROVIDER,
        fix=f"compare the claims in the log with the condition that `{_DESCRIBE} --location=global "
        f"--project={{number}}` shows; names are case-sensitive, and {_SPREAD}",
    ),
    Cause(
        name="wrong audience",
        step=Step.STS,
        said=r"audience in ID Token|does not match the expected audience",
        what="the provider does not accept the ID token's audience {aud}",
        where=_PROVIDER,
        fix="remove the provider's allowed audiences, or add {expected} to them",
    ),
    Cause(
        name="wrong issuer",
        step=Step.STS,
        said=r"issuer in ID Token",
        what="the provider does not accept the ID token's issuer {iss}",
        where=_PROVIDER,
        fix="set the provider's issuer URI to {iss}",
    ),
    Cause(
        name="provider missing",
        step=Step.STS,
        said=r"invalid_target|Invalid value for .?\"audience",
        what="the pool or provider {provider} does not exist, or is disabled or deleted",
        where=_PROVIDER,
        fix=f"compare it with what `{_DESCRIBE} --location=global --project={{number}}` shows",
    ),
    Cause(
        name="subject too long",
        step=Step.STS,
        said=r"127 bytes",
        what="the attribute mapped to google.subject is over 127 bytes (the claim sub has {sub_bytes})",
        where="the provider's attribute mapping",
        fix="map a short claim, for example google.subject=assertion.repository_id, and grant rights "
        "by attribute.repository_id",
    ),
    Cause(
        name="clock skew",
        step=Step.STS,
        said=r"stale to sign-in|not yet valid|issued in the future|expired",
        what="the ID token is not valid at Google's time (issued at {iat}, expires at {exp})",
        where="the clocks",
        fix="ID tokens live five minutes: check the clock of the GitHub server if it is your own, "
        "and that the runner was not suspended; then run the job again",
    ),
    Cause(
        name="exchange refused",
        step=Step.STS,
        what="Google's token service refused: {answer}",
        where=_PROVIDER,
        fix="compare the claims in the log with the provider's mapping and condition",
    ),
    Cause(
        name="IAM unavailable",
        step=Step.IAM,
        passing=True,
        what="Google's IAM service did not do its work: {answer}",
        where="iamcredentials.googleapis.com",
        fix=_AGAIN,
    ),
    Cause(
        name="API disabled",
        step=Step.IAM,
        said=r"SERVICE_DISABLED|has not been used in project",
        what="the IAM Service Account Credentials API is disabled in the project of {account}",
        where=_ACCOUNT,
        fix="gcloud services enable iamcredentials.googleapis.com --project={account_project}",
    ),
    Cause(
        name="service account missing",
        step=Step.IAM,
        status=404,
        what="there is no service account {account}",
        where=_ACCOUNT,
        fix="compare it with `gcloud iam service-accounts list --project={account_project}`",
    ),
    Cause(
        name="impersonation right missing",
        step=Step.IAM,
        status=403,
        what="this run may not act as {account}, or there is no such service account "
        "(iam.serviceAccounts.getAccessToken is denied)",
        where=_ACCOUNT,
        fix=f"{_GRANT} --role=roles/iam.workloadIdentityUser --member='{{member}}' (the provider must "
        f"map attribute.repository_id=assertion.repository_id); {_SPREAD}",
    ),
    Cause(
        name="impersonation refused",
        step=Step.IAM,
        what="Google's IAM service refused a token for {account}: {answer}",
        where=_ACCOUNT,
        fix="see what IAM says",
    ),
    Cause(
        name="credentials file missing",
        step=Step.FILE,
        said="^no such file",
        status=404,
        what="the credentials file is not there: {said}",
        where="GOOGLE_APPLICATION_CREDENTIALS",
        fix="put actions/checkout before google-github-actions/auth, which writes into the workspace; "
        "a file elsewhere on the runner is not mounted into the container",
    ),
    Cause(
        name="credentials file broken",
        step=Step.FILE,
        what="the credentials file can't be used: {said}",
        where="GOOGLE_APPLICATION_CREDENTIALS",
        fix="have google-github-actions/auth write it, or set workload-identity-provider instead",
    ),
    Cause(
        name="no credentials",
        step=Step.DEFAULT,
        what="no credentials found",
        where=_PROVIDER,
        fix="set workload-identity-provider (and `id-token: write`), or run google-github-actions/auth "
        "before; at a terminal `gcloud auth application-default login`",
    ),
    Cause(
        name="login unavailable",
        step=Step.OTHER,
        passing=True,
        what="the login got no answer: {answer}",
        where="Google's login",
        fix=_AGAIN,
    ),
    Cause(
        name="login refused",
        step=Step.OTHER,
        what="the credentials are refused: {answer}",
        where="Google's login",
        fix="see what Google says, and make new credentials",
    ),
)
