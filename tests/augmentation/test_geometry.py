"""Where pixels go: against NumPy, SciPy and PyTorch, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import glassnet as gn
from glassnet.augmentation import Compose, Elastic, Flip, Rotate, Scale, Shear, Translate

SIZES = st.integers(1, 9)
DTYPES = st.sampled_from([np.uint8, np.float32])


def images(shape, dtype=np.uint8, seed=0):
    values = np.random.default_rng(seed).integers(0, 256, shape)
    return values.astype(dtype)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(st.integers(-3, 5), SIZES, st.integers(1, 3), DTYPES)
def test_a_quarter_turn_is_numpy_s_to_the_bit(quarters, size, channels, dtype):
    x = images((2, channels, size, size), dtype)
    turned = Rotate((90 * quarters, 90 * quarters))(x, rng())
    np.testing.assert_array_equal(turned, np.rot90(x, quarters, axes=(2, 3)))
    assert (turned.dtype, turned.flags.c_contiguous) == (x.dtype, True)


@given(st.integers(-10, 10), SIZES, SIZES, DTYPES)
def test_whole_pixels_move_and_leave_fill_behind(pixels, height, width, dtype):
    x = images((2, 1, height, width), dtype)
    rolled = np.roll(x, (pixels, pixels), axis=(2, 3))
    new = [np.arange(length) - pixels for length in (height, width)]  # where each pixel was
    inside = [(place >= 0) & (place < len(place)) for place in new]
    expected = np.where(np.outer(*inside), rolled, np.asarray(7, dtype))
    np.testing.assert_array_equal(Translate((pixels, pixels), fill=7)(x, rng()), expected)


@given(SIZES, SIZES, DTYPES)
def test_a_mirror_image(height, width, dtype):
    x = images((3, 2, height, width), dtype)
    np.testing.assert_array_equal(Flip(1.0)(x, rng()), x[..., ::-1])
    np.testing.assert_array_equal(Flip(0.0)(x, rng()), x)


def test_half_are_mirrored():
    x = images((400, 1, 1, 2), np.float32)
    flipped = (Flip()(x, rng())[..., 0] == x[..., 1]).mean()
    assert 0.4 < flipped < 0.6


def test_half_a_pixel_is_shared_and_fades_into_the_ground():
    x = np.array([[[[8, 0, 4]]]], np.float32)
    half = Compose([Translate((0.5, 0.5))])(x, rng())  # half a row down halves all once more
    np.testing.assert_array_equal(half, [[[[2, 2, 1]]]])
    on_white = Translate((0.5, 0.5), fill=8)(x, rng())
    np.testing.assert_array_equal(on_white, [[[[8, 6, 5]]]])


def test_bytes_are_rounded():
    x = np.array([[[[10], [255]]]], np.uint8)
    moved = Compose([Translate((0.25, 0.25))])(x, rng())
    # rows: 10·¾ and 10·¼ + 255·¾; columns: ¾ of that
    np.testing.assert_array_equal(moved, [[[[round(10 * 0.5625)], [round(193.75 * 0.75)]]]])


@pytest.mark.parametrize("size", [7, 8])
@pytest.mark.parametrize("angle", [15, -40, 100])
def test_a_single_pixel_goes_where_the_formula_says(size, angle):
    """As the eye sees it: counter-clockwise about (H − 1)/2, rows counted downwards."""
    x = np.zeros((1, 1, size, size), np.float32)
    row, column, centre = 2, 4, (size - 1) / 2
    x[0, 0, row, column] = 1
    turned = Rotate((angle, angle))(x, rng())[0, 0]
    radians = np.deg2rad(angle)
    right, up = column - centre, centre - row
    expected = (
        centre - (right * np.sin(radians) + up * np.cos(radians)),
        centre + (right * np.cos(radians) - up * np.sin(radians)),
    )
    found = ndimage.center_of_mass(turned)
    np.testing.assert_allclose(found, expected, atol=0.2)  # linear interpolation spreads it a bit


ANGLE, DISTANCE, FACTOR = st.floats(-180, 180), st.floats(-4, 4), st.floats(0.6, 1.7)


@settings(max_examples=30, deadline=None)
@given(ANGLE, DISTANCE, FACTOR, st.floats(-50, 50), st.integers(2, 9), st.integers(2, 9))
def test_four_in_one_interpolation_are_pytorch_s(angle, distance, factor, slant, height, width):
    torch = pytest.importorskip("torch")
    x = images((1, 2, height, width), np.float32)
    steps = [
        Rotate((angle, angle)), Scale((factor, factor)), Shear((slant, slant)),
        Translate((distance, distance)),
    ]  # fmt: skip
    found = Compose(steps)(x, rng())

    # The same by hand, on (column, row), x to the right and y downwards, the last step first.
    a, s = np.deg2rad(angle), np.tan(np.deg2rad(slant))
    turn = np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])  # forwards
    forwards = np.array([[1, -s], [0, 1]]) @ (factor * np.eye(2)) @ turn
    rows, columns = np.mgrid[:height, :width]
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    new = np.stack([columns, rows], axis=-1) - centre - distance
    old = new @ np.linalg.inv(forwards).T
    grid = old / np.array([max(width - 1, 1), max(height - 1, 1)]) * 2
    expected = torch.nn.functional.grid_sample(
        torch.tensor(x, dtype=torch.float64), torch.tensor(grid[None]), align_corners=True
    )
    np.testing.assert_allclose(found, expected.numpy(), atol=2e-3)


def test_one_interpolation_blurs_less_than_three():
    x = images((20, 1, 16, 16), np.float32)
    there_and_back = [Rotate((20, 20)), Rotate((-20, -20))]
    once = Compose(there_and_back)(x, rng())
    np.testing.assert_allclose(once, x, atol=1e-3)
    twice = there_and_back[1](there_and_back[0](x, rng()), rng())
    assert np.abs(twice - x)[..., 5:-5, 5:-5].mean() > 10


def test_of_several_grounds_each_is_kept():
    x = np.full((1, 1, 1, 3), 5, np.float32)
    moved = Compose([Translate((1, 1), fill=1), Flip(1.0, fill=2)])(x, rng())
    np.testing.assert_array_equal(moved, np.full((1, 1, 1, 3), 1))


@pytest.mark.parametrize(
    ("step", "amount"),
    [(Rotate, (-30, 10)), (Translate, (-2, 3)), (Scale, (0.5, 1.5)), (Shear, (5, 20))],
)
def test_every_image_draws_its_own_from_the_whole_range(step, amount):
    x = images((1, 1, 9, 9), np.float32)
    batch = step(amount)(np.repeat(x, 300, axis=0), rng())
    assert len(np.unique(batch.reshape(300, -1), axis=0)) == 300
    matrices = step(amount).matrices(2000, rng())
    drawn = {
        Rotate: np.rad2deg(np.arctan2(matrices[:, 0, 1], matrices[:, 0, 0])),
        Translate: -matrices[:, :2, 2],
        Scale: 1 / matrices[:, 0, 0],
        Shear: np.rad2deg(np.arctan(matrices[:, 1, 0])),
    }[step]
    low, high = amount
    assert low <= drawn.min() < low + 0.02 * (high - low)
    assert high >= drawn.max() > high - 0.02 * (high - low)
    assert drawn.mean() == pytest.approx((low + high) / 2, abs=0.05 * (high - low))


def test_a_single_number_is_either_way():
    many = Rotate(20).matrices(1000, rng())
    angles = np.rad2deg(np.arctan2(many[:, 0, 1], many[:, 0, 0]))
    assert -20 <= angles.min() < -19 < 19 < angles.max() <= 20


def test_elastic_deformation_is_scipy_s():
    x = images((2, 2, 12, 10), np.float32)
    found = Elastic(alpha=20, sigma=3)(x, rng(3))
    pull = rng(3).uniform(-1, 1, (2, 2, 12, 10))
    grid = np.mgrid[:12, :10]
    for n in range(2):
        field = np.stack([ndimage.gaussian_filter(p, 3, mode="constant") for p in pull[n]])
        for c in range(2):
            expected = ndimage.map_coordinates(
                x[n, c], grid + 20 * field, order=1, mode="grid-constant"
            )
            np.testing.assert_allclose(found[n, c], expected, atol=1e-3)
    assert not np.array_equal(found, x)


def test_elastic_deformation_moves_about_as_far_as_it_says():
    ramp = np.tile(np.arange(64, dtype=np.float32), (50, 1, 64, 1))
    moved = Elastic(alpha=34, sigma=4)(ramp, rng())
    distance = (moved - ramp)[..., 24:-24, 24:-24]
    assert distance.std() == pytest.approx(34 / (6 * 4), rel=0.15)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Rotate(-5), "degrees must be a finite number of at least 0, not -5"),
        (lambda: Rotate((5, 1)), "from low to high, not from 5 to 1"),
        (lambda: Rotate((1, 2, 3)), "one number or two"),
        (lambda: Rotate("much"), "finite number"),
        (lambda: Rotate(float("nan")), "finite number"),
        (lambda: Translate(True), "finite number"),
        (lambda: Scale((0, 1)), "two numbers above 0"),
        (lambda: Scale(1.1), "two numbers above 0"),
        (lambda: Shear(90), "inside -90 to 90"),
        (lambda: Flip(1.5), "0 to 1"),
        (lambda: Elastic(sigma=0), "sigma must be a finite number of at least 0.1"),
        (lambda: Elastic(alpha=-1), "alpha"),
        (lambda: Rotate(5, fill=np.inf), "fill"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(make, words):
    with pytest.raises(gn.ConfigError, match=words):
        make()


@pytest.mark.parametrize("step", [Rotate(5), Elastic(), Translate(2)])
def test_other_samples_and_grounds_are_refused(step):
    with pytest.raises(gn.ShapeError, match=r"takes images of shape .* not \(3, 4\)"):
        step(np.zeros((3, 4), np.float32), rng())
    with pytest.raises(gn.ConfigError, match="fill must lie in 0 to 255"):
        type(step)(fill=300)(images((1, 1, 3, 3)), rng())
