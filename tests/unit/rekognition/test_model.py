from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from botocore.loaders import Loader

from visavis.rekognition import model
from visavis.rekognition.model import OPERATIONS, SERVED, Standing, input_shape, output_shape, service


def test_every_operation_of_the_installed_model_has_one_place() -> None:
    listed = [name for _, _, operations in model._GROUPS for name in operations.split()]
    assert sorted(listed) == sorted(service().operation_names), "none twice, none missing, none invented"
    assert list(OPERATIONS) == listed


def test_how_many_there_are_of_each() -> None:
    assert Counter(place.standing for place in OPERATIONS.values()) == {
        Standing.SERVED: 25,
        Standing.OUTSIDE: 35,
        Standing.REFUSED: 15,
    }
    assert len(SERVED) == 25


def test_a_reason_belongs_to_one_standing() -> None:
    pairs = {(place.reason, place.standing) for place in OPERATIONS.values()}
    assert len(pairs) == len({reason for reason, _ in pairs})


@pytest.mark.parametrize("operation", sorted(SERVED))
def test_shapes_are_structures(operation: str) -> None:
    assert input_shape(operation).type_name == output_shape(operation).type_name == "structure"


def test_a_users_own_models_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "rekognition" / model.VERSION / "service-2.json"
    own.parent.mkdir(parents=True)
    own.write_text('{"metadata": {}, "operations": {}, "shapes": {}}', "utf-8")
    monkeypatch.setattr(Loader, "CUSTOMER_DATA_PATH", str(tmp_path))
    assert Loader().load_service_model("rekognition", "service-2")["operations"] == {}
    service.cache_clear()
    assert len(service().operation_names) == 75
