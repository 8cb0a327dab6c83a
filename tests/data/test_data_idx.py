import gzip
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from glassnet.data import read_idx, write_idx
from glassnet.errors import DataError, OutputError

TYPES = ["u1", "i1", "i2", "i4", "f4", "f8"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    array=st.sampled_from(TYPES + [f">{t}" for t in TYPES]).flatmap(
        lambda t: hnp.arrays(t, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
    ),
    zipped=st.booleans(),
)
def test_round_trip(tmp_path, array, zipped):
    path = tmp_path / ("a.idx.gz" if zipped else "a.idx")
    write_idx(path, array)
    again = read_idx(path)
    assert again.dtype == array.dtype.newbyteorder("=")
    assert again.dtype.isnative
    np.testing.assert_array_equal(again, array)
    assert [p.name for p in tmp_path.iterdir() if "a.idx" in p.name and p != path] in (
        [],
        ["a.idx"],
        ["a.idx.gz"],
    )


@pytest.mark.parametrize(
    ("code", "form", "dtype"),
    [
        (8, "B", "u1"),
        (9, "b", "i1"),
        (11, "h", "i2"),
        (12, "i", "i4"),
        (13, "f", "f4"),
        (14, "d", "f8"),
    ],
)
def test_bytes_of_every_type(tmp_path, code, form, dtype):
    path = tmp_path / "misnamed.gz"  # compression is told by the content
    path.write_bytes(bytes([0, 0, code, 2]) + struct.pack(f">II6{form}", 2, 3, 1, 2, 3, 4, 5, 100))
    array = read_idx(path)
    assert array.dtype == np.dtype(dtype)
    assert array.tolist() == [[1, 2, 3], [4, 5, 100]]


def idx(*sizes, code=8, content=b""):
    return bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes) + content


good = idx(2, 3, content=bytes(6))
zipped = gzip.compress(idx(200, content=bytes(range(200))), mtime=0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not an IDX file: it begins with nothing"),
        (b"\x89PNG\r\n\x1a\n", "is not an IDX file: it begins with 89 50 4e 47"),
        (idx(3, code=10, content=bytes(3)), "is not an IDX file"),
        (b"\0\0\x08\0", "is not an IDX file"),
        (b"\0\0\x08\xff" + bytes(1020), "is not an IDX file"),
        (good[:9], "ends within its header"),
        (good[:-1], "promises 6 bytes"),
        (good + b"x", "goes on after the 6 bytes"),
        (idx(1 << 20, 1 << 20), "promises 1,099,511,627,776 bytes"),
        (idx(*[0xFFFFFFFF] * 4), "promises"),
        (gzip.compress(idx(1 << 20, 1 << 20), mtime=0), "promises 1,099,511,627,776 bytes"),
        (gzip.compress(idx(1000), mtime=0), "is truncated: .* 1,000 bytes .* but 0 are there"),
        (gzip.compress(good + b"x", mtime=0), "goes on after"),
        (gzip.compress(b"no", mtime=0), "is not an IDX file"),
        (zipped[:-20], "truncated"),
        (zipped[:-3], "truncated"),
        (zipped[:5], "truncated"),
        (zipped[:-8] + b"\0\0\0\0" + zipped[-4:], "data check"),
        (zipped[:30] + b"\xff\xff\xff\xff" + zipped[34:], "cannot be read|truncated"),
        (zipped + b"rubbish", "cannot be read"),
        (b"\x1f\x8b" + bytes(30), "cannot be read"),
    ],
)
def test_hostile_files_are_refused_in_a_sentence(tmp_path, content, words):
    path = tmp_path / "hostile-idx"
    path.write_bytes(content)
    tracemalloc.start()
    with pytest.raises(DataError, match=words) as caught:
        read_idx(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert str(path) in str(caught.value)
    assert peak < 2_000_000


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(place=st.integers(0, len(zipped) - 1), byte=st.integers(0, 255))
def test_any_changed_byte_is_noticed_or_harmless(tmp_path, place, byte):
    path = tmp_path / "changed"
    path.write_bytes(zipped[:place] + bytes([byte]) + zipped[place + 1 :])
    try:
        array = read_idx(path)
    except DataError:
        return
    assert array.tolist() == list(range(200))


def test_zero_sizes_that_numpy_cannot_hold(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(idx(0, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF))
    with pytest.raises(DataError, match="does not fit"):
        read_idx(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "absent")
    with pytest.raises(DataError, match="cannot be read"):
        read_idx(tmp_path)


def test_writing_refuses_and_harms_nothing(tmp_path, monkeypatch):
    path = tmp_path / "a.idx"
    for array in (np.zeros(3, np.int64), np.zeros(3, np.uint16), np.array(1.0), np.array(["a"])):
        with pytest.raises(DataError, match="IDX cannot hold"):
            write_idx(path, array)
    assert not path.exists()
    write_idx(path, np.arange(3, dtype=np.uint8))
    with pytest.raises(OutputError, match="cannot write"):
        write_idx(path / "a.idx", np.zeros(3, np.uint8))

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_idx(path, np.zeros(9, np.uint8))
    assert read_idx(path).tolist() == [0, 1, 2]
    assert list(tmp_path.iterdir()) == [path]
