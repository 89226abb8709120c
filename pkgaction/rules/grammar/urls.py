"""References to web pages as Go's url.Parse takes them apart. Source: https://pkg.go.dev/net/url#Parse.

Python's urllib refuses next to nothing, so a link that Go's tools refuse would pass.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_ASCII_ESCAPE = re.compile(r"%[0-7]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_PORT = re.compile(r"(:[0-9]*)?")
_HOST = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:\[\]<>\"-]|%[0-9a-fA-F]{2}|[^\x00-\x7f])*")
_USER = re.compile(r"[A-Za-z0-9._:~!$&'()*+,;=%@-]*")


@dataclass(frozen=True, slots=True)
class Url:
    """What the rules ask of a reference."""

    host: str
    path: str


def parse(text: str) -> Url | None:
    """A reference's host, with its port, and its path; None where the text is no reference."""
    rest, _, fragment = text.partition("#")
    scheme = _SCHEME.match(rest)
    if _CONTROL.search(rest) or _BAD_ESCAPE.search(fragment) or rest.startswith(":"):
        return None
    rest = (rest[scheme.end() :] if scheme else rest).partition("?")[0]
    if not rest.startswith("/"):
        return _relative(rest, scheme=bool(scheme))
    if rest.startswith("//") and (scheme or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        host = _host(authority)
        return None if host is None or _BAD_ESCAPE.search(path) else Url(host, unquote(slash + path))
    return None if _BAD_ESCAPE.search(rest) else Url("", unquote(rest))


def _relative(rest: str, *, scheme: bool) -> Url | None:
    if scheme:  # as mailto:x, which has neither host nor path
        return Url("", "")
    if ":" in rest.partition("/")[0] or _BAD_ESCAPE.search(rest):
        return None
    return Url("", unquote(rest))


def _host(authority: str) -> str | None:
    user, at, host = authority.rpartition("@")
    if at and (not _USER.fullmatch(user) or _BAD_ESCAPE.search(user)):
        return None
    if host.startswith("["):
        address, closed, port = host.rpartition("]")
        if not closed or ":" not in address:
            return None
    else:
        _, colon, number = host.rpartition(":")
        port = colon + number if colon else ""
        if "[" in host:
            return None
    if not _PORT.fullmatch(port) or not _HOST.fullmatch(host) or _ASCII_ESCAPE.search(host):
        return None
    return unquote(host)
