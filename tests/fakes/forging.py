"""Other bytes with the CRC32C of given ones: four free bytes are enough."""

import google_crc32c

_FREE = 4


def forged(original: bytes, start: bytes = b"forged ") -> bytes:
    """Bytes of the original's length and CRC32C that begin otherwise."""
    middle = len(original) - len(start) - _FREE
    prefix = start + b"\n" * middle
    nothing = google_crc32c.value(prefix + bytes(_FREE))
    wanted, bits = google_crc32c.value(original) ^ nothing, 0
    # CRC32C is linear: what each free bit changes, brought to one bit each by elimination
    changes = [(google_crc32c.value(prefix + _bytes(1 << n)) ^ nothing, 1 << n) for n in range(32)]
    for place in reversed(range(32)):
        index = next(i for i, (change, _) in enumerate(changes) if change >> place & 1)
        pivot, by = changes.pop(index)
        changes = [(c ^ pivot, b ^ by) if c >> place & 1 else (c, b) for c, b in changes]
        if wanted >> place & 1:
            wanted, bits = wanted ^ pivot, bits ^ by
    made = prefix + _bytes(bits)
    assert made != original
    assert (len(made), google_crc32c.value(made)) == (len(original), google_crc32c.value(original))
    return made


def _bytes(bits: int) -> bytes:
    return bits.to_bytes(_FREE, "little")
