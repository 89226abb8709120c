"""Names of files as readers of zips and file systems take them: what is one name to all of them."""

import re
import unicodedata
from urllib.parse import unquote

from pkgaction.model import layout
from pkgaction.model.folding import folded

_LONGEST_NAME = 1024  # bytes of UTF-8: longer ones no storage takes, and Info-ZIP cuts at 4,096
_DECODERS = 3  # of an address, on its way: a reader, a proxy, a storage
_LONGEST_PART = 255  # bytes of UTF-8, on nearly every file system
_RESERVED = (".git", "git~1", layout.RESERVED)  # Windows has the second for the first
_VERSIONED = re.compile(r";[0-9]*\Z")  # Info-ZIP's unzip drops it, as the version of a file on VMS
_DRIVE = re.compile(r"[A-Za-z]:")
_FORBIDDEN = frozenset('<>:"|?*')  # on Windows
# Source: learn.microsoft.com/windows/win32/fileio/naming-a-file; those with `$` as Go's filepath.IsLocal
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "123456789\u00b9\u00b2\u00b3"}
)
# Default_Ignorable_Code_Point of DerivedCoreProperties.txt, Unicode 16.0: shown as nothing. Python does
# not have the property, and each one knows another Unicode.
_IGNORABLE = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x206F),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),
)
_NO_CHARACTERS, _LAST_TWO = (0xFDD0, 0xFDEF), 0xFFFE  # the latter of each plane: they are none either
_BLANK = frozenset("\u2800\U0001d159")  # drawn as nothing, though they are symbols
_HIDDEN = frozenset({"Cc", "Cf", "Co", "Zl", "Zp", "Zs"})


def unsafe(path: str) -> str:
    """Why a path inside a package is not safe for everyone who unpacks or serves it; empty where it is.

    Readers put it into addresses as it is, so its escapes may be decoded, by one after another.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return "is no UTF-8 text"
    if path.endswith("/"):
        return "is absolute, or has an empty part"
    parts = path.split("/")
    if problem := misread(path) or next(filter(None, map(unportable, parts)), ""):
        return problem
    if any(part.endswith((" ", ".")) or folded(part) in _RESERVED for part in parts):
        return f"has a part that ends in a blank or dot, or is {' or '.join(_RESERVED)}"
    return _misread_in_address(path)


def _misread_in_address(path: str) -> str:
    for _ in range(_DECODERS):
        path, before = unquote(path), path
        if path == before:
            break
        if problem := misread(path):
            return f"{problem} where an address is decoded"
    return ""


def misread(name: str) -> str:
    """How readers of a zip would take an entry's name differently; empty where they wouldn't.

    A folder's name ends in a slash. Sources: yauzl's validateFileName, Info-ZIP's mapname, Python's
    ZipInfo, Go's filepath.IsLocal.
    """
    parts = name.removesuffix("/").split("/")
    if "" in parts:
        return "is absolute, or has an empty part"
    if "." in parts or ".." in parts:
        return "has a part that is . or .."
    if "\\" in name or _DRIVE.match(name):
        return "has a backslash or a drive letter"
    plain = name.isascii() and name.isprintable()
    if not plain and any(unicodedata.category(character) == "Cc" for character in name):
        return "has a control or formatting character"
    if _VERSIONED.search(parts[-1]):
        return "ends in a semicolon and a number, which some readers drop"
    if any(len(part.encode()) > _LONGEST_PART for part in parts):
        return f"has a part of over {_LONGEST_PART} bytes"
    if len(name.encode()) > _LONGEST_NAME:
        return f"is over {_LONGEST_NAME} bytes"
    return ""


def unportable(part: str) -> str:
    """Why not every system can have, or show, a file or folder of that name; empty where all can."""
    if part.isascii() and part.isprintable():
        pass  # nearly all
    elif any(_hidden(character) for character in part):
        return "has a control or formatting character, or one that is not seen"
    if found := _FORBIDDEN.intersection(part):
        return f"has {min(found)}, which no name on Windows has"
    if folded(part).partition(".")[0].rstrip() in _DEVICES:
        return "has a part that is a device on Windows"
    return ""


def _hidden(character: str) -> bool:
    """Whether it is shown as nothing or as a blank, or by everyone as something else."""
    code = ord(character)
    return (
        (character != " " and unicodedata.category(character) in _HIDDEN)
        or character in _BLANK
        or code & _LAST_TWO == _LAST_TWO
        or any(first <= code <= last for first, last in (*_IGNORABLE, _NO_CHARACTERS))
    )
