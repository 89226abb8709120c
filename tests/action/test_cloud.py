"""What examples/cloud sets up: its promises, and that Terraform and the gcloud script say the same."""

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hcl2
import pytest
from hcl2.utils import SerializationOptions

from pkgaction.inputs import DEFAULTS
from pkgaction.model import layout
from pkgaction.model.manifest import PackageId
from pkgaction.model.version import Version

_CLOUD = Path(__file__).parents[2] / "examples/cloud"
_SCRIPT = _CLOUD / "gcloud.sh"
_FILES = sorted((_CLOUD / "terraform").glob("*.tf"))

# one set-up, as both are told it
_REFS = ["refs/heads/main", "refs/heads/backport-1.x"]
_READERS = ["serviceAccount:registry@elsewhere.iam.gserviceaccount.com"]
_SETTINGS = {
    "project": "some-project",
    "bucket": "some-packages",
    "index_bucket": "some-index",
    "location": "EU",
    "repository_id": "456789",
    "repository_owner_id": "1234",
    "name": "some-publisher",
    "issuer": "https://github.acme.example/_services/token",
    "soft_delete_days": "40",
}
_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    **{name.upper(): value for name, value in _SETTINGS.items()},
    "REFS": " ".join(_REFS),
    "INDEX_READERS": " ".join(_READERS),
}
# what the cloud makes of a resource, where another one refers to it
_POOL = f"projects/PROJECT_NUMBER/locations/global/workloadIdentityPools/{_SETTINGS['name']}"
_EMAIL = f"{_SETTINGS['name']}@{_SETTINGS['project']}.iam.gserviceaccount.com"
_COMPUTED = {
    "google_iam_workload_identity_pool.github.name": _POOL,
    "google_iam_workload_identity_pool_provider.github.name": f"{_POOL}/providers/github",
    "google_service_account.publisher.email": _EMAIL,
    "google_service_account.publisher.name": _EMAIL,
    "google_service_account.publisher.member": f"serviceAccount:{_EMAIL}",
}
_DIGITS = 20  # of the largest number of 64 bits
_LONGEST_CLAIM = {"repository_id": _DIGITS, "run_id": _DIGITS}
_LONGEST_SUBJECT = 127  # bytes

_Block = dict[str, object]  # a block's attributes and blocks
_Grant = tuple[str, str, str, str]  # on what, role, to whom, on which condition


# --- Terraform, read


def _blocks(kind: str) -> Iterator[tuple[list[str], _Block]]:
    """Each block of the kind, with its labels."""
    options = SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)
    for file in _FILES:
        parsed = hcl2.loads(file.read_text(encoding="utf-8"), serialization_options=options)
        for found in parsed.get(kind, []):
            labels: list[str] = []
            for _ in range(2 if kind == "resource" else 1):
                ((label, found),) = found.items()  # noqa: PLW2901
                labels.append(label)
            yield labels, found


_RESOURCES = {".".join(labels): block for labels, block in _blocks("resource")}
_VARIABLES = {name: block for (name,), block in _blocks("variable")}
_OUTPUTS = {name: block for (name,), block in _blocks("output")}


def _of_type(kind: str) -> dict[str, _Block]:
    return {name: block for name, block in _RESOURCES.items() if name.split(".")[0] == kind}


def _text(value: object) -> str:
    """The text that Terraform makes of an expression, of the few forms that are in use."""
    assert isinstance(value, str), value
    joined = re.fullmatch(r'\$\{join\(" && ", (\[.*\])\)\}', value)
    if joined:
        return " && ".join(_text(part) for part in json.loads(joined[1]))
    return re.sub(r"\$\{([^{}]+)\}", lambda found: _reference(found[1]), value)


