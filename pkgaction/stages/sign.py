"""sign: a zip → the zip with a signature that was verified."""

from pkgaction.model.release import Built, Signed
from pkgaction.ports import Signer


def sign(built: Built, signer: Signer) -> Signed:
    """Sign a zip.

    Raises:
        SigningKeyError: the key doesn't sign, or its signature doesn't verify.
    """
    return Signed(built, signer.sign(built.zip))
