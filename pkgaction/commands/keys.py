"""sign, verify: zips and the signatures beside them."""

import tempfile
from pathlib import Path

from pkgaction.adapters import openpgp
from pkgaction.adapters.openpgp_verify import GpgVerifier
from pkgaction.commands.context import Context, read_signature, require_zip
from pkgaction.model.json import JsonObject


def sign(context: Context) -> int:
    """Write `ZIP.sig` beside each zip."""
    signer = context.signer()

    def step(path: Path) -> bool:
        require_zip(path)
        target = path.with_name(f"{path.name}.sig")
        signature = signer.sign(path)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".pkgaction-") as aside:
            made = Path(aside) / target.name
            made.write_bytes(signature.armored)
            made.replace(target)  # whole or not at all, whatever lies there
        row: JsonObject = {
            "zip": str(path),
            "signature": str(target),
            "fingerprint": signature.fingerprint,
        }
        context.print(row, f"{target}: by {signature.fingerprint}")
        return True

    return context.each(step)


def verify(context: Context) -> int:
    """Verify each zip by the `ZIP.sig` beside it, with the given key or the user's key ring."""
    opened = openpgp.opened_for_verifying(
        context.scratch, context.environ, key=context.inputs.gpg_private_key
    )
    gpg = context.stack.enter_context(opened)
    verifier = GpgVerifier(gpg, context.inputs.gpg_fingerprint, clock=context.place.clock)

    def step(path: Path) -> bool:
        require_zip(path)
        verdict = verifier.verify(path, read_signature(path.with_name(f"{path.name}.sig")))
        by = verdict.signer
        row: JsonObject = {
            "zip": str(path),
            "valid": bool(verdict),
            "fingerprint": by or None,
            "problem": verdict.problem or None,
            "fix": verdict.fix or None,
        }
        said = f"valid, by {by}" if verdict else f"not valid: {verdict.problem}; {verdict.fix}"
        context.print(row, f"{path}: {said}")
        return bool(verdict)

    return context.each(step)
