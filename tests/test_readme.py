"""What the README shows works."""

import re
import tomllib

import pytest

from glassnet.experiments import Config

from .conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_a_layer_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [block for block in blocks("python") if "class Scale" in block]
    exec("import glassnet as gn\n" + example, {"__name__": "readme"})
    assert "All gradients are right" in capsys.readouterr().out


def test_an_estimator_in_a_pipeline(capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = [block for block in blocks("python") if "GlassClassifier" in block]
    exec(example, {"__name__": "readme"})
    assert float(capsys.readouterr().out) > 0.9


def test_the_configuration_is_one() -> None:
    (text,) = blocks("toml")
    assert Config.from_dict(tomllib.loads(text)).training.patience == 5


@pytest.mark.slow
def test_the_library_on_mnist(
    data_dir: object, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    (example,) = [block for block in blocks("python") if "gn.data.load" in block]
    monkeypatch.setenv("GLASSNET_DATA", str(data_dir))
    monkeypatch.chdir(tmp_path)  # type: ignore[arg-type]
    names: dict[str, object] = {}
    exec(example, names)
    history = names["history"]
    assert history["valid_accuracy"][-1] > 0.97  # type: ignore[index]
