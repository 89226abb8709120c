"""Text becomes inputs once; everything that is wrong is said in one run."""

import base64
from pathlib import Path

import pytest

from pkgaction.inputs import DEFAULTS, Inputs, from_environment, misspelt
from pkgaction.model.event import Mode
from pkgaction.model.secret import Secret

_FINGERPRINT = "0123456789ABCDEF0123456789ABCDEF01234567"


def _parse(**given: str) -> Inputs:
    texts = {
        "bucket": "file:///bucket",
        **{name.replace("_", "-"): text for name, text in given.items()},
    }
    value, problems = Inputs.parse(texts, bucket_required=True)
    assert problems == []
    return value


def _wrong(**given: str) -> list[str]:
    """Where something is wrong."""
    texts = {
        "bucket": "file:///bucket",
        **{name.replace("_", "-"): text for name, text in given.items()},
    }
    _, problems = Inputs.parse(texts, bucket_required=True)
    assert all(problem.exit_status == 2 and problem.what and problem.fix for problem in problems)
    return [problem.where for problem in problems]


def test_nothing_given_is_the_defaults() -> None:
    found = _parse()

    assert found == Inputs(bucket="file:///bucket", public_url="file:///bucket", jobs=found.jobs)
    assert found.jobs >= 1


@pytest.mark.parametrize("empty", ["", " ", "\n"], ids=repr)
def test_an_empty_text_is_as_good_as_none(empty: str) -> None:
    given = dict.fromkeys(DEFAULTS, empty) | {"bucket": "file:///bucket"}
    del given["gpg-passphrase"]  # which may be of blanks

    found, problems = Inputs.parse(given, bucket_required=True)

    assert problems == []
    assert found == _parse()


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "ten", "10000", "٣", "1d"])
def test_days_that_are_none_are_refused(days: str) -> None:
    assert _wrong(keep_index_days=days) == ["input keep-index-days"]


def test_generations_are_kept_for_days_or_for_ever() -> None:
    assert (_parse(keep_index_days="90").keep_index_days, _parse().keep_index_days) == (90, 0)


def test_every_input_is_read() -> None:
    found = _parse(
        bucket="file:///public/",
        index_bucket="file:///index",
        public_url="https://packages.example/",
        packages="packages/*\n\n  other/*  \n!packages/old\n",
        gpg_private_key="key",
        gpg_passphrase="phrase",
        gpg_fingerprint=_FINGERPRINT,
        github_token="token",
        branches="main\nbackport-*",
        mode="preview",
        package="kelp\nreef",
        version="1.2.0",
        ref="v1",
        dry_run="true",
        comment="false",
        jobs="3",
    )

    assert found == Inputs(
        bucket="file:///public",
        index_bucket="file:///index",
        public_url="https://packages.example",
        packages=("packages/*", "other/*", "!packages/old"),
        gpg_private_key=Secret("key"),
        gpg_passphrase=Secret("phrase"),
        gpg_fingerprint=_FINGERPRINT,
        github_token=Secret("token"),
        branches=("main", "backport-*"),
        mode=Mode.PREVIEW,
        package=("kelp", "reef"),
        version="1.2.0",
        ref="v1",
        dry_run=True,
        comment=False,
        jobs=3,
    )


@pytest.mark.parametrize("second", ["index_bucket", "queue_bucket"])
@pytest.mark.parametrize(
    ("bucket", "other"),
    [
        ("gs://shelf", "gs://shelf"),
        ("gs://shelf", "gs://shelf/"),
        ("gs://shelf", "gs://shelf/inner/more"),
        ("gs://shelf/inner/more", "gs://shelf/inner"),
        ("file:///srv/shelf", "file:///srv/shelf"),
        ("file:///srv/shelf", "file:///srv/shelf/index"),
        ("file:///srv/shelf/public", "file:///srv/shelf"),
        ("file:///srv/shelf", "file:///srv/other/../shelf//./index"),
    ],
)
def test_buckets_that_are_one_inside_the_other_are_refused(second: str, bucket: str, other: str) -> None:
    assert _wrong(bucket=bucket, **{second: other}) == [f"input {second.replace('_', '-')}"]


def test_a_queue_inside_the_index_is_refused() -> None:
    assert _wrong(index_bucket="gs://inner", queue_bucket="gs://inner/queue") == ["input queue-bucket"]


def test_a_symbolic_link_is_the_folder_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "shelf")

    found = _wrong(bucket=f"file://{tmp_path}/shelf", index_bucket=f"file://{tmp_path}/link/index")

    assert found == ["input index-bucket"]


@pytest.mark.parametrize(
    ("bucket", "index", "queue"),
    [
        ("gs://shelf", "gs://shelf-index", "gs://shelf-queue"),
        ("gs://shelf/public", "gs://shelf/index", "gs://shelf/public2"),
        ("gs://srv/shelf", "file:///srv/shelf", "file:///srv/shelf-queue"),
        ("file:///srv/shelf", "file:///srv/shelf2", "file:///srv/shel"),
        ("gs://shelf", "", ""),
    ],
)
def test_buckets_side_by_side_are_fine(bucket: str, index: str, queue: str) -> None:
    found = _parse(bucket=bucket, index_bucket=index, queue_bucket=queue)

    assert found.buckets == {"bucket": bucket, "index-bucket": index, "queue-bucket": queue}


