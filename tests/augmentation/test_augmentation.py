"""What all augmentations promise, those of pixels, copies, and what is cautioned against."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.augmentation import (
    Compose,
    CutOut,
    Elastic,
    Flip,
    Noise,
    Rotate,
    Scale,
    Shear,
    Translate,
    append_copies,
    cautions,
)

ALL = [Rotate(20), Translate(2), Scale((0.8, 1.2)), Shear(10), Flip(), Elastic(20, 3), CutOut(3)]
ALL += [Noise(20.0), Compose([Rotate(5), Noise(2.0), Flip(), CutOut(2)])]


def rng(seed=0):
    return np.random.default_rng(seed)


def images(count=6, dtype=np.uint8, channels=1, size=8):
    return rng(9).integers(0, 256, (count, channels, size, size)).astype(dtype)


@pytest.fixture(scope="module")
def digits():
    return gn.data.load("digits").train


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("augment", ALL, ids=lambda a: type(a).__name__)
def test_as_many_of_the_same_shape_and_type_and_those_given_stay(augment, dtype):
    x = images(dtype=dtype, channels=3)
    x.flags.writeable = False
    first, again, other = augment(x, rng(1)), augment(x, rng(1)), augment(x, rng(2))
    assert (first.shape, first.dtype) == (x.shape, x.dtype)
    assert not np.shares_memory(first, x)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert repr(augment).startswith(type(augment).__name__ + "(")


@pytest.mark.parametrize("augment", ALL[:-1], ids=lambda a: type(a).__name__)
def test_images_stay_in_their_places(augment):
    """Each image is all of one value: what is not fill tells which image it was."""
    x = np.repeat(np.arange(100, 220, 20, dtype=np.float32), 64).reshape(6, 1, 8, 8)
    changed = augment(x, rng())
    np.testing.assert_allclose(np.median(changed, axis=(1, 2, 3)), x[:, 0, 0, 0], atol=9)


def test_a_square_is_cut_out_of_all_channels():
    x = images(500, channels=2)
    x[x == 7] = 8
    covered = CutOut(3, fill=7)(x, rng()) == 7
    np.testing.assert_array_equal(covered[:, 0], covered[:, 1])
    sizes = covered[:, 0].sum(axis=(1, 2))
    assert set(sizes) == {4, 6, 9}  # in a corner, at an edge, inside
    inside = covered[sizes == 9, 0]
    assert (inside.any(axis=1).sum(axis=1) == 3).all()
    assert (inside.any(axis=2).sum(axis=1) == 3).all()
    share = covered[:, 0].mean(axis=0)
    assert share.min() > 0.03  # every pixel is covered now and then


def test_noise_has_the_spread_it_was_given():
    x = np.full((50, 1, 16, 16), 100, np.uint8)
    noisy = Noise(10.0)(x, rng()).astype(float)
    assert noisy.mean() == pytest.approx(100, abs=0.5)
    assert noisy.std() == pytest.approx(10, rel=0.05)
    table = Noise(0.5)(np.zeros((1000, 4), np.float32), rng())
    assert (table.dtype, round(float(table.std()), 1)) == (np.float32, 0.5)
    extreme = Noise(400.0)(x, rng())
    assert (extreme.min(), extreme.max()) == (0, 255)


def test_steps_follow_one_another():
    add, double = (lambda x, rng: x + 1), (lambda x, rng: x * 2)
    x = images(dtype=np.float32)
    np.testing.assert_array_equal(Compose([add, double])(x, rng()), 2 * (x + 1))
    nested = Compose([add, Compose([double, Flip(1.0)])])
    np.testing.assert_array_equal(nested(x, rng()), (2 * (x + 1))[..., ::-1])
    np.testing.assert_array_equal(Compose()(x, rng()), x)


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([Rotate], "such as Rotate.15., not the class Rotate"),
        ([5], "not 5"),
        ("rotate", "given as a list"),
        (Rotate(5), "given as a list"),
    ],
)
def test_what_is_no_list_of_augmentations_is_refused(steps, words):
    with pytest.raises(gn.ConfigError, match=words):
        Compose(steps)


@pytest.mark.parametrize(
    "wrong",
    [lambda x, rng: x[:-1], lambda x, rng: x.astype(float), lambda x, rng: None],
)
def test_a_function_that_loses_images_is_refused(wrong):
    with pytest.raises(gn.ShapeError, match="must return as many, of the same shape and type"):
        Compose([wrong])(images(), rng())


@pytest.mark.parametrize(
    "make", [lambda: CutOut(0), lambda: CutOut(2.5), lambda: Noise(-1), lambda: Noise(np.nan)]
)
def test_arguments_that_make_no_sense_are_refused(make):
    with pytest.raises(gn.ConfigError, match="must be"):
        make()


# --- fixed copies --------------------------------------------------------------------------------


def test_copies_join_the_end_with_their_labels_and_weights():
    x, y = images(20), np.arange(20) % 7
    weight = np.arange(1.0, 21)
    data = gn.Dataset(x, y, gn.data.Scaling(0.5), weight, "some", [*"abcdefg"])
    more = append_copies(data, [(8, Rotate((180, 180)))], rng())
    np.testing.assert_array_equal(more.raw[:20], x)
    np.testing.assert_array_equal(more.y[:20], y)
    source = [
        next(i for i in range(20) if (x[i] == np.rot90(c, 2, (1, 2))).all()) for c in more.raw[20:]
    ]
    assert len(set(source)) == 8
    np.testing.assert_array_equal(more.y[20:], y[source])
    np.testing.assert_array_equal(more.sample_weight[20:], weight[source])
    assert (more.scaling, more.name, more.class_names) == (data.scaling, "some", data.class_names)
    other = append_copies(data, [(8, Rotate((180, 180)))], rng(1))
    assert not np.array_equal(other.raw, more.raw)
    with pytest.raises(gn.ConfigError, match="21 copies were asked for, but some has 20 samples"):
        append_copies(data, [(21, Flip())], rng())


# --- cautions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "augment",
    [
        [Rotate(45)], [Rotate((350, 370))], [Scale((0.8, 0.95)), Shear(5)], [Noise(3.0)], [],
        [Flip(0.0)], [lambda x, rng: x],
    ],
)  # fmt: skip
def test_nothing_is_said_where_nothing_is_known_to_be_wrong(augment, digits):
    assert cautions(augment, digits, rng()) == []


def test_a_six_upside_down_is_a_nine(digits):
    (said,) = cautions(Rotate((180, 180)), digits, rng())
    assert said.startswith("turns by up to 180° may show another class, and the label stays: of ")
    assert "images of '6'" in said
    assert "nearest to one of '9'" in said


def test_turns_and_mirror_images_are_named_whatever_the_data(digits):
    noise = gn.Dataset(rng().integers(0, 255, (60, 1, 6, 6)).astype(np.uint8), np.arange(60) % 2)
    (said,) = cautions([Noise(1.0), Rotate(46), Flip()], noise, rng())
    assert said.startswith("turns by up to 46° and mirror images may show another class")
    assert cautions([Compose([Rotate((-90, 0))])], digits, rng())


def test_ink_that_leaves_the_frame_is_counted():
    x = np.zeros((200, 1, 9, 9), np.uint8)
    x[:, :, 3:6, 3:6] = 200
    data = gn.Dataset(x, np.arange(200) % 2)
    assert cautions(Translate((3, 3)), data, rng()) == []
    assert cautions(Translate((3.1, 3.1)), data, rng()) == []  # a fifteenth is lost
    (said,) = cautions([Translate((4, 4)), Noise(1.0)], data, rng())
    assert said.startswith("in 200 of 200 images more than a tenth of the ink leaves the frame")
    (some,) = cautions(Scale((1, 4)), data, rng())
    assert 0 < int(some.split()[1]) < 200


def test_a_ground_of_another_value_is_named():
    x = np.full((20, 1, 6, 6), 255, np.uint8)
    x[:, :, 2:4, 2:4] = 0
    data = gn.Dataset(x, np.arange(20) % 2)
    (said,) = cautions([Rotate(10)], data, rng())
    assert (
        "at the edges of the images are 255, but what comes in from outside is filled with 0"
        in said
    )
    assert cautions([Rotate(10, fill=255)], data, rng()) == []


def test_other_samples_are_left_alone():
    table = gn.Dataset(rng().normal(size=(20, 3)), np.arange(20) % 2)
    numbers = gn.Dataset(images(20), rng().normal(size=20))
    assert cautions([Rotate(90)], table, rng()) == cautions([Rotate(90)], numbers, rng()) == []
