"""What one hostile package, answer or address may cost, and what it may not hide."""

import io
import os
import tarfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pkgaction.adapters import fetcher, specification
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.fetcher import Fetcher, FetchError
from pkgaction.adapters.lazy_store import LazyStore
from pkgaction.errors import SpecificationError
from pkgaction.inputs import Inputs
from pkgaction.model.finding import Finding, Severity
from pkgaction.model.outcome import Ledger
from pkgaction.model.release import Candidate
from pkgaction.parallel import over_cores
from pkgaction.ports import ObjectStore
from pkgaction.rules.package import Package
from pkgaction.settling import Settling
from pkgaction.stages import validate
from pkgaction.transforms.gotemplate import render
from pkgaction.transforms.gotemplate_values import Value
from pkgaction.transforms.gotokens import TemplateProblemError
from tests.fakes import release
from tests.fakes.release import FakeClock
from tests.fakes.store import MemoryStore


class _Echo(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open, and are used again

    def do_GET(self) -> None:
        data = f"{self.path} {self.client_address[1]}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's word
        pass


class _Trickle(_Echo):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        stop = threading.Event()
        for _ in range(100):
            try:
                self.wfile.write(b"x")
            except OSError:
                return
            stop.wait(0.02)


@pytest.fixture(params=[_Echo], ids=["echo"])
def server(request: pytest.FixtureRequest) -> Iterator[str]:
    found = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    found.daemon_threads = True
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()
    thread.join()


def test_a_forked_process_has_its_own_connection(server: str) -> None:
    web = Fetcher(FakeClock())

    def port(path: str) -> bytes:
        """That of the connection which answered."""
        return web.get(f"{server}/{path}", limit=99).partition(b" ")[2] if path else b""

    before = port("before")
    after, _ = [result() for result in over_cores(port, ["after", ""], jobs=2)]

    assert after
    assert after != before


def test_a_bucket_is_connected_by_each_process_for_itself() -> None:
    connected: list[int] = []

    def connect() -> ObjectStore:
        connected.append(os.getpid())
        return MemoryStore()

    lazy = LazyStore("memory://x", connect)
    lazy.stat("a")

    def last(_: int) -> tuple[int, int]:
        lazy.stat("a")
        lazy.stat("b")
        return connected[-1], os.getpid()

    found = [result() for result in over_cores(last, range(2), jobs=2)]

    assert connected == [os.getpid()]
    assert all(connector == worker != os.getpid() for connector, worker in found)


@pytest.mark.parametrize("server", [_Trickle], indirect=True, ids=["trickle"])
def test_a_download_that_trickles_is_given_up(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "LONGEST", 0.1)

    with pytest.raises(FetchError, match="took more than"):
        Fetcher(FakeClock()).get(f"{server}/x", limit=10_000)


def _many(_: Sequence[Value]) -> Value:
    return "x" * 1_000_000


@pytest.mark.parametrize(
    "template",
    [
        '{{"a"' + "|print" * 2_000 + "}}",
        "{{print" + " (many)" * 2_000 + "}}",
        "{{if many}}{{end}}" * 20_000,
        "{{if print}}{{end}}" * 20_000,
        "{{many}}" * 100,
    ],
    ids=["pipes", "arguments", "conditions", "calls", "output"],
)
def test_a_template_costs_little(template: str) -> None:
    with pytest.raises(TemplateProblemError, match="more than"):
        render(template, {"many": _many})


def test_the_line_of_a_problem_is_right_however_much_stands_before_it() -> None:
    with pytest.raises(TemplateProblemError) as caught:
        render("{{true}}\n" * 80_000 + "{{nothing}}", {})

    assert caught.value.line == 80_001


@dataclass(frozen=True)
class _Saying:
    """A specification that finds something on the first line of every file."""

    severity: Severity
    name: str = "a specification"

    def check(self, package: Package) -> Iterator[Finding]:
        for file in package.tree.files:
            yield Finding(code="odd", file=file.path, message="odd", severity=self.severity)


@pytest.mark.parametrize("severity", list(Severity))
def test_what_publishing_relies_on_is_never_hidden(severity: Severity) -> None:
    hostile = release.candidate(extra={"docs/A.md": b"", "docs/a.md": b"", "docs/x\u202e.md": b""})

    alone = {f.code for f in validate.findings(hostile.source, None) if f.severity is Severity.ERROR}
    beside = validate.findings(hostile.source, _Saying(severity))

    assert alone
    assert alone <= {f.code for f in beside if f.severity is Severity.ERROR}


@pytest.mark.parametrize("pin", ["#", "#sha256=", "#sha256=abc", "#sha=" + "0" * 64, "#" + "0" * 64])
def test_a_pin_that_pins_nothing_is_wrong_input(pin: str) -> None:
    given = {"package-spec": f"https://x.example/spec.tar.gz{pin}"}

    _, problems = Inputs.parse(given, bucket_required=False)

    assert [problem.where for problem in problems] == ["input package-spec"]


def test_an_archive_that_holds_too_much_is_refused_before_its_end(tmp_path: Path) -> None:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for number in range(20):
            member = tarfile.TarInfo(f"top/spec/{number}.yml")
            member.size = 1 << 20
            archive.addfile(member, io.BytesIO(os.urandom(1 << 20)))
    path = tmp_path / "spec.tar.gz"
    path.write_bytes(target.getvalue()[: -(1 << 20)])  # whoever reads on finds it cut off

    with pytest.raises(SpecificationError, match="too large"):
        specification.load(f"file://{path}", Fetcher(FakeClock()), Cache(None))


def settling(folder: Path) -> Settling:
    return Settling(release.job(), release.world(folder, artifacts=MemoryStore()), Ledger())


@pytest.mark.parametrize(("error", "status"), [(RecursionError, 1), (MemoryError, 3)])
def test_a_package_that_is_too_much_fails_alone(
    tmp_path: Path, error: type[Exception], status: int
) -> None:
    run = settling(tmp_path)
    crab, eel = release.candidate("crab"), release.candidate("eel")

    def step(one: Candidate) -> str:
        if one is crab:
            raise error
        return one.id.name

    assert run.each("Try", [crab, eel], lambda one: one, step) == ["eel"]
    assert [(o.name, o.status.ok) for o in run.ledger.sorted()] == [("crab", False)]
    assert run.ledger.exit_status == status


def test_without_a_whole_specification_nothing_goes_on(tmp_path: Path) -> None:
    tried: list[str] = []

    def step(one: Candidate) -> None:
        tried.append(one.id.name)
        raise SpecificationError(what="a patch is broken", where="spec", fix="name another")

    with pytest.raises(SpecificationError):
        settling(tmp_path).each(
            "Validate", [release.candidate("crab"), release.candidate("eel")], lambda one: one, step
        )

    assert tried == ["crab"]