def test_everything_wrong_is_said_at_once() -> None:
    found = _wrong(
        bucket="ftp://x",
        mode="publsh",
        dry_run="yep",
        jobs="many",
        gpg_fingerprint="abc",
        ecs_url="ftp://x",
    )

    assert sorted(found) == [
        "input bucket",
        "input dry-run",
        "input ecs-url",
        "input gpg-fingerprint",
        "input jobs",
        "input mode",
    ]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bucket", "bucket"),
        ("bucket", "file://relative"),
        ("bucket", "file:///"),
        ("bucket", "gs://"),
        ("bucket", "gs://Bucket!"),
        ("bucket", "s3://bucket"),
        ("index_bucket", "https://bucket"),
        ("public_url", "packages.example"),
        ("public_url", "javascript:alert(1)"),
        ("public_url", "https://[packages.example"),
        ("public_url", "https://crab:shell@packages.example"),
        ("public_url", "https://packages.example/?token=x"),
        ("mode", "Publish"),
        ("dry_run", "yes"),
        ("dry_run", "1"),
        ("comment", "no"),
        ("jobs", "0"),
        ("jobs", "65"),
        ("jobs", "-1"),
        ("jobs", "1.5"),
        ("jobs", "\u0663"),
        ("jobs", "9" * 5000),
        ("gpg_fingerprint", _FINGERPRINT[:-1]),
        ("gpg_fingerprint", _FINGERPRINT[-16:]),
        ("gpg_fingerprint", _FINGERPRINT.replace("0", "G")),
        ("package_spec", "ftp://3.0.0"),
        ("workload_identity_provider", "projects/1"),
        ("ecs_url", "gs://kelp"),
        ("ecs_url", "https://crab:shell@kelp.example"),
        ("registry_url", "https://kelp.example/?token=x"),
        ("elastic_package_url", "kelp"),
        ("registry_public_keys", "signed"),
    ],
)
def test_a_wrong_text_is_refused(name: str, text: str) -> None:
    assert _wrong(**{name: text}) == [f"input {name.replace('_', '-')}"]


@pytest.mark.parametrize("required", [True, False])
def test_a_bucket_is_needed_where_something_is_published(*, required: bool) -> None:
    _, problems = Inputs.parse({}, bucket_required=required)

    assert [p.where for p in problems] == (["input bucket"] if required else [])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        (" FALSE ", False),
    ],
)
def test_a_boolean_is_read_as_yaml_does(text: str, *, value: bool) -> None:
    assert _parse(dry_run=text).dry_run is value


@pytest.mark.parametrize(
    "text",
    [
        _FINGERPRINT.lower(),
        f"0x{_FINGERPRINT}",
        " ".join(_FINGERPRINT[n : n + 4] for n in range(0, 40, 4)),
        f"\t{_FINGERPRINT}\n",
    ],
    ids=["lower case", "0x", "groups", "blanks"],
)
def test_a_fingerprint_is_read_in_the_forms_that_gpg_shows(text: str) -> None:
    assert _parse(gpg_fingerprint=text).gpg_fingerprint == _FINGERPRINT


def test_a_package_spec_of_none_is_fine() -> None:
    assert _parse(package_spec="none").package_spec == "none"


@pytest.mark.parametrize(
    ("bucket", "public"),
    [("file:///srv/bucket", "file:///srv/bucket"), ("file:///srv/a b", "file:///srv/a%20b")],
)
def test_the_public_address_is_the_buckets_unless_one_is_given(bucket: str, public: str) -> None:
    assert _parse(bucket=bucket).public_url == public


def test_a_bucket_of_google_has_googles_address() -> None:
    found, _ = Inputs.parse({"bucket": "gs://tides/pre fix"}, bucket_required=True)

    assert found.public_url == "https://storage.googleapis.com/tides/pre%20fix"


def test_a_misspelt_mode_is_answered_with_the_right_one() -> None:
    _, problems = Inputs.parse({"mode": "publsh"}, bucket_required=False)

    assert [p.fix for p in problems] == ["did you mean publish?"]


def test_the_runners_variables_are_read_with_their_dashes() -> None:
    environ = {
        "INPUT_BUCKET": "file:///bucket",
        "INPUT_DRY-RUN": "true",
        "INPUT_DRY_RUN": "false",
        "INPUT_JOBS": "  ",
        "INPUT_OTHER": "x",
        "BUCKET": "y",
    }

    assert from_environment(environ) == {"bucket": "file:///bucket", "dry-run": "true"}


def test_an_input_that_there_is_not_is_answered_with_the_nearest() -> None:
    problems = misspelt({"INPUT_BUCKT": "x", "INPUT_DRY-RUN": "true", "PATH": "/bin", "INPUT_ZZZ": ""})

    assert [(p.where, p.exit_status) for p in problems] == [("input buckt", 2), ("input zzz", 2)]
    assert problems[0].fix == "did you mean bucket?"
    assert "one of" in problems[1].fix


