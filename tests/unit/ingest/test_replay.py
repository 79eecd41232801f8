"""Files and folders that a person names: what is read of them and what is said of the rest."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path

import pytest

from sesauditd.errors import Failed, Refused
from sesauditd.ingest.replay import (
    KEPT_OF_LONGER,
    LINES_A_STEP,
    LONGEST_LINE,
    bytes_total,
    files_of,
    lines,
)


def texts(*sources: str | Path) -> list[bytes]:
    return [line.text for line in lines(sources)]


def test_a_file_is_read_line_by_line(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl"
    file.write_bytes(b'{"a":1}\n{"b":2}\r\nlast without an end')
    read = list(lines([file]))
    assert [line.text for line in read] == [b'{"a":1}', b'{"b":2}', b"last without an end"]
    assert [line.line for line in read] == [1, 2, 3]
    assert {line.origin_source for line in read} == {str(file)}
    assert {line.fault for line in read} == {None}


def test_a_packed_file_is_known_by_its_content_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "packed.jsonl").write_bytes(gzip.compress(b"1\n2\n"))
    (tmp_path / "plain.jsonl.gz").write_bytes(b"3\n")
    assert texts(tmp_path / "packed.jsonl", tmp_path / "plain.jsonl.gz") == [b"1", b"2", b"3"]


def test_a_packed_file_may_have_several_members(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl.gz"
    file.write_bytes(gzip.compress(b"1\n2") + gzip.compress(b"2\n3\n"))
    assert texts(file) == [b"1", b"22", b"3"]


def test_a_byte_order_mark_is_skipped_at_the_start_only(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl"
    file.write_bytes(b"\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n")
    assert texts(file) == [b"{}", b"\xef\xbb\xbf{}"]


def test_blank_lines_are_skipped_but_numbered(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl"
    file.write_bytes(b"\n  \n\xef\xbb\xbf\n1\n\r\n2\n\n")
    assert [(line.text, line.line) for line in lines([file])][1:] == [(b"1", 4), (b"2", 6)]


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl"
    file.touch()
    assert texts(file) == []
    assert bytes_total([file]) == 0


def test_a_folder_is_read_in_sorted_order_and_only_its_archives(tmp_path: Path) -> None:
    for name in ("b/2.jsonl", "a/1.jsonl.gz", "a/notes.txt", "c.jsonl", "a/x.jsonl.bak"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(name.encode())
    assert texts(tmp_path) == [b"a/1.jsonl.gz", b"b/2.jsonl", b"c.jsonl"]


def test_sources_are_read_in_the_order_they_are_named(tmp_path: Path) -> None:
    for name in ("1.jsonl", "2.anything"):
        (tmp_path / name).write_bytes(name.encode())
    assert texts(str(tmp_path / "2.anything"), tmp_path / "1.jsonl") == [b"2.anything", b"1.jsonl"]


def test_a_relative_name_is_kept_as_an_absolute_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raw.jsonl").write_bytes(b"1\n")
    monkeypatch.chdir(tmp_path)
    assert [line.origin_source for line in lines(["raw.jsonl"])] == [str(tmp_path / "raw.jsonl")]


def test_a_name_that_is_not_utf8_is_kept_in_a_form_that_can_be_stored(tmp_path: Path) -> None:
    file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jsonl"))
    file.write_bytes(b"1\n")
    (source,) = (line.origin_source for line in lines([file]))
    assert source.encode().endswith(rb"caf\xe9.jsonl")


def test_a_missing_source_is_refused_by_name_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "1.jsonl").write_bytes(b"1\n")
    with pytest.raises(Refused, match=r"missing\.jsonl: no such file or folder"):
        lines([tmp_path / "1.jsonl", tmp_path / "missing.jsonl"])


@pytest.mark.parametrize("name", ["x" * 5000, "nul\x00byte"], ids=["too long", "NUL"])
def test_a_name_that_no_file_can_have_is_refused(name: str) -> None:
    with pytest.raises(Refused, match=name[:4]):
        files_of([name])


def test_a_folder_without_archives_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_bytes(b"1\n")
    with pytest.raises(Refused, match=r"holds no \.jsonl or \.jsonl\.gz file"):
        files_of([tmp_path])


def test_a_folder_that_cannot_be_listed_does_not_pass_for_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(_: object) -> object:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(os, "scandir", forbidden)
    with pytest.raises(Refused, match="permission denied"):
        files_of([tmp_path])


def test_copies_of_the_journal_are_no_notifications(tmp_path: Path) -> None:
    copy = tmp_path / "journal" / "dt=2026-11-16" / f"1-2-{'0' * 64}.jsonl"
    raw = tmp_path / "raw" / "journal" / "mine.jsonl"
    for one in (copy, raw):
        one.parent.mkdir(parents=True)
        one.write_text("{}\n")

    assert files_of([tmp_path]) == (raw,)


@pytest.mark.parametrize("cut", [20, 9, 8, 1], ids=lambda cut: f"{cut} bytes missing")
def test_a_truncated_file_gives_what_it_holds_and_then_fails_by_name(
    tmp_path: Path, cut: int
) -> None:
    packed = gzip.compress(b"".join(b'{"line":%d}\n' % number for number in range(500)))
    file = tmp_path / "raw.jsonl.gz"
    file.write_bytes(packed[:-cut])
    read: list[bytes] = []
    with pytest.raises(Failed, match=r"raw\.jsonl\.gz: the gzip file breaks off .* line \d+"):
        read.extend(line.text for line in lines([file]))
    stream = lines([file])
    assert next(stream).text == b'{"line":0}'


def test_damage_inside_a_packed_file_fails_by_name(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(os.urandom(5000).hex().encode()))
    packed[2000:2100] = bytes(100)
    (tmp_path / "damaged.jsonl.gz").write_bytes(packed)
    with pytest.raises(Failed, match="damaged"):
        texts(tmp_path / "damaged.jsonl.gz")


def test_garbage_behind_a_packed_file_fails_after_its_lines(tmp_path: Path) -> None:
    file = tmp_path / "raw.jsonl.gz"
    file.write_bytes(gzip.compress(b"1\n2\n") + b"garbage")
    stream = lines([file])
    assert [next(stream).text, next(stream).text] == [b"1", b"2"]
    with pytest.raises(Failed, match="after line 2"):
        next(stream)


def test_a_file_that_cannot_be_read_fails_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "raw.jsonl"
    file.write_bytes(b"1\n")

    def forbidden(*_: object, **__: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(Failed, match=r"raw\.jsonl: permission denied"):
        texts(file)


def test_binary_garbage_is_cut_into_lines_like_anything_else(tmp_path: Path) -> None:
    file = tmp_path / "garbage.jsonl"
    file.write_bytes(bytes(range(256)) * 4)
    assert len(texts(file)) == 5


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
def test_an_over_long_line_is_cut_and_the_next_one_read_in_flat_memory(
    tmp_path: Path, packed: bool
) -> None:
    huge = b"x" * (8 * LONGEST_LINE)
    whole = b"first\n" + huge + b"\nlast\n"
    file = tmp_path / "raw.jsonl"
    file.write_bytes(gzip.compress(whole) if packed else whole)
    del whole, huge
    tracemalloc.start()
    first, long, last = lines([file])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (first.text, last.text, last.line) == (b"first", b"last", 3)
    assert long.text == b"x" * KEPT_OF_LONGER
    assert long.fault == "a line of more than 4 MiB"
    assert peak < 3 * LONGEST_LINE


@pytest.mark.parametrize("extra", [-1, 0], ids=["just fits", "just too long"])
def test_a_line_is_over_long_from_the_limit_on(tmp_path: Path, extra: int) -> None:
    file = tmp_path / "raw.jsonl"
    file.write_bytes(b"x" * (LONGEST_LINE + extra) + b"\nnext\n")
    long, following = lines([file])
    assert (long.fault is None) == (extra < 0)
    assert following.text == b"next"


def test_progress_ends_at_the_total_and_never_goes_back(tmp_path: Path) -> None:
    plain, packed = tmp_path / "1.jsonl", tmp_path / "2.jsonl.gz"
    plain.write_bytes(b"{}\n\n" * LINES_A_STEP)
    packed.write_bytes(gzip.compress(os.urandom(90_000).hex().encode() + b"\n{}" * 1000))
    seen: list[int] = []
    assert sum(1 for _ in lines([tmp_path], seen.append)) > LINES_A_STEP
    assert seen == sorted(seen)
    assert len(seen) > 4
    assert seen[-1] == bytes_total([tmp_path]) == plain.stat().st_size + packed.stat().st_size


def test_a_pipe_can_be_read_too(tmp_path: Path) -> None:
    reading_end, writing_end = os.pipe()
    try:
        os.write(writing_end, b"{}\n" * LINES_A_STEP)
        os.close(writing_end)
        assert len(texts(f"/dev/fd/{reading_end}")) == LINES_A_STEP
    finally:
        os.close(reading_end)
