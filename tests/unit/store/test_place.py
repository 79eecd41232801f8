"""A database on another machine's disk is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from sesauditd.errors import Refused
from sesauditd.store import engine
from sesauditd.store.place import elsewhere, type_at

MOUNTS = """22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:20 / /srv rw - xfs /dev/vdb rw
24 23 0:21 / /srv/with\\040blank rw,noexec shared:5 master:2 - nfs4 host:/export rw,vers=4.2
25 22 0:22 / /over rw - nfs host:/a rw
26 25 0:23 / /over rw - tmpfs tmpfs rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/a.db", "ext4"),
        ("/srv/a.db", "xfs"),
        ("/srv/with blank/a.db", "nfs4"),
        ("/srv/with blanks/a.db", "xfs"),
        ("/over/a.db", "tmpfs"),
    ],
)
def test_the_nearest_mount_says_where_a_file_lies(path: str, kind: str) -> None:
    assert type_at(Path(path), MOUNTS) == kind


def test_a_network_file_system_is_named_and_a_local_one_is_not(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"1 0 0:1 / {tmp_path} rw - cifs //host/share rw\n")

    assert elsewhere(tmp_path / "a.db", mounts) == "cifs"
    assert elsewhere(Path("/elsewhere.db"), mounts) is None
    assert elsewhere(tmp_path / "a.db", tmp_path / "missing") is None


def test_a_database_there_is_refused_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "elsewhere", lambda _path: "nfs4")

    with pytest.raises(Refused, match=r"network file system \(nfs4\).*set database.url"):
        engine.Database.open(f"sqlite:///{tmp_path / 'a.db'}")
