"""The files of the public data sets: their names, checksums and mirrors."""

from dataclasses import dataclass

TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
TRAIN_LABELS = "train-labels-idx1-ubyte.gz"
TEST_IMAGES = "t10k-images-idx3-ubyte.gz"
TEST_LABELS = "t10k-labels-idx1-ubyte.gz"


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched.

    Attributes
    ----------
    path : str
        Where it lies below a data directory, such as `mnist/train-images-idx3-ubyte.gz`.
    sha256 : str
        Of the content once uncompressed, because the same values are found compressed in several
        ways; or of the file itself.
    urls : tuple of str
        Where it is found, the preferred place first.
    """

    path: str
    sha256: str
    urls: tuple[str, ...]


def _files(name: str, mirrors: tuple[str, ...], sums: dict[str, str]) -> tuple[RemoteFile, ...]:
    return tuple(
        RemoteFile(f"{name}/{file}", sha256, tuple(mirror + file for mirror in mirrors))
        for file, sha256 in sums.items()
    )


FILES: dict[str, tuple[RemoteFile, ...]] = {
    "mnist": _files(
        "mnist",
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        {
            TRAIN_IMAGES: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            TRAIN_LABELS: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            TEST_IMAGES: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            TEST_LABELS: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        },
    ),
    "fashion-mnist": _files(
        "fashion-mnist",
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
        {
            TRAIN_IMAGES: "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            TRAIN_LABELS: "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            TEST_IMAGES: "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            TEST_LABELS: "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        },
    ),
    "kmnist": _files(
        "kmnist",
        ("http://codh.rois.ac.jp/kmnist/dataset/kmnist/",),
        {
            # Of the published file; the others are of the uncompressed content.
            TRAIN_IMAGES: "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            TRAIN_LABELS: "2a16eeae62da984b8bd24fa32e31d47291f01dac3fe84d5594f304f71e7d374b",
            TEST_IMAGES: "76fbd229ce87db80dd281af5e6670de4ad0e42fb30a7bd643972994c47c1f42e",
            TEST_LABELS: "a11dc742be8e781a40a92f53d6a4957e7b7d36df2faa097659131ebfd8fd60c6",
        },
    ),
    "digits16": _files(
        "digits16",
        (
            "https://raw.githubusercontent.com/ch3cook-fdu/NumPytorch/"
            "adbd4e3308a2414ac980444644d1aa739ddb3521/",
            "https://raw.githubusercontent.com/ch3cook-fdu/NumPytorch/main/",
        ),
        {"digits.mat": "4dd617b10157025328080733ae91e0057111f74ee977d4dd7823d545923d00df"},
    ),
}
FILES["kmnist-10k"] = FILES["kmnist"][2:]
"""For each data set, its files: training images and labels, test images and labels, or fewer."""
