"""What a person calls a file of a kind."""

import stat

_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFDIR: "a folder",
    stat.S_IFREG: "a plain file",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def kind(mode: int) -> str:
    """By the mode of stat(2)."""
    return _KINDS.get(stat.S_IFMT(mode), "something that is not a plain file")
