"""What we take as a signature, every reader takes: each key by each digest, class and time.

And each packet that differs in a bit, or that a tool could write another way.
"""

import base64
import itertools
import json
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from pkgaction.adapters.openpgp_verify import GpgVerifier
from pkgaction.model.armor import unarmored
from pkgaction.model.secret import Secret
from pkgaction.ports import Verdict
from tests.contract.test_openpgp import scratch, trusting
from tests.fakes import keys
from tests.registry.conftest import ROOT, node, tool

__all__ = ["scratch"]  # a fixture

_SCRIPT = ROOT / ".venv" / "kibana" / "table.mjs"
_MADE, _VALID = "20210101T000000", "20210601T000000"
_FUTURE = "20400101T000000"
READERS = ("openpgp.js 5", "openpgp.js 6", "Go", "gpg")
Answers = Mapping[str, str]  # by reader: why it refuses the signature; empty: it does not

# how each key is made: algorithm, end, algorithm of a subkey that signs
KEYS: Mapping[str, tuple[str, str, str]] = {
    "rsa1024": ("rsa1024", "0", ""),
    "rsa2048": ("rsa2048", "0", ""),
    "rsa3072": ("rsa3072", "0", ""),
    "dsa2048": ("dsa2048", "0", ""),
    "ed25519": ("ed25519", "0", ""),
    "nistp256": ("nistp256", "0", ""),
    "nistp521": ("nistp521", "0", ""),
    "secp256k1": ("secp256k1", "0", ""),
    "brainpoolP256r1": ("brainpoolP256r1", "0", ""),
    "expired": ("ed25519", "20220101T000000", ""),
    "subkey of ed25519": ("ed25519", "0", "ed25519"),
    "subkey of rsa2048": ("rsa2048", "0", "nistp256/ecdsa"),
    "subkey of rsa1024": ("rsa1024", "0", "ed25519"),
    "weak subkey": ("ed25519", "0", "rsa1024"),
}
REFUSED_KEYS = {
    "rsa1024": "RSA of 1024 bits",
    "dsa2048": "one of DSA",
    "secp256k1": "it is secp256k1",
    "brainpoolP256r1": "it is brainpoolP256r1",
    "expired": "key has expired",
    "subkey of rsa1024": "RSA of 1024 bits",
    "weak subkey": "RSA of 1024 bits",
}
DIGESTS = {
    "MD5": "by MD5",
    "SHA1": "by SHA-1",
    "RIPEMD160": "by RIPEMD-160",
    "SHA224": "by SHA-224",
    "SHA256": "",
    "SHA384": "",
    "SHA512": "",
}
CLASSES = {"binary": (), "text": ("--textmode",)}
TIMES: Mapping[str, tuple[str, ...]] = {
    "valid": ("--faked-system-time", _VALID),
    "ends later": ("--faked-system-time", _VALID, "--default-sig-expire", "30y"),
    "ended": ("--faked-system-time", _VALID, "--default-sig-expire", "30d"),
    "future": ("--faked-system-time", _FUTURE),
    "before the key": (
        "--faked-system-time",
        "20200101T000000",
        "--ignore-time-conflict",
        "--ignore-valid-from",
    ),
}
REFUSED_TIMES = {
    "ends later": "has an end",
    "ended": "has an end",
    "future": "in the future",
    "before the key": "before its key",
}
_SHORT = {"MD5", "SHA1", "RIPEMD160", "SHA224"}  # gpg makes none of these by a curve or DSA


@dataclass(frozen=True, slots=True)
class Case:
    """A signature to be made."""

    key: str
    digest: str
    kind: str
    time: str

    @property
    def can_be_made(self) -> bool:
        """Whether gpg can be talked into it."""
        algorithm = KEYS[self.key][2] or KEYS[self.key][0]
        is_short = self.digest in _SHORT and not algorithm.startswith(("rsa", "ed25519"))
        is_short |= algorithm == "nistp521" and self.digest != "SHA512"
        return not is_short and not (self.key == "expired" and self.time == "future")

    @property
    def reason(self) -> str:
        """What we must say against it; empty: nothing."""
        kind = "class 0x01" if self.kind == "text" else ""
        is_dsa = REFUSED_KEYS["dsa2048"] if self.key == "dsa2048" else ""
        time, key = REFUSED_TIMES.get(self.time, ""), REFUSED_KEYS.get(self.key, "")
        return kind or DIGESTS[self.digest] or is_dsa or time or key


