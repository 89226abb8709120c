"""What anybody is answered at an address, from a server on the loopback."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pkgaction.adapters import public_site as module
from pkgaction.adapters.public_site import PublicSite
from pkgaction.ports import NoAnswerError, PublicAnswer
from tests.fakes import site
from tests.fakes.site import Site


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "a.zip").write_bytes(b"12345")
    with Site.of(tmp_path) as made:
        yield made


def test_a_files_size_and_type_are_told_and_nothing_secret_is_sent(
    shelf: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login crab password shell\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    found = PublicSite().head(f"{shelf.url}/a.zip")

    assert found == PublicAnswer(status=200, size=5, content_type="application/zip")
    ((method, _, headers),) = shelf.asked
    assert method == "HEAD"
    assert headers["accept-encoding"] == "identity"
    assert not {"authorization", "cookie"} & headers.keys()


def test_a_missing_file_is_told(shelf: Site) -> None:
    assert PublicSite().head(f"{shelf.url}/b.zip").status == 404


def test_a_redirect_is_told_and_not_followed(shelf: Site) -> None:
    shelf.answer = site.status(302, "/login")

    found = PublicSite().head(f"{shelf.url}/a.zip")

    assert found.location == f"{shelf.url.removesuffix('/shelf')}/login"
    assert len(shelf.asked) == 1


def test_a_size_that_is_not_said_is_not_known(shelf: Site) -> None:
    shelf.answer = site.size(None)

    assert PublicSite().head(f"{shelf.url}/a.zip").size is None


def test_the_file_itself_is_never_sent(shelf: Site) -> None:
    shelf.answer = site.size(10**12)

    assert PublicSite().head(f"{shelf.url}/a.zip").size == 10**12


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/a",
        "file:///etc/hostname",
        "http://a:b@127.0.0.1/",
        "http://[",
        "http://\udcff/",
    ],
)
def test_an_address_that_cannot_be_asked_has_no_answer(url: str) -> None:
    with pytest.raises(NoAnswerError):
        PublicSite().head(url)


def test_waiting_ends_even_where_the_server_never_stops_to_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LONGEST", 0.3)
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not over.wait(0.05):
                    connection.sendall(b"a")

        thread = threading.Thread(target=drip)
        thread.start()
        with pytest.raises(NoAnswerError, match="within"):
            PublicSite().head(f"http://127.0.0.1:{server.getsockname()[1]}/a.zip")
        over.set()
        thread.join()
