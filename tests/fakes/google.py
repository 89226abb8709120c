"""Google Cloud on the loopback, under its real names: storage, STS and IAM, for a program that can't be
told other addresses.

with Google.running() as google:
    ...  # a program whose environment has google.environ(path of google.certificate in its file system)
    print(google.names("my-packages"), google.refused)

It is a proxy for HTTPS: a tunnel to one of the names leads to its stand-in, any other is refused.
"""

import contextlib
import socket
import socketserver
import ssl
import tempfile
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote, urlsplit

import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.fakes import emulator
from tests.fakes.identity import LoopbackIdentity

STORAGE, STS, IAM = "storage.googleapis.com", "sts.googleapis.com", "iamcredentials.googleapis.com"
_MOST = 64 * 1024  # bytes a read


@dataclass(slots=True)
class Google:
    """What a program sees as Google Cloud."""

    identity: LoopbackIdentity
    storage: str  # address of the emulator
    certificate: str  # PEM, to be trusted
    proxy: str = ""
    refused: list[str] = field(default_factory=list)  # other hosts that were asked for

    @classmethod
    @contextlib.contextmanager
    def running(cls, *buckets: str) -> Iterator["Google"]:
        """All of it, with some empty buckets."""
        with (
            LoopbackIdentity() as identity,
            emulator.running(external=f"https://{STORAGE}") as storage,
        ):
            certificate, context = certified(STORAGE, STS, IAM)
            google = cls(identity, storage, certificate)
            for name in buckets:
                emulator.make_bucket(storage, name)
            upstreams = {STORAGE: storage, STS: identity.url, IAM: identity.url}
            handler = type(
                "Handler", (_Tunnel,), {"google": google, "context": context, "upstreams": upstreams}
            )
            with _Server(("127.0.0.1", 0), handler) as server:
                google.proxy = f"http://127.0.0.1:{server.server_address[1]}"
                threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
                yield google
                server.shutdown()

    def environ(self, certificate: str) -> dict[str, str]:
        """The job's variables, and the way to here; `certificate` is the file that holds ours."""
        return {
            **self.identity.environ,
            "HTTPS_PROXY": self.proxy,
            "REQUESTS_CA_BUNDLE": certificate,
        }

    def names(self, bucket: str) -> set[str]:
        """The objects of a bucket."""
        listed = requests.get(f"{self.storage}/storage/v1/b/{bucket}/o", timeout=10).json()
        return {str(item["name"]) for item in listed.get("items", ())}

    def metadata(self, bucket: str, name: str) -> dict[str, str]:
        """What an object says of itself."""
        where = f"{self.storage}/storage/v1/b/{bucket}/o/{quote(name, safe='')}"
        found = requests.get(where, timeout=10).json()
        return dict(found["metadata"])

    def read(self, bucket: str, name: str) -> bytes:
        """An object's bytes."""
        where = f"{self.storage}/storage/v1/b/{bucket}/o/{quote(name, safe='')}?alt=media"
        found = requests.get(where, timeout=10)
        found.raise_for_status()
        return found.content


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes is no error here."""


class _Tunnel(socketserver.BaseRequestHandler):
    google: ClassVar[Google]
    context: ClassVar[ssl.SSLContext]
    upstreams: ClassVar[Mapping[str, str]]

    def handle(self) -> None:
        client: socket.socket = self.request
        head = b""
        while b"\r\n\r\n" not in head:
            part = client.recv(_MOST)
            if not part:
                return
            head += part
        method, target = head.split(b" ", 2)[:2]
        host = target.decode().partition(":")[0]
        upstream = self.upstreams.get(host)
        if method != b"CONNECT" or upstream is None:
            self.google.refused.append(host)
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            return
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        address = urlsplit(upstream)
        with (
            self.context.wrap_socket(client, server_side=True) as inside,
            socket.create_connection((address.hostname, address.port)) as server,
        ):
            threading.Thread(target=_pump, args=(server, inside), daemon=True).start()
            _pump(inside, server)


def _pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on until one side goes."""
    with contextlib.suppress(OSError):
        while part := source.recv(_MOST):
            target.sendall(part)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def certified(*hosts: str) -> tuple[str, ssl.SSLContext]:
    """A certificate that vouches for itself, as PEM, and a server's side of it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Loopback")])
    now = datetime.now(UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = made.public_bytes(Encoding.PEM)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(private + public)
        file.flush()
        context.load_cert_chain(file.name)
    return public.decode(), context