def _reference(name: str) -> str:
    if name == "jsonencode(var.refs)":
        return json.dumps(_REFS, separators=(",", ":"))
    if name == 'replace(var.name, "-", "_")':
        return _SETTINGS["name"].replace("-", "_")
    if name == "var.soft_delete_days * 86400":
        return str(int(_SETTINGS["soft_delete_days"]) * 86400)
    if name.startswith("var."):
        return _SETTINGS[name.removeprefix("var.")]
    if name in _COMPUTED:
        return _COMPUTED[name]
    resource, _, attribute = name.rpartition(".")
    if resource.startswith("google_project_iam_custom_role.") and attribute == "name":
        return f"projects/{_SETTINGS['project']}/roles/{_text(_RESOURCES[resource]['role_id'])}"
    return _text(_RESOURCES[resource][attribute])


def _inner(block: _Block, name: str) -> _Block:
    """The one block of that name inside another."""
    found = block[name]
    assert isinstance(found, list)
    (inner,) = found
    assert isinstance(inner, dict)
    return inner


def _terraform_grants() -> set[_Grant]:
    grants: set[_Grant] = set()
    for name, block in _RESOURCES.items():
        kind = name.split(".")[0]
        if not kind.endswith(("_iam_member", "_iam_binding", "_iam_policy")):
            continue
        assert kind.endswith("_iam_member"), "the others would take rights that were given elsewhere"
        if kind == "google_storage_bucket_iam_member":
            where = f"gs://{_text(block['bucket'])}"
        elif kind == "google_storage_managed_folder_iam_member":
            where = f"gs://{_text(block['bucket'])}/{_text(block['managed_folder'])}"
        else:
            where = _text(block["service_account_id"])
        condition = _text(_inner(block, "condition")["expression"]) if "condition" in block else ""
        members = _READERS if block["member"] == "${each.value}" else [_text(block["member"])]
        grants |= {(where, _text(block["role"]), member, condition) for member in members}
    return grants


def _terraform_roles() -> dict[str, set[str]]:
    roles = {}
    for block in _of_type("google_project_iam_custom_role").values():
        permissions = block["permissions"]
        assert isinstance(permissions, list)
        roles[_text(block["role_id"])] = {_text(permission) for permission in permissions}
    return roles


# --- the script, run with --dry-run


