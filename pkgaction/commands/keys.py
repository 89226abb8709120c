"""sign, verify: zips and the signatures beside them."""

from pathlib import Path

from pkgaction.adapters import openpgp
from pkgaction.commands.context import Context, exists
from pkgaction.model.json import JsonObject


def sign(context: Context) -> int:
    """Write `ZIP.sig` beside each zip."""
    signer = context.signer()

    def step(path: Path) -> bool:
        exists(path)
        target = path.with_name(f"{path.name}.sig")
        signature = signer.sign(path)
        target.write_bytes(signature.armored)
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
    pinned = context.inputs.gpg_fingerprint

    def step(path: Path) -> bool:
        exists(path)
        signature = path.with_name(f"{path.name}.sig")
        exists(signature)
        found = openpgp.verified_by(gpg, path, signature.read_bytes(), since_expired=True)
        by = next(iter(found), "")
        valid = bool(by) and (not pinned or pinned in found)
        row: JsonObject = {"zip": str(path), "valid": valid, "fingerprint": by or None}
        said = f"valid, by {by}" if valid else f"by another key, {by}" if by else "not valid"
        context.print(row, f"{path}: {said}")
        return valid

    return context.each(step)
