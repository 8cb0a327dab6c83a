"""A picture of any size and ground becomes a sample in the style of the data."""

import numpy as np
import pytest
from PIL import Image, ImageDraw
from sklearn.datasets import load_digits

import glassnet as gn
from glassnet.experiments.drawing import DrawingStyle, picture_for
from glassnet.experiments.ink import stroke_width

MNIST_LIKE = DrawingStyle(255.0, 20 / 28)
FRAME = (1, 28, 28)


def drawn(tmp_path, size=(90, 120), box=(40, 20, 60, 100), ink=255, ground=0, name="seven.png"):
    """Save a picture of a 7-like stroke inside a box, (left, top, right, bottom)."""
    picture = Image.new("L", size, ground)
    left, top, right, bottom = box
    width = max(2, (right - left) // 5)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((left, top, right, top + width), fill=ink)
    pen.line((right - width, top, left + width, bottom), fill=ink, width=width)
    picture.save(tmp_path / name)
    return tmp_path / name


def centre_of_mass(image):
    return [
        float((image.sum(axis=1 - axis) * np.arange(28)).sum() / image.sum()) for axis in (0, 1)
    ]


def test_dark_on_light_is_light_on_dark(tmp_path):
    light = picture_for(drawn(tmp_path), FRAME, MNIST_LIKE)
    dark = picture_for(drawn(tmp_path, ink=0, ground=255), FRAME, MNIST_LIKE)
    np.testing.assert_allclose(dark, light, atol=3)
    assert light.shape == FRAME
    assert light.dtype == np.float32
    assert 200 < light.max() <= 255
    assert light.min() == 0


@pytest.mark.parametrize("ground", [255, 230, 160])
@pytest.mark.parametrize("ink", [0, 60, 100])
def test_a_faint_drawing_becomes_full_ink(tmp_path, ink, ground):
    image = picture_for(drawn(tmp_path, ink=ink, ground=ground), FRAME, MNIST_LIKE)
    reference = picture_for(drawn(tmp_path), FRAME, MNIST_LIKE)
    np.testing.assert_allclose(image, reference, atol=40)


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((90, 120), (40, 20, 60, 100)),
        ((900, 1200), (40, 20, 240, 820)),
        ((300, 40), (250, 5, 257, 33)),
        ((40, 300), (3, 200, 13, 240)),
    ],
)
def test_size_and_place_do_not_matter(tmp_path, size, box):
    image = picture_for(drawn(tmp_path, size, box), FRAME, MNIST_LIKE)[0]
    rows, columns = (np.flatnonzero((image > 50).any(axis=axis)) for axis in (1, 0))
    assert np.ptp(rows) + 1 == pytest.approx(20, abs=1)  # the longer side has the usual extent
    assert np.ptp(columns) + 1 <= 8  # and proportions are kept
    np.testing.assert_allclose(centre_of_mass(image), 13.5, atol=0.6)


def test_a_picture_of_the_right_size_is_only_inverted(tmp_path):
    image = np.zeros((28, 28), np.uint8)
    image[3:9, 10:12] = 200
    for name, saved in (("as-it-is.png", image), ("inverted.png", 255 - image)):
        Image.fromarray(saved).save(tmp_path / name)
        found = picture_for(tmp_path / name, FRAME, MNIST_LIKE)
        np.testing.assert_allclose(found[0], image, atol=1e-3)


def test_full_ink_is_what_the_data_have(tmp_path):
    image = picture_for(drawn(tmp_path), (1, 8, 8), DrawingStyle(16.0, 1.0))
    assert image.shape == (1, 8, 8)
    assert 8 < image.max() <= 16


@pytest.mark.parametrize("brightness", [0, 128, 255])
def test_an_empty_picture_is_refused(tmp_path, brightness):
    Image.new("L", (50, 60), brightness).save(tmp_path / "empty.png")
    with pytest.raises(gn.DataError, match=r"empty.png: is an empty picture"):
        picture_for(tmp_path / "empty.png", FRAME, MNIST_LIKE)


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n broken"])
def test_what_is_no_picture_is_refused(tmp_path, content):
    (tmp_path / "wrong.png").write_bytes(content)
    with pytest.raises(gn.DataError, match=r"wrong.png: is not a PNG or JPEG picture"):
        picture_for(tmp_path / "wrong.png", FRAME, MNIST_LIKE)


def test_a_colour_network_gets_the_picture_resized(tmp_path):
    Image.new("RGB", (40, 30), (255, 0, 51)).save(tmp_path / "red.png")
    image = picture_for(tmp_path / "red.png", (3, 10, 12), DrawingStyle(255.0))
    assert image.shape == (3, 10, 12)
    np.testing.assert_allclose(image.mean(axis=(1, 2)), [255, 0, 51], atol=0.5)


def test_a_coloured_drawing_and_a_transparent_one_are_grey_for_a_grey_network(tmp_path):
    plain = picture_for(drawn(tmp_path, ink=0, ground=255), FRAME, MNIST_LIKE)
    ink = np.asarray(Image.open(tmp_path / "seven.png")) < 128
    clear = np.zeros((*ink.shape, 4), np.uint8)
    clear[ink] = (0, 0, 0, 255)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    np.testing.assert_allclose(picture_for(tmp_path / "clear.png", FRAME, MNIST_LIKE), plain)
    red = np.where(ink[..., None], np.array([160, 0, 0], np.uint8), np.uint8(255))
    Image.fromarray(red).save(tmp_path / "red.png")
    np.testing.assert_allclose(picture_for(tmp_path / "red.png", FRAME, MNIST_LIKE), plain, atol=25)


