import numpy as np
import pytest

from glassnet.data import load
from glassnet.errors import ConfigError, DataError


@pytest.fixture
def table(tmp_path):
    def write(text, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return write


def whole(path, **options):
    return load("csv", path=path, valid=0, test=0, scaling="none", **options).train


def test_text_classes_with_a_header(table):
    data = whole(table("\ufefflong,wide,kind\n1,2,b\n3,4.5,a\n\n-5e0, 6 ,b \n"))
    assert data.raw.tolist() == [[1, 2], [3, 4.5], [-5, 6]]
    assert data.class_names == ("a", "b")
    assert data.y.tolist() == [1, 0, 1]


def test_target_by_name_or_index_and_other_marks(table):
    path = table("kind;long;wide\n2;1;2\n10;3;4\n10;5;6\n2;5;6\n")
    for target in ("kind", 0, -3):
        data = whole(path, target=target, delimiter=";")
        assert data.raw.tolist() == [[1, 2], [3, 4], [5, 6], [5, 6]]
        assert data.class_names == ("2", "10")  # in the order of numbers, not of text
        assert data.y.tolist() == [0, 1, 1, 0]


def test_no_header(table):
    text = "1,2,0\n3,4,1\n5,6,1\n7,8,0\n"
    assert len(whole(table(text))) == 4
    assert len(whole(table(text), header=True, target=2, task="classification")) == 3
    assert whole(table("1,x\n2,y\n3,x\n"), header=False).class_names == ("x", "y")
    assert len(whole(table('"1","2","a,b"\n"2","3","c"\n'))) == 2


def test_what_the_target_is(table):
    assert whole(table("x,y\n1,0.5\n2,3\n")).y.tolist() == [0.5, 3]
    assert whole(table("x,y\n1,1.0\n2,2e0\n3,1\n4,2\n")).class_names == ("1", "2")
    assert whole(table("x,y\n1,7\n2,9\n"), task="regression").y.tolist() == [7, 9]
    assert whole(table("x,y\n1,7\n2,?\n"), task="classification").class_names == ("7", "?")
    assert whole(table("x,y\n1,-1\n2,1\n3,-1\n4,1\n")).class_names == ("-1", "1")
    with pytest.raises(DataError, match=r"column 'y' holds integers.* but 9 occurs once; set task"):
        whole(table("x,y\n1,7\n2,7\n3,9\n"))
    with pytest.raises(DataError, match="line 3, column 'y': 'x' is not a number, others are"):
        whole(table("x,y\n1,7\n2,x\n3,7\n"))
    with pytest.raises(DataError, match="line 3, column 'y': 'x' is not a number"):
        whole(table("x,y\n1,7\n2,x\n3,7\n"), task="regression")


def test_a_test_file_of_its_own(table):
    path = table("x,y\n1,b\n2,a\n3,b\n4,a\n")
    other = table("x,y\n5,b\n", "test.csv")
    splits = load("csv", path=str(path), test_path=str(other), valid=0)
    assert (len(splits.train), splits.test.y.tolist()) == (4, [1])
    np.testing.assert_allclose(splits.train.x.mean(), 0, atol=1e-6)
    with pytest.raises(DataError, match=r"test.csv: line 2, column 'y': the class 'c' is not in"):
        load("csv", path=path, test_path=table("x,y\n5,c\n", "test.csv"), valid=0)
    with pytest.raises(DataError, match=r"test.csv: its columns are not those"):
        load("csv", path=path, test_path=table("z,y\n5,a\n", "test.csv"), valid=0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("x,y\n", "nothing else"),
        ("x\n1\n", "line 1 has one column when divided at ','"),
        ("x,z,y\n1,2,a\n1,two,a\n", "line 3, column 'z': 'two' is not a finite number"),
        ("1,2,a\n1,two,a\n", "line 2, column '2': 'two' is not a finite number"),
        ("x,z,y\n1,2,a\n\n1,,a\n", "line 4, column 'z': the cell is empty"),
        ("x,z,y\n1,nan,a\n", "line 2, column 'z': 'nan' is not"),
        ("x,z,y\n1,inf,a\n", "line 2, column 'z': 'inf' is not"),
        ("x,z,y\n1,1e40,a\n", "line 2, column 'z': '1e40' is not"),
        ("x,z,y\n1,2,a\n1,2,\n", "line 3, column 'y': the cell is empty"),
        ("x,y\n1,0.5\n1,nan\n", "line 3, column 'y': 'nan' is not"),
        ("x,y\n1,2\n1,2,3\n", "line 3 has 3 cells, line 1 has 2"),
        ("x,y\n1,2\n1\n", "line 3 has 1 cells"),
        ("x,y\n1," + "a" * 200_000, "cannot be read as CSV"),
        ('x,z,y\n1,"2\n2",a\n', "line 3, column 'z'"),
    ],
)
def test_bad_cells_are_named(table, text, words):
    path = table(text)
    with pytest.raises(DataError, match=words) as caught:
        whole(path)
    assert str(path) in str(caught.value)


def test_other_refusals(table, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        whole(tmp_path / "absent.csv")
    with pytest.raises(DataError, match="UTF-8"):
        whole(table("x,y\n1,ä\n", encoding="latin-1"))
    with pytest.raises(DataError, match="cannot be read"):
        whole(tmp_path)
    path = table("long,y\n1,a\n2,a\n3,b\n4,b\n")
    with pytest.raises(
        ConfigError, match=r"no column 'lng' .did you mean 'long'.*there are long, y"
    ):
        whole(path, target="lng")
    with pytest.raises(ConfigError, match="none with the index 2"):
        whole(path, target=2)
    with pytest.raises(ConfigError, match="has no header"):
        whole(table("1,2\n3,4\n"), target="y")
    with pytest.raises(ConfigError, match="single character"):
        whole(path, delimiter="::")