def _run(*arguments: str, **other: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(_SCRIPT), *arguments],
        env=_ENVIRONMENT | other,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def printed() -> list[str]:
    done = _run("--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def commands(printed: list[str]) -> list[list[str]]:
    return [shlex.split(line) for line in printed if line.startswith("gcloud ")]


def _flag(command: list[str], name: str) -> str:
    found = [word.removeprefix(f"--{name}=") for word in command if word.startswith(f"--{name}=")]
    return found[0] if found else ""


def _script_grants(commands: list[list[str]]) -> set[_Grant]:
    grants: set[_Grant] = set()
    for command in commands:
        if "add-iam-policy-binding" in command:
            where = command[command.index("add-iam-policy-binding") + 1]
            condition = _flag(command, "condition").partition("expression=")[2]
            grants.add((where, _flag(command, "role"), _flag(command, "member"), condition))
    return grants


def _one(commands: list[list[str]], *words: str) -> list[str]:
    (found,) = [c for c in commands if c[1 : len(words) + 1] == list(words)]
    return found


# --- both say the same


def test_both_give_the_same_rights(commands: list[list[str]]) -> None:
    assert _script_grants(commands) == _terraform_grants()
    assert len(_terraform_grants()) == 6


def test_both_make_the_same_roles(commands: list[list[str]]) -> None:
    made = [command for command in commands if command[1:4] == ["iam", "roles", "create"]]

    assert {c[4]: set(_flag(c, "permissions").split(",")) for c in made} == _terraform_roles()


def test_both_make_the_same_login(commands: list[list[str]]) -> None:
    command = _one(commands, "iam", "workload-identity-pools", "providers", "create-oidc")
    provider = _RESOURCES["google_iam_workload_identity_pool_provider.github"]
    mapping = dict(part.split("=", 1) for part in _flag(command, "attribute-mapping").split(","))

    assert mapping == provider["attribute_mapping"]
    assert _flag(command, "attribute-condition") == _condition()
    assert _flag(command, "issuer-uri") == _text(_inner(provider, "oidc")["issuer_uri"])
    assert _flag(command, "workload-identity-pool") == _SETTINGS["name"]


def test_e56_the_issuer_of_an_enterprise_server_is_a_setting(commands: list[list[str]]) -> None:
    """The login of an enterprise server's runners is set up with the issuer that it has."""
    command = _one(commands, "iam", "workload-identity-pools", "providers", "create-oidc")

    assert _flag(command, "issuer-uri") == "https://github.acme.example/_services/token"


def test_both_make_the_same_buckets(commands: list[list[str]]) -> None:
    settings = {
        command[4].removeprefix("gs://"): (
            "--uniform-bucket-level-access" in command,
            "inherited" if "--no-public-access-prevention" in command else "enforced",
            str(int(_flag(command, "soft-delete-duration").removesuffix("d")) * 86400),
        )
        for command in commands
        if command[1:4] == ["storage", "buckets", "update"]
    }

    assert settings == {
        _text(block["name"]): (
            block["uniform_bucket_level_access"],
            block["public_access_prevention"],
            _text(_inner(block, "soft_delete_policy")["retention_duration_seconds"]),
        )
        for block in _of_type("google_storage_bucket").values()
    }


def test_both_enable_the_same_services(commands: list[list[str]]) -> None:
    enabled = [word for word in _one(commands, "services", "enable") if word.endswith(".googleapis.com")]
    wanted = _RESOURCES["google_project_service.needed"]["for_each"]

    assert json.dumps(enabled) in str(wanted)


def test_both_take_the_same_values() -> None:
    words = r'\^[^"\n]+\$'
    terraform = set(re.findall(rf'regex\("({words})"', _FILES[2].read_text(encoding="utf-8")))
    script = set(re.findall(rf"'({words})'", _SCRIPT.read_text(encoding="utf-8")))

    assert terraform
    assert script - terraform == {"^([7-9]|[1-8][0-9]|90)$"}, "a number has no pattern in Terraform"
    assert terraform <= script


def test_both_end_with_the_inputs_of_the_action(printed: list[str]) -> None:
    shown = dict(line.split(": ", 1) for line in printed if not line.startswith("gcloud "))

    assert shown == {name: _text(block["value"]) for name, block in _OUTPUTS.items()}
    assert shown.keys() <= DEFAULTS.keys() | {"bucket"}
    assert {"bucket", "index-bucket", "workload-identity-provider", "service-account"} <= shown.keys()


# --- what is promised


def test_access_is_uniform_and_only_one_bucket_can_be_public() -> None:
    buckets = _of_type("google_storage_bucket")

    assert all(block["uniform_bucket_level_access"] is True for block in buckets.values())
    assert {
        name.split(".")[1]: block["public_access_prevention"] for name, block in buckets.items()
    } == {
        "artifacts": "inherited",
        "index": "enforced",
    }


def test_nothing_is_deleted_by_a_rule_or_by_accident() -> None:
    for block in _of_type("google_storage_bucket").values():
        assert "lifecycle_rule" not in block
        assert "retention_policy" not in block
        assert block["force_destroy"] is False
        assert _inner(block, "lifecycle")["prevent_destroy"] is True


def test_the_public_reads_below_artifacts_alone() -> None:
    public = {grant for grant in _terraform_grants() if grant[2].startswith("all")}
    folder = f"gs://{_SETTINGS['bucket']}/artifacts/"
    package = PackageId(name="some", version=Version.parse("1.0.0"))

    assert public == {(folder, "roles/storage.objectViewer", "allUsers", "")}
    for name in (
        layout.zip_name(package),
        layout.signature_name(package),
        layout.static_folder(package),
    ):
        assert name.startswith("artifacts/")


def _rights_of_the_publisher(bucket: str) -> list[tuple[set[str], str]]:
    """The permissions and the condition of each grant to the publisher on a bucket."""
    member = f"serviceAccount:{_EMAIL}"
    return [
        (_terraform_roles()[role.rpartition("/")[2]], condition)
        for where, role, who, condition in _terraform_grants()
        if who == member and where.startswith(f"gs://{bucket}")
    ]


def test_the_publisher_can_add_packages_and_never_replace_or_delete_one() -> None:
    (rights,) = _rights_of_the_publisher(_SETTINGS["bucket"])

    assert rights == ({"storage.objects.create", "storage.objects.get", "storage.objects.list"}, "")


def _can_delete(name: str) -> bool:
    """Whether the publisher may delete, and so replace, an object of the index bucket."""
    bucket = _SETTINGS["index_bucket"]
    deleting = [
        condition
        for permissions, condition in _rights_of_the_publisher(bucket)
        if not permissions <= {"storage.objects.create", "storage.objects.get", "storage.objects.list"}
    ]
    (condition,) = deleting
    kind, _, prefix = condition.partition(" && ")
    found = re.fullmatch(r'resource\.name\.startsWith\("([^"]+)"\)', prefix)
    assert kind == 'resource.type == "storage.googleapis.com/Object"'
    assert found
    return f"projects/_/buckets/{bucket}/objects/{name}".startswith(found[1])


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        (layout.CURSOR, True),
        (layout.full_index_name("1700000000"), True),
        (layout.delta_index_name("1700000000"), True),
        ("v2/other.json", False),
        ("artifacts/packages/some-1.0.0.zip", False),
    ],
)
def test_the_publisher_replaces_and_deletes_in_the_index_alone(name: str, allowed: bool) -> None:  # noqa: FBT001
    assert _can_delete(name) is allowed


