import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from glassnet.data import load, read_image
from glassnet.errors import DataError


def save(path, array, mode=None, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array, mode=mode).save(path, **options) if mode else Image.fromarray(
        array
    ).save(path, **options)
    return path


GREY = np.arange(0, 240, 3, dtype=np.uint8).reshape(8, 10)


@pytest.fixture
def folder(tmp_path):
    for label, name in enumerate(["cat", "dog"]):
        for i in range(4):
            save(tmp_path / "pictures" / name / f"{i}.png", GREY // (label + 1))
    return tmp_path / "pictures"


def giant(width, height):
    """A small PNG file whose header claims a giant picture."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = (
        chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")
    )
    return b"\x89PNG\r\n\x1a\n" + body


def test_folder_of_classes(folder):
    (folder / ".hidden").write_text("x")
    (folder / "readme.txt").write_text("beside the classes, not in one")
    (folder / "cat" / ".DS_Store").write_bytes(b"x")
    data = load("images", path=folder, valid=0, test=0).train
    assert (data.raw.shape, data.raw.dtype, data.class_names) == (
        (8, 1, 8, 10),
        np.uint8,
        ("cat", "dog"),
    )
    assert data.y.tolist() == [0] * 4 + [1] * 4
    np.testing.assert_array_equal(data.raw[0, 0], GREY)
    colored = load("images", path=str(folder), size=[6, 5], color=True, valid=0, test=0).train
    assert colored.raw.shape == (8, 3, 6, 5)
    splits = load("images", path=folder, test_path=folder, valid=0)
    assert len(splits.test) == 8
    (folder / "eel").mkdir()
    with pytest.raises(DataError, match=r"eel: is empty"):
        load("images", path=folder)
    save(folder / "eel" / "0.jpg", GREY[:, :9])
    with pytest.raises(
        DataError, match=r"0.jpg: is 9 x 8 pixels, others before it are 10 x 8; give a size"
    ):
        load("images", path=folder)


def test_kinds_of_pictures(tmp_path):
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.png", GREY))[0], GREY)
    deep = save(tmp_path / "b.png", (GREY.astype(np.uint16) << 8) + 7)
    np.testing.assert_array_equal(read_image(deep)[0], GREY)
    color = np.stack([GREY, GREY // 2, GREY // 3], axis=2)
    path = save(tmp_path / "c.png", color)
    np.testing.assert_array_equal(read_image(path, color=True), color.transpose(2, 0, 1))
    assert read_image(path).shape == (1, 8, 10)
    ink = np.zeros((8, 10, 4), np.uint8)
    ink[2, 3, 3] = 255  # black ink on nothing
    drawn = read_image(save(tmp_path / "d.png", ink))[0]
    assert (drawn[2, 3], drawn[0, 0]) == (0, 255)
    Image.fromarray(GREY).convert("1").save(tmp_path / "e.png")
    assert set(np.unique(read_image(tmp_path / "e.png"))) == {0, 255}
    Image.fromarray(color).convert("P").save(tmp_path / "f.png")
    assert read_image(tmp_path / "f.png", color=True).shape == (3, 8, 10)
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned
    save(tmp_path / "g.jpg", GREY, exif=exif)
    assert read_image(tmp_path / "g.jpg").shape == (1, 10, 8)
    Image.fromarray(color).convert("CMYK").save(tmp_path / "h.jpg")
    small = read_image(tmp_path / "h.jpg", size=(4, 5))
    assert (small.shape, small.dtype, small.flags.c_contiguous) == ((1, 4, 5), np.uint8, True)


def test_no_pictures_are_refused(folder):
    path = folder / "cat" / "4.png"
    good = (folder / "cat" / "0.png").read_bytes()
    bitmap = folder.parent / "a.bmp"
    Image.fromarray(GREY).save(bitmap)
    cases = [
        (b"", "not a PNG or JPEG"),
        (b"plain text", "not a PNG or JPEG"),
        (bitmap.read_bytes(), "not a PNG or JPEG"),
        (good[:48], "not a PNG or JPEG"),
        (good[:50] + b"\xff\xff\xff" + good[53:], "not a PNG or JPEG"),
        (good[:12], "not a PNG or JPEG"),
        (giant(8000, 8000), "picture of 8000 x 8000 pixels"),
        (giant(11_000, 11_000), "picture of 11000 x 11000 pixels"),
        (giant(60_000, 60_000), "giant"),
        (giant(1, 1), "picture of 1 x 1 pixels"),
        (giant(28, 2), "at least 4"),
    ]
    for content, words in cases:
        path.write_bytes(content)
        with pytest.raises(DataError, match=words) as caught:
            load("images", path=folder, size=8)
        assert str(path) in str(caught.value)
    path.unlink()
    path.mkdir()
    with pytest.raises(DataError, match="not a PNG or JPEG"):
        load("images", path=folder)


def test_no_folders_are_refused(tmp_path, folder):
    with pytest.raises(DataError, match="no such folder"):
        load("images", path=tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="has 0 sub-folders"):
        load("images", path=tmp_path / "empty")
    (tmp_path / "empty" / "cat").mkdir()
    with pytest.raises(DataError, match="has 1 sub-folders"):
        load("images", path=tmp_path / "empty")
    (tmp_path / "empty" / "eel").mkdir()
    with pytest.raises(DataError, match="sub-folders cat, eel are not those"):
        load("images", path=folder, test_path=tmp_path / "empty")
    with pytest.raises(DataError, match="no such file"):
        read_image(tmp_path / "absent.png")