CASES = [
    case for row in itertools.product(KEYS, DIGESTS, CLASSES, TIMES) if (case := Case(*row)).can_be_made
]
# (what we say, by which key) where every reader takes what we refuse, and why
STRICTER = {
    "class 0x01": "readers change line ends; of a zip there are none to change, so most take it",
    "by SHA-224": "RSA alone: Kibana refuses it of Ed25519",
    "has an end": "it ends later, and what is published stays",
}


@dataclass(frozen=True, slots=True)
class Shop:
    """Where signatures are made: all keys in one home, and each public key in a file."""

    home: Path
    signed: Path
    signers: Mapping[str, str]  # fingerprint of what signs, by key
    public: Mapping[str, Path]  # by key

    def sign(self, case: Case, *more: str) -> bytes:
        """The armored signature."""
        how = ("--allow-weak-digest-algos", "--local-user", f"{self.signers[case.key]}!", *more)
        options = (*TIMES[case.time], *CLASSES[case.kind], "--digest-algo", case.digest, *how)
        output = self.home / "output.asc"
        keys.gpg(self.home, "", *options, "-a", "-o", str(output), "-b", str(self.signed))
        return output.read_bytes()

    def ask(self, rows: Sequence[tuple[str, bytes]]) -> list[Answers]:
        """What each reader says of signatures, each with its key."""
        files = []
        for number, (_, armored) in enumerate(rows):
            files.append(self.home / f"{number}.sig")
            files[-1].write_bytes(armored)
        table = self.home / "table.json"
        listed = [
            [str(self.public[key]), str(self.signed), str(file)]
            for (key, _), file in zip(rows, files, strict=True)
        ]
        table.write_text(json.dumps(listed))
        kibana = json.loads(_run(node(), str(_SCRIPT), str(table)))
        go = json.loads(_run(str(tool("verify-signature", "install Go")), str(table)))
        gpg = [self._gpg(file) for file in files]
        both = zip(kibana, go, gpg, strict=True)
        return [
            {name: said if "refused" in said else "" for name, said in zip(READERS, said, strict=True)}
            for said in ((*js, other, plain) for js, other, plain in both)
        ]

    def _gpg(self, signature: Path) -> str:
        command = ["gpg", "--homedir", str(self.home), "--batch", "--verify", str(signature)]
        done = subprocess.run([*command, str(self.signed)], capture_output=True, check=False)
        return "refused" if done.returncode else ""


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    at = ("--faked-system-time", _MADE)
    with keys.home() as folder:
        signers: dict[str, str] = {}
        public: dict[str, Path] = {}
        for name, (algorithm, end, sub) in KEYS.items():
            before = set(keys.fingerprints(folder)) if signers else set()
            usage = "cert" if sub else "sign"
            keys.gpg(
                folder, "", *at, "--quick-generate-key", f"{name} <a@b.example>", algorithm, usage, end
            )
            (primary,) = set(keys.fingerprints(folder)) - before
            if sub:
                keys.gpg(folder, "", *at, "--quick-add-key", primary, sub, "sign", "0")
            (signers[name],) = set(keys.fingerprints(folder)) - before - ({primary} if sub else set())
            public[name] = folder / f"{len(public)}.asc"
            public[name].write_text(keys.gpg(folder, "", "--armor", "--export", primary))
        signed = folder / "package.zip"
        signed.write_bytes(b"PK\3\4 not really\n")
        yield Shop(folder, signed, signers, public)


@pytest.fixture
def judge(shop: Shop, scratch: Path) -> Iterator[Callable[[str, bytes], Verdict]]:
    """Our verdict on a signature by a key that is trusted, alone, for something new."""
    with ExitStack() as stack:
        verifiers: dict[str, GpgVerifier] = {}

        def verify(key: str, armored: bytes) -> Verdict:
            if key not in verifiers:
                folder = scratch / str(len(verifiers))
                folder.mkdir()
                trusted = trusting(folder, Secret(shop.public[key].read_text()), since_expired=False)
                verifiers[key] = stack.enter_context(trusted)
            return verifiers[key].verify(shop.signed, armored)

        yield verify


Judge = Callable[[str, bytes], Verdict]