def test_no_role_can_do_more_than_that() -> None:
    assert _terraform_roles() == {
        "some_publisher_publisher": {
            "storage.objects.create",
            "storage.objects.get",
            "storage.objects.list",
        },
        "some_publisher_index": {"storage.objects.delete"},
    }
    roles = {role for _, role, _, _ in _terraform_grants()}
    assert {role for role in roles if role.startswith("roles/")} == {
        "roles/iam.workloadIdentityUser",
        "roles/storage.objectViewer",
    }


def test_the_longest_subject_fits() -> None:
    mapping = _RESOURCES["google_iam_workload_identity_pool_provider.github"]["attribute_mapping"]
    assert isinstance(mapping, dict)
    longest = 0
    for part in mapping["google.subject"].split(" + "):
        claim = part.removeprefix("assertion.")
        longest += len(json.loads(part).encode()) if claim == part else _LONGEST_CLAIM[claim]

    assert longest == 41
    assert longest <= _LONGEST_SUBJECT


def test_the_login_is_bound_to_the_repository() -> None:
    (login,) = [grant for grant in _terraform_grants() if grant[1] == "roles/iam.workloadIdentityUser"]

    assert login[0] == _EMAIL
    assert login[2] == f"principalSet://iam.googleapis.com/{_POOL}/attribute.repository_id/456789"


def _condition() -> str:
    return _text(_RESOURCES["google_iam_workload_identity_pool_provider.github"]["attribute_condition"])


def _accepts(claims: dict[str, str]) -> bool:
    """The attribute condition, evaluated: each part compares one claim with a text or a list of them."""
    for part in _condition().split(" && "):
        found = re.fullmatch(r"assertion\.(\w+) (==|in) (.+)", part)
        assert found, part
        wanted = json.loads(found[3])
        if claims.get(found[1]) not in ([wanted] if found[2] == "==" else wanted):
            return False
    return True


_CLAIMS = {
    "repository": "some-owner/some-name",
    "repository_id": "456789",
    "repository_owner_id": "1234",
    "ref": "refs/heads/main",
    "event_name": "push",
}


