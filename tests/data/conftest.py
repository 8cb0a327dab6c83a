import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_surroundings(monkeypatch, tmp_path_factory):
    """Tests neither see the user's data directory nor touch the user's cache."""
    monkeypatch.delenv("GLASSNET_DATA", raising=False)
    cache = tmp_path_factory.mktemp("cache")
    monkeypatch.setattr("pooch.os_cache", lambda project: cache / project)


_DATA = os.environ.get("GLASSNET_DATA")
_SHARED = Path(_DATA) if _DATA else Path(__file__).parents[3] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data():
    """The directory of the published data sets."""
    if not (_SHARED / "mnist").is_dir():
        pytest.skip(f"no data sets at {_SHARED}; name their directory in GLASSNET_DATA")
    return _SHARED
