"""Where a database file lies: on a disk of this machine, or of another one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MOUNTS: Final = Path("/proc/self/mountinfo")
ELSEWHERE: Final = frozenset(
    {
        "9p",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "fuse.glusterfs",
        "fuse.gcsfuse",
        "fuse.mount-s3",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.sshfs",
        "glusterfs",
        "gfs2",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "ocfs2",
        "orangefs",
        "smb3",
        "smbfs",
        "virtiofs",
    }
)
"""Types of file systems on which processes share no memory: SQLite's log needs that (wal.html)."""
OCTAL: Final = re.compile(r"\\([0-7]{3})")


def elsewhere(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Return the type of the network file system that holds a path, None for a local one.

    Where the kernel tells of no mounts, none is known to be of the network.
    """
    try:
        told = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None
    kind = type_at(path.resolve(), told)
    return kind if kind in ELSEWHERE else None


def type_at(path: Path, mountinfo: str) -> str | None:
    """Return the type of the file system that holds an absolute path (proc(5), mountinfo).

    Of two mounts on one place the later hides the earlier.
    """
    longest, kind = -1, None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        words = before.split(" ")
        point = Path(OCTAL.sub(lambda found: chr(int(found[1], 8)), words[4]))
        if path.is_relative_to(point) and len(point.parts) >= longest:
            longest, kind = len(point.parts), after.split(" ", 1)[0]
    return kind
