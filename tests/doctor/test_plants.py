"""Every planted fault is found, and called by its name."""

import pytest

from glassnet.doctor import KINDS
from glassnet.doctor.faults import PLANTS, Plant


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.title)
def test_plant_is_found_and_named(plant: Plant) -> None:
    report = plant.examine()
    assert not report.ok
    assert plant.kind in {fault.kind for fault in report.faults}, str(report)


def test_plants_are_many_and_their_kinds_known() -> None:
    assert len(PLANTS) >= 40
    assert len({plant.kind for plant in PLANTS}) >= 25
    assert {plant.kind for plant in PLANTS} <= KINDS.keys()
    assert len({plant.title for plant in PLANTS}) == len(PLANTS)
