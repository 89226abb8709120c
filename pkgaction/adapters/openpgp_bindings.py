"""What a key says of itself, read as Kibana's library reads it; gpg is more lenient.

Signatures are not verified here: gpg has imported them, which leaves out those that are wrong.
Source: RFC 9580, section 5.2; `getPrimaryUser` and `getSigningKey` of npm openpgp 5.0 to 6.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pkgaction.adapters.openpgp_packets import (
    PUBLIC_KEY,
    PUBLIC_SUBKEY,
    PacketProblemError,
    packets,
    subpackets,
)
from pkgaction.adapters.openpgp_text import MAKE, KeyProblemError

_SIGNATURE, _USER_ID, _ATTRIBUTE = 2, 13, 17
_CERTIFIES, _BINDS, _REVOKES = range(0x10, 0x14), 0x18, 0x30
_CREATED, _EXPIRES, _ISSUER, _PRIMARY, _FLAGS, _EMBEDDED = 2, 3, 16, 25, 27, 32
_SIGNS = 2  # the key flag
_EDDSA = 22
_DIGESTS = {1: "MD5", 2: "SHA-1", 3: "RIPEMD-160", 11: "SHA-224"}
_NEVER = {1, 3}
_RESIGN = "gpg --cert-digest-algo SHA512 --edit-key {0} expire save"
_ADD = "gpg --quick-add-uid {0} 'NAME <MAIL>'"
_CROSS = "gpg --cert-digest-algo SHA512 --edit-key {0} cross-certify save"
_AGAIN = "; then give readers the public key again"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signature:
    kind: int
    digest: int
    created: int
    expires: int  # seconds after it was made; 0: never
    issuer: str  # key id
    flags: int | None
    primary: bool
    back: "_Signature | None"

    def problem(self, algorithm: int, now: float) -> str:
        """Why readers do not take it, made by a key of that algorithm; empty if they do."""
        if self.digest in _NEVER or (algorithm == _EDDSA and self.digest in _DIGESTS):
            return f"is by {_DIGESTS[self.digest]}"
        if self.created > now:
            return f"is from the future, {datetime.fromtimestamp(self.created, UTC):%Y-%m-%d}"
        if self.expires and self.created + self.expires <= now:
            return "has expired"
        return ""


@dataclass(slots=True)
class _Part:
    """A key packet or a user ID, and the signatures that follow."""

    tag: int
    body: bytes
    signatures: list[_Signature] = field(default_factory=list)

    @property
    def algorithm(self) -> int:
        """Of a key packet."""
        return self.body[5]


def refusal(data: bytes, fingerprint: str, number: int, now: datetime) -> KeyProblemError | None:
    """Why readers refuse the signatures of a part of a key; None if they take them.

    Args:
        data: the public key, as gpg exports it.
        fingerprint: of the primary key.
        number: which part signs: 0 is the primary key, then its subkeys in order.
        now: when it signs.
    """
    primary, *rest = _parts(data)
    issuer = fingerprint[-16:]
    users = [p for p in rest if p.tag == _USER_ID and _is_text(p.body)]
    subkeys = [p for p in rest if p.tag == PUBLIC_SUBKEY]
    if not users or number > len(subkeys):
        return None  # told by another sentence: no user ID in UTF-8
    try:
        chosen = _user(users, issuer, primary.algorithm, now.timestamp())
        if number == 0:
            _require_flag(chosen, "self-signature", _ADD)
        else:
            _check_subkey(subkeys[number - 1], issuer, primary.algorithm, now.timestamp())
    except _RefusedError as error:
        fix = error.command.format(fingerprint)
        return KeyProblemError(f"Kibana refuses it: {error}", f"`{fix}`{_AGAIN}" if fix != MAKE else fix)
    return None


class _RefusedError(Exception):
    def __init__(self, what: str, command: str) -> None:
        super().__init__(what)
        self.command = command


def _user(users: Sequence[_Part], issuer: str, algorithm: int, now: float) -> _Signature:
    """The self-signature of the user ID that readers take: the primary one, else the newest."""
    problem, found = "is missing", []
    for user in users:
        own = [s for s in user.signatures if s.issuer == issuer]
        good, told = _newest([s for s in own if s.kind in _CERTIFIES], algorithm, now)
        problem = told or problem
        if good:
            revoked = any(s.kind == _REVOKES for s in own)
            found.append((not revoked, good.primary, good.created, good))
    if not found:
        command = _RESIGN if "by" in problem.split() else _ADD
        raise _RefusedError(f"the self-signature of its user ID {problem}", command)
    taken, _, _, chosen = max(found, key=lambda one: one[:3])
    if not taken:
        raise _RefusedError("its user IDs are revoked", _ADD)
    return chosen


def _check_subkey(subkey: _Part, issuer: str, algorithm: int, now: float) -> None:
    own = [s for s in subkey.signatures if s.kind == _BINDS and s.issuer == issuer]
    binding, problem = _newest(own, algorithm, now)
    if binding is None:
        raise _RefusedError(f"the signature that binds its subkey {problem or 'is missing'}", MAKE)
    _require_flag(binding, "signature that binds its subkey", MAKE)
    if binding.back is None:
        raise _RefusedError("its subkey has no back signature", _CROSS)
    if problem := binding.back.problem(subkey.algorithm, now):
        raise _RefusedError(f"the back signature of its subkey {problem}", _CROSS)


def _newest(
    signatures: Sequence[_Signature], algorithm: int, now: float
) -> tuple[_Signature | None, str]:
    """The newest that readers take; else what is wrong with the last."""
    problems = [s.problem(algorithm, now) for s in signatures]
    good = [s for s, problem in zip(signatures, problems, strict=True) if not problem]
    return max(good, key=lambda s: s.created, default=None), "" if good else (problems or [""])[-1]


def _require_flag(signature: _Signature, name: str, command: str) -> None:
    if signature.flags is None:
        raise _RefusedError(f"the {name} has no key flags", command)
    if not signature.flags & _SIGNS:
        raise _RefusedError(f"the {name} that readers look at does not say that it may sign", command)


def _is_text(user_id: bytes) -> bool:
    try:
        user_id.decode()
    except UnicodeDecodeError:
        return False
    return True


def _parts(data: bytes) -> list[_Part]:
    parts: list[_Part] = []
    for tag, body in packets(data):
        if tag in {PUBLIC_KEY, PUBLIC_SUBKEY, _USER_ID, _ATTRIBUTE}:
            parts.append(_Part(tag, body))
        elif tag == _SIGNATURE and parts and (signature := _readable(body)):
            parts[-1].signatures.append(signature)
    return parts


def _readable(body: bytes) -> _Signature | None:
    """None also for one that is damaged: anybody may have put theirs to a key, and gpg passes it on."""
    try:
        return _signature(body)
    except (PacketProblemError, IndexError):
        return None


def _signature(body: bytes) -> _Signature | None:
    """None for versions that nobody makes any more."""
    if len(body) < 8 or body[0] != 4:  # noqa: PLR2004 - version 4, and its fixed fields
        return None
    hashed = int.from_bytes(body[4:6], "big")
    at = 6 + hashed
    unhashed = int.from_bytes(body[at : at + 2], "big")
    signed = _fields(body[6:at])
    found = {**_fields(body[at + 2 : at + 2 + unhashed]), **signed}
    flags, back = signed.get(_FLAGS), found.get(_EMBEDDED)
    return _Signature(
        kind=body[1],
        digest=body[3],
        created=_seconds(signed.get(_CREATED)),
        expires=_seconds(signed.get(_EXPIRES)),
        issuer=found.get(_ISSUER, b"").hex().upper() or found.get(33, b"")[-8:].hex().upper(),
        flags=None if flags is None else int.from_bytes(flags[:1], "big"),
        primary=any(signed.get(_PRIMARY, b"")),
        back=_signature(back) if back else None,
    )


def _fields(area: bytes) -> dict[int, bytes]:
    return {number & 0x7F: value for number, value in subpackets(area)}


def _seconds(field: bytes | None) -> int:
    """Of a time, which has four bytes; 0 where there is none."""
    if field is not None and len(field) != 4:  # noqa: PLR2004 - section 5.2.3.11
        raise PacketProblemError
    return int.from_bytes(field or b"", "big")