@pytest.mark.parametrize("globs", ["reports/*.json", "a/report.json\nb/*/report.json"], ids=ascii)
def test_reports_go_with_mode_comment(globs: str) -> None:
    assert _parse(mode="comment", reports=globs).reports == tuple(globs.splitlines())


@pytest.mark.parametrize(
    "given",
    [
        {"mode": "comment"},
        {"reports": "reports/*.json"},
        {"mode": "publish", "reports": "reports/*.json"},
        {"mode": "comment", "reports": "/etc/*.json"},
        {"mode": "comment", "reports": "reports/../../x.json"},
        {"mode": "comment", "reports": "~/x.json"},
    ],
    ids=str,
)
def test_reports_without_their_mode_or_out_of_the_workspace_are_refused(given: dict[str, str]) -> None:
    assert _wrong(**given) == ["input reports"]


def test_names_of_packages_may_stand_in_one_line_as_a_form_has_it() -> None:
    assert _parse(package=" kelp reef\nfoam ").package == ("kelp", "reef", "foam")


_PASSPHRASE = "Correct-Horse 7 Battery staple"
_KEY = (
    "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n"
    "lFgEZ0aBcDeFgHiJkLmN\n-----END PGP PRIVATE KEY BLOCK-----\n"
)
_TAKES_A_TEXT = [
    *("bucket", "index_bucket", "public_url", "workload_identity_provider", "service_account"),
    *("gpg_fingerprint", "owners", "mode", "dry_run", "comment", "jobs", "keep_index_days"),
    *("ecs_url", "registry_url", "elastic_package_url", "registry_public_keys"),
]


@pytest.mark.parametrize("name", _TAKES_A_TEXT)
@pytest.mark.parametrize(
    "text",
    [
        _PASSPHRASE,
        _PASSPHRASE.upper(),
        f"x://{_PASSPHRASE}",
        "".join(_PASSPHRASE.split()),
        base64.b64encode(_PASSPHRASE.encode()).decode(),
        _KEY,
        base64.b64encode(_KEY.encode()).decode(),
        "lFgEZ0aBcDeFgHiJkLmN",
        "ghs_0123456789abcdefghij",
        "x" * 300,
    ],
    ids=[
        "whole",
        "capitals",
        "within",
        "blanks",
        "base64",
        "key",
        "base64 of key",
        "part",
        "token",
        "long",
    ],
)
def test_a_secret_in_the_wrong_input_is_not_said(name: str, text: str) -> None:
    given = {"gpg-private-key": _KEY, "gpg-passphrase": _PASSPHRASE, name.replace("_", "-"): text}
    found, problems = Inputs.parse(given, bucket_required=False)

    said = "".join(str(p) for p in problems).replace(" ", "").upper()
    assert problems
    assert "".join(text.split()).upper()[:20] not in said
    assert not found.gpg_fingerprint
    assert not found.service_account


def test_a_text_that_no_mask_would_fit_in_quotes_is_not_quoted() -> None:
    _, problems = Inputs.parse({"dry-run": "back\\slash"}, bucket_required=False)

    assert "slash" not in problems[0].what


def test_a_password_in_an_address_is_not_said() -> None:
    _, problems = Inputs.parse({"public-url": "https://crab:shell@kelp.example"}, bucket_required=False)

    assert "shell" not in problems[0].what


def test_a_passphrase_of_blanks_is_one() -> None:
    given = from_environment({"INPUT_GPG-PASSPHRASE": "  \n"})

    assert Inputs.parse(given, bucket_required=False)[0].gpg_passphrase.reveal() == "  "


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        ("main, release", "is a list", "one branch a line"),
        ("main,release", "is a list", "one branch a line"),
        ("main release", "is a list", "one branch a line"),
        ('["main"]', "is a list", "one branch a line"),
        ("'main'", "has quotes", "without them"),
        ('"release-*"', "has quotes", "without them"),
        ("refs/heads/main", "can match no branch's name", "without refs/heads/"),
        ("/main", "can match no branch's name", "without a slash"),
        ("main # default", "has a comment", "name alone"),
        ("main~1\nx", "can match no branch's name", "write a branch's name"),
        ("!main", "names none", "name the branches that publish"),
    ],
)
def test_branches_that_can_match_none_are_refused_with_what_to_write(
    given: str, what: str, fix: str
) -> None:
    _, problems = Inputs.parse({"branches": given}, bucket_required=False)

    (problem,) = problems
    assert (problem.where, problem.exit_status) == ("input branches", 2)
    assert what in problem.what
    assert fix in problem.fix


@pytest.mark.parametrize(
    "given",
    ["main\nrelease-*", "**\n!wip/**", "v[0-9].[0-9]", "v[!^0].x", "./main", "fix#7", "it's", "a.b/c"],
)
def test_branches_as_git_has_them_are_taken(given: str) -> None:
    inputs, problems = Inputs.parse({"branches": given}, bucket_required=False)

    assert problems == []
    assert inputs.branches == tuple(given.split("\n"))
