"""A byte stream to documents: whatever it is packed in, every document comes out once, with the line it begins on."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from raabta.model import Rejection
from raabta.wire.ooni import cut_documents, open_stream, split_batches
from raabta.wire.ooni.streams import BATCH_BYTES, MAX_DOCUMENT_BYTES, STREAM_ERRORS

Found = tuple[str, int, bytes]
"""Name of the stream, line and bytes of one document, or of a rejection its name, line and reason."""

ONE, TWO, THREE = b'{"a": 1}', b'{"b": "}{"}', b'{"c": [1, {"d": 2}]}'
LINES = ONE + b"\n" + TWO + b"\n" + THREE + b"\n"
EACH = [(1, ONE), (2, TWO), (3, THREE)]


def read(data: bytes, *, name: str = "x") -> list[Found]:
    found: list[Found] = []
    for inner, stream in open_stream(io.BytesIO(data), name=name):
        for batch in split_batches(stream, name=inner):
            if isinstance(batch, Rejection):
                found.append((batch.file, batch.line, batch.reason.encode()))
            else:
                found += [(inner, cut.line, cut.data) for cut in cut_documents(batch)]
    return found


def numbered(data: bytes) -> list[tuple[int, bytes]]:
    return [(line, piece.strip()) for _, line, piece in read(data)]


def zst(data: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(data)


def tar(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


# --- containers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pack",
    [
        pytest.param(lambda data: data, id="plain"),
        pytest.param(gzip.compress, id="gzip"),
        pytest.param(zst, id="zstd"),
        pytest.param(lambda data: gzip.compress(zst(data)), id="zstd-in-gzip"),
        pytest.param(lambda data: gzip.compress(data[:12]) + gzip.compress(data[12:]), id="gzip-in-two-members"),
        pytest.param(lambda data: zst(data[:12]) + zst(data[12:]), id="zstd-in-two-frames"),
    ],
)
def test_compression_is_told_by_its_first_bytes(pack: Callable[[bytes], bytes]) -> None:
    assert read(pack(LINES), name="of-any-name") == [("of-any-name", line, data) for line, data in EACH]


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress, zst], ids=["tar", "tar.gz", "tar.zst"])
def test_files_inside_a_tar_are_named_and_number_their_own_lines(pack: Callable[[bytes], bytes]) -> None:
    packed = pack(tar(first=ONE + b"\n" + TWO, second=gzip.compress(THREE)))
    assert read(packed) == [("x!first", 1, ONE), ("x!first", 2, TWO), ("x!second", 1, THREE)]


def test_four_containers_in_each_other_are_read_and_five_are_refused() -> None:
    four = LINES
    for _ in range(3):
        four = gzip.compress(four)
    assert numbered(four) == EACH
    with pytest.raises(STREAM_ERRORS):
        read(gzip.compress(gzip.compress(four)))


@pytest.mark.parametrize("pack", [gzip.compress, zst], ids=["gzip", "zstd"])
def test_a_truncated_archive_gives_what_came_before(pack: Callable[[bytes], bytes]) -> None:
    noise = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(60_000)]
    documents = [json.dumps({"noise": text}).encode() for text in noise]
    packed = pack(b"\n".join(documents))
    found: list[bytes] = []

    def read_on() -> None:
        for name, stream in open_stream(io.BytesIO(packed[: len(packed) // 2]), name="x"):
            for batch in split_batches(stream, name=name):
                assert not isinstance(batch, Rejection)
                found.extend(cut.data for cut in cut_documents(batch))

    with pytest.raises(STREAM_ERRORS):
        read_on()
    assert len(found) > 1000
    assert found[:-1] == documents[: len(found) - 1]


@pytest.mark.parametrize("data", [b"", b"\n\n \n", gzip.compress(b""), zst(b"")], ids=["none", "blank", "gzip", "zstd"])
def test_an_empty_stream_has_no_documents(data: bytes) -> None:
    assert read(data) == []


def test_what_is_not_text_is_rejected_once() -> None:
    found = read(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(5000))
    assert [(line, b"not text" in reason) for _, line, reason in found] == [(1, True)]


# --- documents --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(LINES[:-1], EACH, id="no-final-line-break"),
        pytest.param(LINES.replace(b"\n", b"\r\n"), EACH, id="crlf"),
        pytest.param(b"\xef\xbb\xbf" + LINES, EACH, id="byte-order-mark"),
        pytest.param(b"\n\n" + ONE + b"\n \n\n" + TWO, [(3, ONE), (6, TWO)], id="blank-lines"),
        pytest.param(ONE + b"\n{broken\n" + THREE, [(1, ONE), (2, b"{broken"), (3, THREE)], id="a-broken-one-between"),
        pytest.param(ONE + b"\nnoise\n" + THREE, [(1, ONE), (2, b"noise"), (3, THREE)], id="noise-between"),
        pytest.param(b'{\n "a": 1\n}\n{\n "b": 2\n}\n', [(1, b'{\n "a": 1\n}'), (4, b'{\n "b": 2\n}')], id="pretty"),
        pytest.param(b'{\n "a": 1,\n' + ONE, [(1, b'{\n "a": 1,'), (3, ONE)], id="pretty-and-cut-short"),
        pytest.param(ONE + b'\n{\n "a": 1\n}', [(1, ONE), (2, b'{\n "a": 1\n}')], id="compact-then-pretty"),
        pytest.param(ONE + b"   \t\n" + TWO, [(1, ONE), (2, TWO)], id="blanks-after-a-document"),
    ],
)
def test_documents_are_told_apart_and_know_their_line(data: bytes, expected: list[tuple[int, bytes]]) -> None:
    assert numbered(data) == expected


@pytest.mark.parametrize("n_blanks", [6, 7, 8, 60])
def test_a_long_line_of_blanks_after_a_document_does_not_swallow_the_next(n_blanks: int) -> None:
    assert numbered(ONE + b" " * n_blanks + b"\n" + b"noise\n" + TWO)[-1] == (3, TWO)


def test_lines_are_counted_across_batches() -> None:
    documents = [json.dumps({"number": number, "body": "x" * 1000}).encode() for number in range(3000)]
    data = b"\n".join(documents)
    assert len(data) > 2 * BATCH_BYTES
    assert numbered(data) == list(enumerate(documents, 1))


def test_a_document_longer_than_a_batch_is_whole() -> None:
    long = json.dumps({"body": "x" * (2 * BATCH_BYTES)}).encode()
    assert numbered(ONE + b"\n" + long + b"\n" + TWO) == [(1, ONE), (2, long), (3, TWO)]


def test_a_document_beyond_the_limit_is_rejected_and_the_next_is_read_on_its_line() -> None:
    endless = b'{"a": "' + b"x" * (MAX_DOCUMENT_BYTES + 2 * BATCH_BYTES) + b'"}'
    first, second, third = numbered(ONE + b"\n" + endless + b"\n" + TWO)
    assert (first, third) == ((1, ONE), (3, TWO))
    assert (second[0], b"longer than" in second[1]) == (2, True)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=5), st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=3)), min_size=1
        ),
        max_size=6,
    ),
    st.sampled_from([None, 1, 4]),
    st.sampled_from(["\n", "\r\n", "\n\n"]),
)
def test_any_documents_in_any_layout_come_out_as_they_went_in(
    documents: list[dict[str, object]], indent: int | None, between: str
) -> None:
    data = between.join(json.dumps(document, indent=indent) for document in documents).encode()
    assert [json.loads(piece) for _, piece in numbered(data)] == documents


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_cut_or_refused_by_a_named_error(data: bytes) -> None:
    try:
        found = read(data)
    except STREAM_ERRORS:
        return
    assert all(line >= 1 for _, line, _ in found)
