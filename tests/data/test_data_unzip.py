"""Unpacking in large pieces gives what Python's `gzip` gives."""

import gzip
import io
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glassnet.data.unzip import Unzipped

members = st.lists(st.binary(max_size=300), min_size=1, max_size=4)


def packed(contents, zeros=0):
    return b"".join(gzip.compress(content, mtime=0) + bytes(zeros) for content in contents)


@given(contents=members, zeros=st.integers(0, 600), step=st.integers(1, 700))
def test_as_gzip_does_in_steps_of_any_size(contents, zeros, step):
    file = packed(contents, zeros)
    unzipped, found = Unzipped(io.BytesIO(file)), b""
    while read := unzipped.read(step):
        assert len(read) <= step
        found += read
    assert found == gzip.decompress(file)
    assert unzipped.read(1) == b""


@given(contents=members, data=st.data())
def test_a_file_cut_off_anywhere_is_noticed(contents, data):
    file = packed(contents)
    cut = data.draw(st.integers(1, len(file) - 1))
    try:
        expected = gzip.decompress(file[:cut])
    except (EOFError, gzip.BadGzipFile):
        with pytest.raises(EOFError):
            Unzipped(io.BytesIO(file[:cut])).readall()
    else:  # between two members
        assert Unzipped(io.BytesIO(file[:cut])).readall() == expected


def test_a_wrong_checksum_is_noticed():
    file = bytearray(packed([b"content"]))
    file[-8] ^= 1
    with pytest.raises(zlib.error, match="data check"):
        Unzipped(io.BytesIO(file)).readall()


def test_a_large_file_is_unpacked_in_few_pieces_straight_into_the_array():
    class Counted(io.BytesIO):
        reads = 0

        def read(self, size=-1):
            Counted.reads += 1
            return super().read(size)

    content = np.random.default_rng(0).integers(0, 256, 5 << 20, np.uint8)
    array = np.empty_like(content)
    file = Counted(gzip.compress(content.tobytes(), 1))
    unzipped = io.BufferedReader(Unzipped(file))
    filled = 0
    while filled < len(array) and (read := unzipped.readinto(array[filled:].data)):
        filled += read
    np.testing.assert_array_equal(array, content)
    assert Counted.reads <= 8
