"""Inputs → what packages are built with: where it comes from, who signed it, how it is worded."""

import contextlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pkgaction
from pkgaction import wording
from pkgaction.adapters import named_file, openpgp
from pkgaction.adapters.cache import Cache
from pkgaction.adapters.fetcher import Fetcher
from pkgaction.adapters.input_packages import InputPackages
from pkgaction.adapters.openpgp_verify import GpgVerifier
from pkgaction.adapters.sources import FetchedSources
from pkgaction.inputs import Inputs
from pkgaction.model.secret import Secret
from pkgaction.model.yamltext import MOST_BYTES
from pkgaction.ports import Clock, ObjectStore, Sources
from pkgaction.transforms.readme import Phrases

WARM = Path(pkgaction.__file__).parents[1] / "cache"  # what an image may carry


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a run may work, and until when."""

    scratch: Path  # private, and gone at the end
    cache: Path | None  # what is fetched is kept there; None: nothing is kept
    environ: Mapping[str, str]
    clock: Clock
    stack: contextlib.ExitStack  # ends with the run


def sources(inputs: Inputs, place: Place, own: ObjectStore | None) -> Sources:
    """What building needs from outside; nothing is asked for yet. `own` is the user's public bucket."""
    fetcher = Fetcher(place.clock)
    kept = Cache(place.cache, warm=(WARM,))
    keys, own_key = Secret(inputs.registry_public_keys), inputs.gpg_private_key
    return FetchedSources(
        fetcher=fetcher,
        cache=kept,
        ecs_url=inputs.ecs_url,
        elastic_package_url=inputs.elastic_package_url,
        packages=InputPackages(
            fetcher=fetcher,
            cache=kept,
            registry_url=inputs.registry_url,
            keys=inputs.registry_public_keys,
            by_registry=cache(lambda: trusting(place, "registry-public-keys", keys, "")),
            own=own,
            by_user=cache(lambda: trusting(place, "gpg-private-key", own_key, inputs.gpg_fingerprint))
            if own_key or inputs.gpg_fingerprint
            else None,
            scratch=place.scratch,
        ),
    )


def trusting(
    place: Place, name: str, key: Secret, pinned: str, *, since_expired: bool = True
) -> GpgVerifier:
    """Who trusts the keys of the input `name`, else the user's key ring; less what is not pinned."""
    home = Path(tempfile.mkdtemp(prefix="trust-", dir=place.scratch))
    opened = openpgp.opened_for_verifying(home, place.environ, key=key, where=name)
    return GpgVerifier(place.stack.enter_context(opened), pinned, since_expired, place.clock)


def submitters(inputs: Inputs, place: Place) -> tuple[GpgVerifier, list[str]]:
    """Who trusts the keys of those who submit; and what is wrong with these or the owner map."""
    verifier = trusting(place, "trusted-keys", inputs.trusted_keys, "", since_expired=False)
    return verifier, [*verifier.warnings(), *inputs.owners.warnings(verifier.parts())]


def phrases(inputs: Inputs) -> Phrases:
    """The wording of rendered documents, from a file on the disk: for a person at a terminal.

    Raises:
        UsageError: the file that the inputs name is none of phrases.
    """
    if not inputs.readme_phrases:
        return Phrases.ours()
    path, where = Path(inputs.readme_phrases), f"input readme-phrases, {inputs.readme_phrases}"
    return wording.parsed(named_file.read(path, limit=MOST_BYTES, fix=wording.FIX, where=where))
