"""Good zips of one small package, in the form of each tool that may write one, always the same bytes.

What the tools write by themselves is compared with these forms where the tools are: see
tests/registry/test_zip_readers.py.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

from pkgaction.transforms.zipformat import ZipWriter
from tests.fakes.zip_records import (
    CENTRAL,
    END,
    LOCAL,
    STREAMED,
    UTF_8,
    Central,
    Descriptor,
    Extra,
    Local,
    PlainEnd,
    Zip,
)

TOP = "kelp-1.0.0"
_MANIFEST = b"name: kelp\nversion: 1.0.0\n" + b"# kelp\n" * 20
_PACKED = bytes.fromhex(
    "cb4bcc4db552c84ecd29e02a4b2d2acecccfb35230d433d033e05286880e0a0a00"
)  # of it, deflated: given, as libraries differ
FILES: Mapping[str, bytes] = {
    "changelog.yml": b"- version: 1.0.0\n",
    "docs/README.md": b"# Kelp\n",
    "manifest.yml": _MANIFEST,
}
_FILE, _FOLDER = 0o100644 << 16, (0o040755 << 16) | 0x10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """How a tool writes."""

    made_by: int = (3 << 8) | 20
    needed: int = 20
    streamed: bool = False
    wide: bool = False  # the descriptors
    signed: bool = True  # the descriptors
    flags: int = 0
    folders: bool = True
    time: int = 0x6000
    file: int = _FILE
    folder: int = _FOLDER
    local_extras: tuple[Extra, ...] = ()
    central_extras: tuple[Extra, ...] = ()


_MOMENT = struct.pack("<L", 1_700_000_000)
_OWNER = Extra(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4))
_FORMS = {
    "go": _Form(made_by=20, streamed=True, folders=False, file=0),
    "go-files": _Form(
        streamed=True,
        file=0o100644 << 16,
        folder=0o040755 << 16 | 0x10,
        local_extras=(Extra(0x5455, b"\1" + _MOMENT),),
        central_extras=(Extra(0x5455, b"\1" + _MOMENT),),
    ),
    "python": _Form(folders=False, file=0o600 << 16),
    "python-streamed": _Form(streamed=True, folders=False, file=0o600 << 16),
    "info-zip": _Form(
        made_by=(3 << 8) | 30,
        needed=10,
        local_extras=(Extra(0x5455, b"\3" + _MOMENT * 2), _OWNER),
        central_extras=(Extra(0x5455, b"\3" + _MOMENT), _OWNER),
    ),
    "seven-zip": _Form(
        made_by=(3 << 8) | 63,
        file=(0o100644 << 16) | 0x8020,
        folder=(0o040755 << 16) | 0x8010,
        central_extras=(Extra(0x000A, bytes(4) + struct.pack("<2H3Q", 1, 24, 0, 0, 0)),),
    ),
    "unsigned-descriptors": _Form(streamed=True, signed=False, folders=False),
    "utf-8": _Form(flags=UTF_8),
    "dos": _Form(made_by=20, file=0x20, folder=0x10),
}


@cache
def bases() -> Mapping[str, bytes]:
    """Each form's zip, by the name of the form; `ours` is what a build writes."""
    return {"ours": _ours(), **{name: _written(form) for name, form in _FORMS.items()}}


def _ours() -> bytes:
    stream = io.BytesIO()
    writer = ZipWriter(stream)
    for name, content in _members(folders=True):
        if content is None:
            writer.folder(name)
            continue
        data, method = _compressed(content)
        writer.begin(name, method, len(content))
        writer.data(data)
        writer.end(zlib.crc32(content))
    writer.finish()
    return stream.getvalue()


def _members(*, folders: bool) -> Iterator[tuple[str, bytes | None]]:
    for path, content in FILES.items():
        if folders and path == "docs/README.md":
            yield f"{TOP}/docs/", None
        yield f"{TOP}/{path}", content


def _compressed(content: bytes) -> tuple[bytes, int]:
    return (_PACKED, 8) if content == _MANIFEST else (content, 0)


def _written(form: _Form) -> bytes:
    locals_, central = [], []
    for number, (name, content) in enumerate(_members(folders=form.folders)):
        local = _local(form, name, content)
        locals_.append(local)
        streamed = local.descriptor
        central.append(
            Central(
                signature=CENTRAL,
                made_by=form.made_by,
                needed=local.needed,
                flags=local.flags,
                method=local.method,
                time=local.time,
                date=local.date,
                crc=streamed.crc if streamed else local.crc,
                packed=streamed.packed if streamed else local.packed,
                size=streamed.size if streamed else local.size,
                name=local.name,
                extras=form.central_extras,
                disk=0,
                internal=0,
                attributes=form.folder if content is None else form.file,
                entry=number,
            )
        )
    end = PlainEnd(signature=END)
    return Zip(locals=tuple(locals_), central=tuple(central), end=end).written()


def _local(form: _Form, name: str, content: bytes | None) -> Local:
    data, method = _compressed(content or b"")
    local = Local(
        signature=LOCAL,
        needed=form.needed,
        flags=form.flags,
        method=method,
        time=form.time,
        date=0x5A21,
        crc=zlib.crc32(content or b""),
        packed=len(data),
        size=len(content or b""),
        name=name.encode(),
        extras=form.local_extras,
        data=data,
    )
    if not form.streamed or content is None:
        return local
    descriptor = Descriptor(crc=local.crc, packed=local.packed, size=local.size, wide=form.wide)
    if not form.signed:
        descriptor = replace(descriptor, signature=b"")
    flags = form.flags | STREAMED
    return replace(local, flags=flags, crc=0, packed=0, size=0, descriptor=descriptor)