def test_every_reader_takes_what_we_take_and_the_rest_is_refused_with_its_reason(
    shop: Shop, judge: Judge
) -> None:
    rows = [(case.key, shop.sign(case)) for case in CASES]

    verdicts = [judge(*row) for row in rows]
    answers = shop.ask(rows)

    wrong = [
        (case, verdict.problem)
        for case, verdict in zip(CASES, verdicts, strict=True)
        if bool(verdict) == bool(case.reason) or case.reason not in verdict.problem
    ]
    assert wrong == []
    assert all(verdict or verdict.fix for verdict in verdicts)
    disagreed = [
        (case, answer)
        for case, verdict, answer in zip(CASES, verdicts, answers, strict=True)
        if verdict and any(answer.values())
    ]
    assert disagreed == []
    taken_by_all = {
        case.reason for case, answer in zip(CASES, answers, strict=True) if not any(answer.values())
    }
    assert taken_by_all - {""} == set(STRICTER)
    assert sum(map(bool, verdicts)) == sum(not case.reason for case in CASES) > len(KEYS)


def test_a_renewed_key_needs_its_older_self_signature_for_what_it_signed_before(
    shop: Shop, scratch: Path
) -> None:
    """The new one takes its place in gpg; who imports the older public key again has both."""
    later = ("--faked-system-time", "20220101T000000")
    with keys.home() as folder:
        at = ("--faked-system-time", _MADE)
        keys.gpg(folder, "", *at, "--quick-generate-key", "Kelp", "ed25519", "sign", "20300101T000000")
        (fingerprint,) = keys.fingerprints(folder)
        older = keys.gpg(folder, "", "--armor", "--export")
        sign = ("--faked-system-time", _VALID, "--armor", "--output", "-", "--detach-sign")
        armored = keys.gpg(folder, "", *sign, str(shop.signed)).encode()
        keys.gpg(folder, "", *later, "--quick-set-expire", fingerprint, "20310101T000000")
        newer = keys.gpg(folder, "", "--armor", "--export")
        (folder / "older.asc").write_text(older)
        keys.gpg(folder, "", "--import", str(folder / "older.asc"))
        both = keys.gpg(folder, "", "--armor", "--export")
    public = {name: shop.home / f"{name}.asc" for name in ("older", "newer", "both")}
    for name, text in (("older", older), ("newer", newer), ("both", both)):
        public[name].write_text(text)

    answers = replace(shop, public=public).ask([(name, armored) for name in public])
    verdicts = []
    for name, path in public.items():
        (folder := scratch / name).mkdir()
        with trusting(folder, Secret(path.read_text()), since_expired=False) as verifier:
            verdicts.append(verifier.verify(shop.signed, armored))

    taken = [not said["openpgp.js 5"] and not said["openpgp.js 6"] for said in answers]
    assert taken == [True, False, True]
    assert [bool(verdict) for verdict in verdicts] == taken
    assert "renewed since" in verdicts[1].problem


# --- written another way -----------------------------------------------------------------------------

_PLAIN = Case("ed25519", "SHA512", "binary", "valid")
_OPTIONS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "none": ("", ()),
    "comment": ("", ("--comment", "Jürgen's <key>")),
    "version": ("", ("--emit-version",)),
    "notation": ("", ("--sig-notation", "salt@deepwater.example=x")),
    "policy": ("", ("--sig-policy-url", "https://deepwater.example/policy")),
    "sender": ("", ("--sender", "a@b.example")),
    "critical notation": ("critical field", ("--sig-notation", "!salt@deepwater.example=x")),
    "critical policy": ("critical field", ("--sig-policy-url", "!https://deepwater.example/policy")),
    "key server": ("subpacket 24", ("--sig-keyserver-url", "https://deepwater.example")),
}


@pytest.mark.parametrize("options", _OPTIONS)
def test_an_option_of_gpg_is_refused_or_taken_by_every_reader(
    shop: Shop, judge: Judge, options: str
) -> None:
    reason, arguments = _OPTIONS[options]
    armored = shop.sign(_PLAIN, *arguments)

    verdict = judge("ed25519", armored)

    assert bool(verdict) is not bool(reason), verdict.problem
    assert reason in verdict.problem
    (answers,) = shop.ask([("ed25519", armored)])
    assert not verdict or not any(answers.values()), answers


def _armored(data: bytes, *, width: int = 64, end: str = "\n", head: str = "") -> bytes:
    text = base64.b64encode(data).decode()
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    begin, last = "-----BEGIN PGP SIGNATURE-----", "-----END PGP SIGNATURE-----"
    return end.join([begin, *([head] if head else []), "", *lines, last, ""]).encode()


def _packet(body: bytes, first: int = 0x88) -> bytes:
    return bytes([first, len(body)]) + body


def _unhashed(body: bytes, area: bytes) -> bytes:
    """The same signature with other fields that it does not cover."""
    at = 6 + int.from_bytes(body[4:6], "big")
    return body[:at] + len(area).to_bytes(2) + area + body[_behind_fields(body) :]