@pytest.mark.parametrize(
    "different",
    [
        {},
        {"ref": "refs/heads/backport-1.x"},
        {"event_name": "schedule"},
        {"event_name": "workflow_dispatch"},
        {"repository": "renamed/later"},
    ],
)
def test_the_login_takes_publishing_runs(different: dict[str, str]) -> None:
    assert _accepts(_CLAIMS | different)


@pytest.mark.parametrize(
    "different",
    [
        {"repository_id": "456788"},
        {"repository_owner_id": "4321"},
        {"ref": "refs/heads/feature"},
        {"ref": "refs/heads/main2"},
        {"ref": "refs/tags/main"},
        {"ref": "refs/pull/1/merge"},
        {"event_name": "pull_request"},
        {"event_name": "pull_request_target"},
        {"event_name": "workflow_run"},
        {"event_name": "merge_group"},
        {"event_name": "issue_comment"},
    ],
)
def test_the_login_refuses_every_other_run(different: dict[str, str]) -> None:
    assert not _accepts(_CLAIMS | different)


def test_the_condition_does_not_trust_a_name() -> None:
    claims = set(re.findall(r"assertion\.(\w+)", _condition()))

    assert claims == {"repository_owner_id", "repository_id", "ref", "event_name"}


def test_no_key_is_made_and_no_secret_is_asked_for() -> None:
    assert not _of_type("google_service_account_key")
    assert not [
        name for name in _VARIABLES if re.search(r"secret|token|password|private|credential", name)
    ]


@pytest.mark.parametrize("name", list(_VARIABLES))
def test_every_variable_is_described_and_checked(name: str) -> None:
    block = _VARIABLES[name]

    assert block["description"]
    assert block["type"]
    assert block["validation"]


@pytest.mark.parametrize("name", list(_OUTPUTS))
def test_every_output_is_described(name: str) -> None:
    assert _OUTPUTS[name]["description"]


@pytest.mark.parametrize("file", _FILES, ids=lambda file: file.name)
def test_terraform_is_indented_by_two(file: Path) -> None:
    for line in file.read_text(encoding="utf-8").splitlines():
        assert line == line.rstrip()
        assert "\t" not in line
        assert (len(line) - len(line.lstrip(" "))) % 2 == 0, line


# --- the script by itself


def test_bash_can_read_the_script() -> None:
    done = subprocess.run(["bash", "-n", str(_SCRIPT)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_can_be_started_and_stops_at_the_first_failure() -> None:
    assert _SCRIPT.stat().st_mode & 0o111
    assert "\nset -euo pipefail\n" in _SCRIPT.read_text(encoding="utf-8")


def test_the_script_names_all_that_is_missing() -> None:
    missing = ["PROJECT", "BUCKET", "INDEX_BUCKET", "REPOSITORY_ID", "REPOSITORY_OWNER_ID"]

    done = _run("--dry-run", **dict.fromkeys(missing, ""))

    assert (done.returncode, done.stdout) == (2, "")
    assert [line.split(" is missing: ")[0] for line in done.stderr.splitlines()] == missing


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PROJECT", "Some Project"),
        ("BUCKET", "gs://some-packages"),
        ("BUCKET", "some-packages/prefix"),
        ("INDEX_BUCKET", "some-packages"),
        ("REPOSITORY_ID", "some-owner/some-name"),
        ("REPOSITORY_OWNER_ID", "some-owner"),
        ("REFS", "main"),
        ("REFS", 'refs/heads/a"]||true'),
        ("NAME", "gcp-publisher"),
        ("ISSUER", "http://github.acme.example"),
        ("SOFT_DELETE_DAYS", "6"),
        ("SOFT_DELETE_DAYS", "91"),
        ("INDEX_READERS", "allUsers"),
    ],
)
def test_the_script_refuses_wrong_values(name: str, value: str) -> None:
    done = _run("--dry-run", **{name: value})

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{name} is wrong: ")


def test_the_script_takes_no_other_argument() -> None:
    done = _run("--dry")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: ")
