"""A PyTorch `state_dict` becomes a model: what is read, what is assumed, what is refused."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import glassnet as gn
from glassnet import interop

torch = pytest.importorskip("torch")
nn = torch.nn


def state_of(module) -> dict:
    return {name: tensor.detach().numpy() for name, tensor in module.state_dict().items()}


def outputs(module, x):
    with torch.no_grad():
        return module.eval()(torch.from_numpy(x)).numpy()


def saved(module, file: Path) -> Path:
    from safetensors.torch import save_file

    save_file(module.state_dict(), file)
    return file


@settings(max_examples=30, deadline=None)
@given(
    widths=st.lists(st.integers(1, 7), min_size=2, max_size=13),
    activation=st.sampled_from(["ReLU", "Tanh", "SiLU", "GELU", "Sigmoid"]),
    norm=st.booleans(),
    dropout=st.booleans(),
    flatten=st.booleans(),
)
def test_stacks_of_linear_layers(widths, activation, norm, dropout, flatten):
    layers = [nn.Flatten()] if flatten else []
    for i, (before, after) in enumerate(itertools.pairwise(widths)):
        layers.append(nn.Linear(before, after, bias=i % 3 != 1))
        if i < len(widths) - 2:
            layers += [nn.BatchNorm1d(after)] * norm + [getattr(nn, activation)()]
            layers += [nn.Dropout(0.5)] * dropout
    module = nn.Sequential(*layers)
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if "running" in name:
                tensor.uniform_(0.5, 2)
    imported = interop.from_state(state_of(module), activation.lower())
    x = np.random.default_rng(0).normal(size=(5, widths[0])).astype(np.float32)
    np.testing.assert_allclose(imported.model.predict(x), outputs(module, x), atol=1e-5)
    assert set(imported.model.state_dict()) == set(module.state_dict())


def test_what_is_assumed_is_said():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 2))
    assumed = " ".join(interop.from_state(state_of(module)).assumed)
    assert "ReLU between the Linear layers, which the file does not say" in assumed
    assert "eps of 1e-05 and momentum of 0.1" in assumed
    assert (
        interop.from_state(state_of(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)))).assumed == ()
    )


class Named(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc10 = nn.Linear(3, 5), nn.Linear(5, 4), nn.Linear(4, 2)

    def forward(self, x):
        return self.fc10(torch.tanh(self.fc2(torch.tanh(self.fc1(x)))))


def test_names_of_ones_own():
    module = Named()
    imported = interop.from_state(state_of(module), "tanh")
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_allclose(imported.model.predict(x), outputs(module, x), atol=1e-6)
    assert any("fc1, fc2, fc10" in note for note in imported.assumed)


class Meaningful(nn.Module):
    """Layers whose names, in the order of the alphabet, do not say how they go together."""

    def __init__(self):
        super().__init__()
        self.input, self.norm1 = nn.Linear(8, 6), nn.BatchNorm1d(6)
        self.hidden, self.norm2 = nn.Linear(6, 5), nn.BatchNorm1d(5)
        self.classifier = nn.Linear(5, 3)

    def forward(self, x):
        x = torch.tanh(self.norm1(self.input(x)))
        return self.classifier(torch.tanh(self.norm2(self.hidden(x))))


def test_where_names_say_no_order_the_shapes_do():
    module = Meaningful()
    with torch.no_grad():
        module.norm1.running_mean.normal_()
        module.norm2.running_var.uniform_(0.5, 2)
    state = state_of(module)
    shuffled = dict(sorted(state.items()))
    imported = interop.from_state(shuffled, "tanh")
    x = np.random.default_rng(0).normal(size=(5, 8)).astype(np.float32)
    np.testing.assert_allclose(imported.model.predict(x), outputs(module, x), atol=1e-6)
    assert "the order input, norm1, hidden, norm2, classifier" in imported.assumed[-1]
    certificate = interop.certify_import(imported, shuffled, (8,), "theirs.safetensors")
    assert certificate.ok
    assert len(certificate.differences) == 2, "outputs and a step, also where names differ"
    with pytest.raises(gn.CheckpointError, match="do not make a stack"):
        interop.from_state({"a.weight": np.ones((3, 2)), "b.weight": np.ones((5, 4))})


def test_weights_of_double_precision_stay_so():
    module = nn.Sequential(nn.Linear(3, 2)).double()
    model = interop.from_state(state_of(module)).model
    assert model.dtype == np.float64
    np.testing.assert_array_equal(model[0].weight.value, state_of(module)["0.weight"])


def test_batch_norm_comes_without_its_counter():
    module = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4, track_running_stats=True))
    state = state_of(module)
    del state["1.num_batches_tracked"]
    assert int(interop.from_state(state).model[1].num_batches_tracked.value) == 0


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU()), "convolution, whose stride and padding"),
        (nn.Sequential(nn.Conv1d(1, 2, 3)), "is no layer that Glassnet can read"),
        (nn.Sequential(nn.Embedding(3, 4), nn.LSTM(4, 5)), "is no layer that Glassnet can read"),
        (nn.ModuleDict({"a": nn.Linear(3, 4), "b": nn.Linear(5, 2)}), "do not make a stack"),
    ],
)
def test_what_names_and_shapes_do_not_tell(module, words):
    with pytest.raises(gn.CheckpointError, match=words) as caught:
        interop.from_state(state_of(module))
    assert "--recipe" in str(caught.value)


def test_an_unknown_activation_is_refused():
    with pytest.raises(gn.ConfigError, match=r"'rely' \(did you mean 'relu'\?\)"):
        interop.from_state(state_of(nn.Sequential(nn.Linear(1, 1))), "rely")


@pytest.mark.parametrize("ending", [".pt", ".pth", ".bin", ".safetensors"])
def test_a_pickle_is_never_opened(ending: str, tmp_path: Path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    file = tmp_path / f"model{ending}"
    torch.save({"weights": Trap()}, file)
    with pytest.raises(gn.CheckpointError, match=r"is a pickle.*safetensors\.torch\.save_file"):
        interop.read_state(file)
    assert not (tmp_path / "sprung").exists()
    with pytest.raises(Exception):  # noqa: B017, PT011
        torch.load(file, weights_only=True)


@pytest.mark.parametrize("content", [b"", b"\x00" * 40, b"\xff" * 8 + b"{}"])
def test_a_damaged_file_is_refused(content: bytes, tmp_path: Path):
    (tmp_path / "m.safetensors").write_bytes(content)
    with pytest.raises(gn.CheckpointError):
        interop.read_state(tmp_path / "m.safetensors")


def test_a_recipe_says_what_the_file_does_not():
    module = nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.BatchNorm2d(3), nn.SiLU(), nn.Flatten(),
        nn.Linear(48, 2),
    )  # fmt: skip
    model = gn.Sequential(
        gn.Conv2d(1, 3, 3, 2, 1), gn.BatchNorm2d(3), gn.SiLU(), gn.Flatten(), gn.Linear(48, 2)
    )
    x = np.random.default_rng(0).normal(size=(5, 1, 8, 8)).astype(np.float32)
    imported = interop.with_state(model, state_of(module))
    np.testing.assert_allclose(imported.model.predict(x), outputs(module, x), atol=1e-5)
    certificate = interop.certify_import(imported, state_of(module), (1, 8, 8), "m")
    assert certificate.ok
    assert len(certificate.differences) == 2

    names = {"0": "features.conv", "1": "features.norm", "4": "classifier"}
    renamed = {names[key.split(".")[0]] + key[1:]: array for key, array in state_of(module).items()}
    copy = gn.layers.from_config(model.config())
    again = interop.with_state(copy, renamed)
    np.testing.assert_array_equal(again.model.predict(x), imported.model.predict(x))
    assert again.assumed
    with pytest.raises(gn.CheckpointError, match=r"not in the model: 1\.bias"):
        interop.with_state(gn.Sequential(gn.Linear(1, 1)), state_of(module))