def _behind_fields(body: bytes) -> int:
    at = 6 + int.from_bytes(body[4:6], "big")
    return at + 2 + int.from_bytes(body[at : at + 2], "big")


def _field(number: int, value: bytes) -> bytes:
    return bytes([len(value) + 1, number]) + value


_STRANGER = bytes(range(8))
_NOTATION = bytes([0x80, 0, 0, 0, 0, 1, 0, 1]) + b"ab"
WAYS: Mapping[str, tuple[bool, Callable[[bytes], bytes]]] = {
    "no checksum": (True, lambda body: _armored(_packet(body))),
    "carriage returns": (True, lambda body: _armored(_packet(body), end="\r\n")),
    "longest lines": (True, lambda body: _armored(_packet(body), width=96)),
    "too long lines": (False, lambda body: _armored(_packet(body), width=100)),
    "header": (True, lambda body: _armored(_packet(body), head="Comment: a: b")),
    "no header": (False, lambda body: _armored(_packet(body), head="Comment")),
    "new form": (True, lambda body: _armored(_packet(body, 0xC2))),
    "two bytes of length": (False, lambda body: _armored(b"\x89" + len(body).to_bytes(2) + body)),
    "five bytes of length": (False, lambda body: _armored(b"\xc2\xff" + len(body).to_bytes(4) + body)),
    "no length": (False, lambda body: _armored(b"\x8b" + body)),
    "in parts": (False, lambda body: _armored(b"\xc2\xe5" + body[:32] + _packet(body[32:])[1:])),
    "trailing byte": (False, lambda body: _armored(_packet(body + b"\0"))),
    "trailing number": (False, lambda body: _armored(_packet(body + b"\0\1\1"))),
    "twice in a block": (False, lambda body: _armored(_packet(body) * 2)),
    "two blocks": (False, lambda body: _armored(_packet(body)) * 2),
    "a marker before": (False, lambda body: _armored(b"\xca\x03PGP" + _packet(body))),
    "padding behind": (False, lambda body: _armored(_packet(body) + b"\xd5\x02ab")),
    "text before": (False, lambda body: b"see below\n" + _armored(_packet(body))),
    "text behind": (False, lambda body: _armored(_packet(body)) + b"see above\n"),
    "fingerprint alone": (True, lambda body: _armored(_packet(_unhashed(body, b"")))),
    "another key": (False, lambda body: _armored(_packet(_unhashed(body, _field(16, _STRANGER))))),
    "a date not covered": (
        False,
        lambda body: _armored(_packet(_unhashed(body, _field(2, b"\x70000")))),
    ),
    "a notation not covered": (
        False,
        lambda body: _armored(_packet(_unhashed(body, _field(20, _NOTATION)))),
    ),
    "an unknown field": (False, lambda body: _armored(_packet(_unhashed(body, _field(101, b"x"))))),
    "an empty field": (False, lambda body: _armored(_packet(_unhashed(body, b"\0")))),
    "a signature within": (False, lambda body: _armored(_packet(_unhashed(body, _field(32, b"\4\0"))))),
}


@pytest.mark.parametrize("way", WAYS)
def test_another_way_to_write_it_is_refused_or_taken_by_every_reader(
    shop: Shop, judge: Judge, way: str
) -> None:
    is_taken, write = WAYS[way]
    armored = write(_body(shop))

    verdict = judge("ed25519", armored)

    assert bool(verdict) is is_taken, verdict.problem
    (answers,) = shop.ask([("ed25519", armored)])
    assert not verdict or not any(answers.values()), answers


def test_no_bit_of_a_signature_changes_what_readers_make_of_it(shop: Shop, judge: Judge) -> None:
    body = _body(shop)
    rows = []
    for at in range(len(body) * 8):
        data = bytearray(_packet(body))
        data[2 + at // 8] ^= 1 << at % 8
        rows.append(("ed25519", _armored(bytes(data))))

    verdicts = [judge(*row) for row in rows]

    taken = [row for row, verdict in zip(rows, verdicts, strict=True) if verdict]
    assert not any(any(answers.values()) for answers in shop.ask(taken))
    assert len(taken) < len(rows) // 10
    start = (_behind_fields(body) + 2) * 8
    assert not any(verdicts[start - 16 : start]), "the start of the digest: gpg does not look at it"


def _body(shop: Shop) -> bytes:
    data = unarmored(shop.sign(_PLAIN))
    assert data is not None
    assert data[0] == 0x88
    return data[2:]
