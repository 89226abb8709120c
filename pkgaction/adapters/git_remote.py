"""The way to the checkout's remote: in the Action by https with its token, whatever made the checkout.

A container has no ssh key, and a git configuration that earlier steps left may hold a token, other
addresses or helpers that ask: for the one address that is used, ours is the last word.
"""

import base64
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from pkgaction.errors import UsageError
from pkgaction.model.secret import Secret

Settings = tuple[tuple[str, str], ...]  # of git's configuration, the last of a key wins
URL = "remote.origin.url"
NAME = "pkgaction"  # of the remote that is asked: no other configuration speaks of it
_ADDRESS = "pkgaction:remote"  # what only our own rule for addresses applies to
_SSH = {"ssh", "git+ssh", "ssh+git"}
# [USER@]HOST:PATH, where no slash stands before the colon; a port goes with brackets
_SHORT = re.compile(r"\[?(?:[^@/]*@)?(?P<host>[^/:@\[\]]+)(?::[0-9]+)?\]?:(?!//)(?P<path>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """The GitHub server of a run."""

    url: str = ""  # https://github.com; empty: at a terminal, which has its own ways
    repository: str = ""  # OWNER/NAME
    token: Secret = field(default=Secret(""))


TERMINAL = Server()


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the remote is reached."""

    settings: Settings = ()
    barred: UsageError | None = None  # why it can't be


@dataclass(frozen=True, slots=True)
class _Address:
    """The parts of a remote's address that are needed here."""

    scheme: str
    host: str  # in lower case
    path: str  # without slashes around it


def way(address: str, resolved: str, server: Server) -> Way:
    """How to reach a remote.

    Args:
        address: as the checkout has it; empty: it has no remote.
        resolved: the same after the rules for addresses in the configuration.
        server: of the run. What is its repository by either address is fetched from there.
    """
    if not address:
        what, fix = "the checkout has no remote called origin", "check out by actions/checkout"
        return Way(barred=UsageError(what=what, where="git", fix=fix))
    there = _on_server(address, server) or _on_server(resolved, server)
    parsed = _parsed(resolved)
    by_ssh = parsed is not None and parsed.scheme == "ssh"
    if there and (server.token or not by_ssh):
        return _by_token(there, server)
    if parsed and by_ssh and server.url:
        return Way(settings=_as_it_is(resolved), barred=_no_key(parsed, server, known=bool(there)))
    return Way(settings=_as_it_is(resolved))


def _parsed(address: str) -> _Address | None:
    """The parts of an address; None for a file's."""
    scheme, mark, _ = address.partition("://")
    if mark and scheme.lower() in {*_SSH, "git", "http", "https"}:
        try:
            split = urlsplit(address)
            return _Address(
                "ssh" if scheme.lower() in _SSH else split.scheme,
                split.hostname or "",
                split.path.strip("/"),
            )
        except ValueError:
            return None
    if not mark and (short := _SHORT.fullmatch(address)):
        return _Address("ssh", short["host"].lower(), short["path"].strip("/"))
    return None


def _on_server(address: str, server: Server) -> str:
    """Where the server has what an address names; empty where it is not the server's.

    A host that is not the server's may be an alias of it in somebody's ssh configuration: that is
    believed of the run's own repository.
    """
    parsed = _parsed(address) if server.url else None
    if parsed is None:
        return ""
    if parsed.scheme in {"http", "https"}:
        return address if _is_below(urlsplit(address), urlsplit(server.url)) else ""
    base, host = server.url.rstrip("/"), urlsplit(server.url).hostname or ""
    if parsed.host in {host, f"ssh.{host}"}:
        return f"{base}/{parsed.path}"
    own = parsed.path.removesuffix(".git").lower() == server.repository.lower()
    return f"{base}/{server.repository}" if own and parsed.scheme == "ssh" else ""


def _is_below(address: SplitResult, server: SplitResult) -> bool:
    """Whether an http(s) address is the server's, without a login of its own."""
    same = (address.scheme, address.hostname) == (server.scheme, server.hostname)
    usual = {"https": 443, "http": 80}.get(server.scheme)
    try:
        ports = (address.port or usual, server.port or usual)
        return same and ports[0] == ports[1] and address.password is None
    except ValueError:
        return False


def _as_it_is(address: str) -> Settings:
    """No other rule for addresses is applied to this one: the checkout's own have been."""
    rule = f"url.{address}.insteadOf"
    return ((URL, address), (rule, address), (f"remote.{NAME}.url", _ADDRESS), (rule, _ADDRESS))


def _by_token(address: str, server: Server) -> Way:
    """Fetches with the token's header and no other, which nothing else is asked for."""
    settings = _as_it_is(address)
    if server.token:
        header = f"http.{address}.extraHeader"
        # an empty value takes away what other configuration sends there
        settings += ((header, ""), (header, token_header(server.token)))
        settings += ((f"credential.{address}.helper", ""), ("core.askPass", ""))
    return Way(settings=settings)


def token_header(token: Secret) -> str:
    """The header that a fetch from GitHub is authorized by."""
    basic = base64.b64encode(f"x-access-token:{token.reveal()}".encode()).decode()
    return f"AUTHORIZATION: basic {basic}"


def _no_key(parsed: _Address, server: Server, *, known: bool) -> UsageError:
    what = (
        f"the checkout's remote {parsed.host}:{parsed.path} is reached by ssh, and there is no key here"
    )
    if known:
        fix = "set github-token, which fetches by https; or check out without ssh-key"
        return UsageError(what=what, where="input github-token", fix=fix)
    fix = f"check out from {server.url} by https, without ssh-key"
    return UsageError(what=what, where="git", fix=fix)
