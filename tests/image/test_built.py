"""What the image is: small, and the same whenever it is built from one commit."""

import json
import os
import re
import subprocess
import zlib

import pytest

from tests.fakes import google
from tests.fakes.workplace import ROOT, Workplace
from tests.image import acting
from tests.image.runner import IMAGE, MISSING, Host, docker, python

_MB = 1_000_000  # bytes
_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"

pytestmark = pytest.mark.skipif(MISSING, reason="the image is not there: make image")


def layers(image: str) -> list[str]:
    found: list[str] = json.loads(docker("image", "inspect", "-f", "{{json .RootFS.Layers}}", image))
    return found


def test_the_image_is_small() -> None:
    size = int(docker("image", "inspect", "-f", "{{.Size}}", IMAGE))
    with subprocess.Popen(["docker", "save", IMAGE], stdout=subprocess.PIPE) as saving:
        assert saving.stdout
        squeezed = 0
        packer = zlib.compressobj(6, wbits=31)
        while part := saving.stdout.read(_MB):
            squeezed += len(packer.compress(part))
        squeezed += len(packer.flush())

    assert saving.returncode == 0
    assert size <= 180 * _MB
    assert squeezed <= 65 * _MB


def test_the_image_is_what_its_dockerfile_says() -> None:
    config = json.loads(docker("image", "inspect", "-f", "{{json .Config}}", IMAGE))
    (entry,) = re.findall(r"^ENTRYPOINT (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert config["Entrypoint"] == json.loads(entry)
    assert not any(config.get(key) for key in ("User", "WorkingDir", "Volumes", "ExposedPorts"))
    names = {name.rpartition(".")[2] for name in config["Labels"] if "opencontainers" in name}
    assert names == {"title", "description", "licenses", "source", "revision", "version"}


def test_two_builds_of_a_commit_have_the_same_files_of_ours() -> None:
    again = f"{IMAGE}-again"
    passed = [f"{name}={os.environ.get(name, '')}" for name in ("SPEC", "BASE")]
    given = [f"IMAGE={again}", "BUILD=--no-cache", *passed]
    try:
        subprocess.run(["make", "image", *given], cwd=ROOT, check=True, capture_output=True, timeout=600)
        assert layers(again)[-1] == layers(IMAGE)[-1]
    finally:
        docker("image", "rm", "--force", again)


def test_an_sbom_finds_the_version_of_what_no_package_manager_installed() -> None:
    read = "from pathlib import Path; print(Path('/var/lib/dpkg/status.d/{}').read_text())"
    said = docker("run", "--rm", "--entrypoint=git", IMAGE, "version").split()[-1]

    git, authorities = python(read.format("git")), python(read.format("ca-certificates"))

    assert re.search(r"^Package: git$", git, re.MULTILINE)
    assert re.search(rf"^Version: 1:{re.escape(said)}-", git, re.MULTILINE)
    assert re.search(r"^Version: \d{8}", authorities, re.MULTILINE)


def test_the_checksum_of_objects_is_the_fast_one() -> None:
    code = "import google_crc32c; print(google_crc32c.implementation)"

    assert python(code) == "c"


def test_the_image_has_no_pip_and_imports_nothing_of_its_working_directory() -> None:
    code = "import importlib.util as u, sys; print(u.find_spec('pip'), '' in sys.path)"

    assert python(code) == "None False"


def test_git_fetches_by_https_and_trusts_the_bundle_alone(host: Host) -> None:
    place = Workplace.make(host.folder)
    certificate, context = google.certified("localhost")
    (host.folder / "trusted.pem").write_text(certificate)
    ours = f"--volume={host.folder}/trusted.pem:{_BUNDLE}:ro"
    with acting.served(place, context) as url:
        trusting = fetched(url.replace("127.0.0.1", "localhost"), ours)
        careful = fetched(url.replace("127.0.0.1", "localhost"))

    assert trusting.returncode == 0, trusting.stderr
    assert "refs/heads/main" in trusting.stdout
    assert careful.returncode != 0
    assert "certificate" in careful.stderr


def fetched(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    start = ("docker", "run", "--rm", "--network=host", *options, "--entrypoint=git")
    return subprocess.run(
        [*start, IMAGE, "ls-remote", url], capture_output=True, text=True, check=False, timeout=120
    )


def test_the_bundle_of_authorities_is_the_images_own_and_python_finds_it() -> None:
    made = python(f"import os; print(os.stat({_BUNDLE!r}).st_mtime)")
    authorities = python("import ssl; print(len(ssl.create_default_context().get_ca_certs()))")

    assert float(made) == 0  # as all files of ours; the base image's own would have its time
    assert int(authorities) > 100