def test_a_network_that_takes_no_images_is_told(tmp_path):
    for shape in ((4,), (2, 8, 8)):
        with pytest.raises(gn.DataError, match="not images"):
            picture_for(drawn(tmp_path), shape, MNIST_LIKE)


def test_the_style_is_measured_on_the_data():
    images = np.zeros((30, 1, 28, 28), np.uint8)
    images[:, :, 4:24, 9:19] = 200
    style = DrawingStyle.of(images)
    assert (style.largest, style.extent) == (200.0, pytest.approx(20 / 28))
    digits = DrawingStyle.of(load_digits().images.astype(np.uint8)[:, None])
    assert (digits.largest, digits.extent) == (16.0, 1.0)
    assert DrawingStyle.of(np.zeros((2, 3, 8, 8), np.uint8)).largest == 1.0


# --- photographs ----------------------------------------------------------------------------------

STROKED = DrawingStyle(255.0, 20 / 28, 0.12)

CONDITIONS = {
    "dim": {"paper": 115, "ink": 20},
    "noisy": {"paper": 200, "ink": 60, "noise": 15},
    "shaded": {"paper": 200, "ink": 60, "shade": 30},
    "more shaded": {"paper": 200, "ink": 60, "shade": 40},
    "framed": {"paper": 230, "ink": 30, "frame": 6},
    "framed, shaded and noisy": {"paper": 200, "ink": 50, "frame": 6, "shade": 30, "noise": 8},
    "chalk on a board": {"paper": 60, "ink": 220, "noise": 10, "shade": 20},
}


def photographed(path, drawing, *, paper=255, ink=0, noise=0, shade=0, frame=0):
    """Save a drawing, from 0 to 1, as a camera might see it."""
    light = np.linspace(-shade, shade, drawing.shape[1])
    seen = (paper + light) * (1 - drawing) + ink * drawing
    seen += np.random.default_rng(0).normal(0, noise or 1e-9, seen.shape)
    if frame:
        inside = np.zeros(seen.shape, bool)
        inside[frame:-frame, frame:-frame] = True
        seen[~inside] = 20
    Image.fromarray(np.uint8(np.clip(np.round(seen), 0, 255))).save(path)
    return path


def likeness(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_photograph_is_as_good_as_a_clean_picture(tmp_path, condition):
    clean = drawn(tmp_path, size=(200, 240), box=(50, 40, 140, 200))
    drawing = np.asarray(Image.open(clean)) / 255
    photo = photographed(tmp_path / "photo.png", drawing, **CONDITIONS[condition])
    expected = picture_for(clean, FRAME, STROKED)
    assert likeness(picture_for(photo, FRAME, STROKED), expected) > 0.98


def test_a_thin_pen_is_drawn_as_broad_as_in_the_data(tmp_path):
    widths = []
    for pen in (3, 30):
        picture = Image.new("L", (700, 900), 255)
        ImageDraw.Draw(picture).line([(200, 200), (500, 200), (300, 700)], fill=0, width=pen)
        picture.save(tmp_path / "pen.png")
        found = picture_for(tmp_path / "pen.png", FRAME, STROKED)
        widths.append(stroke_width(found[0] / 255))
    assert widths[0] == pytest.approx(0.12 * 20, rel=0.3)
    assert widths[1] < 2 * widths[0]


def test_specks_are_no_ink(tmp_path):
    clean = drawn(tmp_path, size=(200, 240), box=(50, 40, 140, 200))
    drawing = np.asarray(Image.open(clean)) / 255
    drawing[5:8, 5:8] = drawing[-9:-6, -9:-6] = 1
    found = picture_for(photographed(tmp_path / "specks.png", drawing), FRAME, STROKED)
    np.testing.assert_allclose(found, picture_for(clean, FRAME, STROKED), atol=3)


@pytest.mark.parametrize("noise", [5, 15, 30])
def test_noise_alone_is_an_empty_picture(tmp_path, noise):
    photo = photographed(tmp_path / "n.png", np.zeros((280, 300)), paper=150, noise=noise, shade=20)
    with pytest.raises(gn.DataError, match="empty picture"):
        picture_for(photo, FRAME, STROKED)


@pytest.mark.slow
def test_a_classifier_reads_photographs_of_held_out_digits(data_dir, tmp_path):
    data = gn.data.load("mnist", data_dir=data_dir)
    style = DrawingStyle.of(data.train.raw)
    model = gn.Sequential(gn.Flatten(), gn.Linear(784, 256), gn.ReLU(), gn.Linear(256, 10))
    gn.Trainer(model, gn.SoftmaxCrossEntropy(), gn.Adam(lr=0.002)).fit(
        data.train, epochs=3, batch_size=128
    )
    plain = model.predict_proba(data.train.scaling.apply(data.test.raw)).argmax(axis=1)
    chosen = [np.flatnonzero((data.test.y == k) & (plain == k))[0] for k in range(10)]
    for name, condition in CONDITIONS.items():
        samples = []
        for i in chosen:
            drawing = np.zeros((300, 280))
            large = Image.fromarray(data.test.raw[i, 0]).resize((224, 224))
            drawing[30:254, 25:249] = np.asarray(large) / 255
            path = photographed(tmp_path / "x.png", drawing, **condition)
            samples.append(picture_for(path, FRAME, style))
        found = model.predict_proba(data.train.scaling.apply(np.stack(samples))).argmax(axis=1)
        assert (found == np.arange(10)).sum() >= 9, name
