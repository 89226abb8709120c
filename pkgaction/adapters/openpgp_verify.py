"""Whether a signature counts: gpg says whose it is, and what every reader takes is asked beside it.

One rule for all: submissions, input packages, what lies in a bucket, and what was just signed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from pkgaction.adapters.clock import SystemClock
from pkgaction.adapters.openpgp_bindings import refusal
from pkgaction.adapters.openpgp_keys import KeyPart, ListedKey, listed_keys
from pkgaction.adapters.openpgp_process import STATUS, Answer, Gpg
from pkgaction.adapters.openpgp_signatures import SignatureProblemError, read
from pkgaction.adapters.openpgp_text import MAKE, KeyProblemError, read_keys
from pkgaction.ports import Clock, Verdict

_EXPIRED = "EXPKEYSIG"
_NOT_GOOD = {"BADSIG", "ERRSIG", "EXPSIG", _EXPIRED, "REVKEYSIG", "NODATA"}
_TIME_CONFLICT = "39"  # a code of libgpg-error
_SIGN_NOW = "sign by a key that is valid, and trust that one"
_WHY = {  # the first of these that gpg says
    "BADSIG": ("the signature is not of these bytes", "sign exactly this zip"),
    "REVKEYSIG": ("its key is revoked", _SIGN_NOW),
    _EXPIRED: ("its key has expired", _SIGN_NOW),
}
_NO_KEY = "sign by a key that is trusted here, or add its public key to those"


@dataclass(frozen=True, slots=True)
class GpgVerifier:
    """Says whether a trusted key has signed, behind the port `Verifier`."""

    gpg: Gpg
    pinned: str = ""  # fingerprint of the key or of the subkey that signs; empty: any that gpg knows
    since_expired: bool = True  # a key that has expired since is trusted for what it signed before
    clock: Clock = field(default_factory=SystemClock)
    # by fingerprint of what signs, with the public key: the keys of a home stay as they are
    _known: dict[str, tuple[ListedKey, KeyPart, bytes]] = field(
        default_factory=dict, init=False, repr=False
    )

    def verify(self, zip: Path, signature: bytes) -> Verdict:  # noqa: A002 - the port's word
        """Whether a trusted key has signed exactly this zip, in a way that every reader takes.

        gpg takes the time of the machine for the ends of keys, this clock is that for signatures of the
        future: one that is more than a minute ahead is refused.

        Beside a second signature, good or not, readers differ in which one they look at: none counts.
        """
        try:
            made = read(signature, self.clock.now())
        except SignatureProblemError as error:
            return Verdict(problem=error.what, fix=error.fix, is_readable=error.is_readable)
        answer = self.gpg.run("--verify", "--", "-", str(zip.absolute()), data=signature)
        valid = self._valid(answer)
        if valid is None:
            return _why_not(answer)
        signer, primary = valid
        if not (made.is_by(signer) and made.begins_as(zip)):
            what = "the signature says another key or digest than its own, and Kibana refuses that"
            return Verdict(signer=primary, problem=what, fix="sign again by gpg")
        if self.pinned and self.pinned not in valid:
            what = f"the signature is by another key, {signer}, not by the pinned {self.pinned}"
            return Verdict(signer=primary, problem=what, fix=_NO_KEY)
        if problem := self._of_key(signer, primary, made.created):
            what = f"the signature is by the key {signer}: {problem.what}"
            return Verdict(signer=primary, problem=what, fix=problem.fix)
        return Verdict(fingerprint=primary, signer=primary)

    def warnings(self) -> list[str]:
        """Which of the trusted keys have ended, or are refused by readers, as sentences."""
        return [sentence for key in self._keys() for sentence in self._warnings(key)]

    def parts(self) -> dict[str, frozenset[str]]:
        """The fingerprints of each trusted key and its subkeys, by that of the key."""
        return {key.fingerprint: key.fingerprints for key in self._keys()}

    def _keys(self) -> list[ListedKey]:
        return listed_keys(self.gpg.run("--list-keys").lines)

    def _warnings(self, key: ListedKey) -> list[str]:
        sentences = key.trusted_in_vain(self.clock.now()) or key.refused_by_readers()
        sentences = sentences or key.unread_user_ids()
        for part in (part for part in key.parts if part.signs and not sentences):
            try:
                problem = refused_by_readers(self.gpg, key, part, self.clock.now())
            except KeyProblemError as error:
                problem = error
            if problem:
                sentences = [f"the key {part.fingerprint}: {problem.what}; {problem.fix}"]
        return sentences

    def _valid(self, answer: Answer) -> tuple[str, str] | None:
        """Fingerprints of the very key that signed, and of its primary key; None: it is not valid."""
        good = {"GOODSIG", _EXPIRED} if self.since_expired else {"GOODSIG"}
        alone = all(len(answer.status(*words)) == 1 for words in (("NEWSIG",), good, ("VALIDSIG",)))
        if not alone or answer.status(*_NOT_GOOD - good):
            return None
        (words,) = answer.status("VALIDSIG")
        if answer.status(_EXPIRED) and not _was_in_time(self.gpg, words):
            return None
        return words[0], words[-1]

    def _of_key(self, signer: str, primary: str, made: datetime) -> KeyProblemError | None:
        """Why readers refuse what a key signed at that time.

        A key that was renewed says nothing of before: something new can be signed again, and is refused;
        what lies there already is left alone, since readers may have the older public key, too.
        """
        try:
            key, part, data = self._key(signer, primary)
        except KeyProblemError as error:
            return error
        if weak := [one for one in (key.parts[0], part) if not one.is_taken_by_readers]:
            return KeyProblemError(f"Kibana refuses its signatures: it is {weak[0].kind}", MAKE)
        number = key.parts.index(part)
        if problem := refusal(data, primary, number, self.clock.now()):
            return problem
        if self.since_expired or refusal(data, primary, number, made) is None:
            return None
        what = "it was renewed since, and Kibana refuses what it signed before"
        return KeyProblemError(what, "sign again by the renewed key")

    def _key(self, signer: str, primary: str) -> tuple[ListedKey, KeyPart, bytes]:
        if signer not in self._known:
            (key,) = listed_keys(self.gpg.run("--list-keys", primary).lines)
            (part,) = (part for part in key.parts if part.fingerprint == signer)
            self._known[signer] = (key, part, _exported(self.gpg, key))
        return self._known[signer]


def refused_by_readers(gpg: Gpg, key: ListedKey, part: KeyPart, now: datetime) -> KeyProblemError | None:
    """Why readers refuse what a part of a key signs, beside its algorithm.

    Raises:
        KeyProblemError: the public key cannot be read.
    """
    return refusal(_exported(gpg, key), key.fingerprint, key.parts.index(part), now)


def _exported(gpg: Gpg, key: ListedKey) -> bytes:
    exported = gpg.run("--armor", "--export", key.fingerprint)
    return read_keys("\n".join(line for line in exported.lines if not line.startswith(STATUS)))


def is_of_unknown_key(gpg: Gpg, path: Path, signature: bytes) -> bool:
    """Whether gpg cannot tell, as it does not have the key."""
    answer = gpg.run("--verify", "--", "-", str(path.absolute()), data=signature)
    return bool(answer.status("NO_PUBKEY")) and not answer.status("BADSIG")


def _was_in_time(gpg: Gpg, valid: Sequence[str]) -> bool:
    """Whether a signature was made before its key, or the primary one, expired."""
    made = datetime.fromtimestamp(int(valid[2]), UTC)
    keys = listed_keys(gpg.run("--list-keys", valid[-1]).lines)
    parts = [part for key in keys for part in key.parts if part.fingerprint in {valid[0], valid[-1]}]
    return all(part.expires is None or made < part.expires for part in parts)


def _why_not(answer: Answer) -> Verdict:
    for word, (problem, fix) in _WHY.items():
        if answer.status(word):
            return Verdict(problem=problem, fix=fix)
    if unknown := answer.status("NO_PUBKEY"):
        what = f"the signature is by the key {unknown[0][0]}, which is not trusted here"
        return Verdict(problem=what, fix=_NO_KEY)
    if any(words[5:6] == [_TIME_CONFLICT] for words in answer.status("ERRSIG")):
        what = "the signature is dated before its key was made"
        return Verdict(problem=what, fix="correct the clock of the machine that signs, and sign again")
    what = "gpg cannot verify the signature"
    return Verdict(problem=what, fix="sign exactly this zip again, and try it by `gpg --verify`")
