"""What an entry is by its attributes: a plain file, a folder, or something that no package has."""

import stat

from pkgaction.model.tree import Kind
from pkgaction.transforms.zipend import AmbiguousZipError

# where it was made, by APPNOTE.TXT 4.4.2: DOS, Unix, NTFS (Info-ZIP has another number), VFAT, macOS
_SYSTEMS = frozenset({0, 3, 10, 11, 14, 19})
_DOS_FOLDER = 0x10
_DOS_ODD = 0x08 | 0x40 | 0x400  # a volume's label, a device, what leads elsewhere
_SET_ID = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX


def kind(made_by: int, internal: int, external: int, *, folder: bool) -> Kind:
    """What the entry is; a `folder` is what has a name that ends in a slash, and nothing else.

    Attributes of Unix count wherever it was made: Python and Git write them on every system.

    Raises:
        AmbiguousZipError: its attributes are those of something else than its name, or of no plain file.
    """
    mode = external >> 16
    type_ = stat.S_IFMT(mode)
    if made_by >> 8 not in _SYSTEMS or internal > 1 or external & _DOS_ODD:
        raise AmbiguousZipError("its attributes are not those of a plain file or folder")
    as_folder = type_ == stat.S_IFDIR or external & _DOS_FOLDER
    if type_ not in {0, stat.S_IFDIR} if folder else as_folder:
        raise AmbiguousZipError("it is a folder by its name and not by its attributes, or the reverse")
    # a folder takes the group's bit from the one above it; no file has it without intent
    if mode & (stat.S_ISUID if folder else _SET_ID):
        raise AmbiguousZipError("its mode sets the user or group that it would run as")
    if folder or type_ in {0, stat.S_IFREG}:
        return Kind.FILE
    return Kind.SYMLINK if type_ == stat.S_IFLNK else Kind.SPECIAL
