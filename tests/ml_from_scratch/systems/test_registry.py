"""The model registry: versions that stay, aliases that move, gates that hold."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from ml_from_scratch.systems.registry import Gate, GateError, ModelRegistry

NOON = datetime(2013, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def registry(tmp_path):
    return ModelRegistry(tmp_path / "models", clock=lambda: NOON)


def test_versions_count_up_and_keep_what_was_said_of_them(registry):
    one = registry.register("delay", b"one", metrics={"auc": 0.7}, facts={"seed": 1})
    two = registry.register("delay", b"two")
    assert (one.number, two.number) == (1, 2)
    assert registry.versions("delay") == [1, 2]
    assert registry.get("delay", 1) == one
    assert one.created == "2013-07-01T12:00:00+00:00"
    assert registry.load("delay", 1) == b"one"


def test_models_of_other_names_have_numbers_of_their_own(registry):
    registry.register("delay", b"one")
    assert registry.register("cancel", b"one").number == 1
    assert registry.versions("none") == []


def test_two_registries_on_one_folder_see_the_same(registry, tmp_path):
    registry.register("delay", b"one")
    registry.promote("delay", 1, "production")
    other = ModelRegistry(tmp_path / "models")
    assert other.load("delay", "production") == b"one"


def test_writers_at_the_same_moment_get_different_numbers(registry):
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda i: registry.register("m", bytes([i + 1])), range(24))
        )
    assert sorted(version.number for version in made) == list(range(1, 25))
    for version in made:
        registry.load("m", version.number)  # its own bytes, or this raises


def test_no_draft_is_left_behind(registry, tmp_path):
    registry.register("delay", b"one")
    names = {path.name for path in (tmp_path / "models" / "delay").iterdir()}
    assert names == {"1"}


def test_a_draft_that_could_not_be_described_is_removed(registry, tmp_path):
    with pytest.raises(TypeError, match="not JSON serializable"):
        registry.register("delay", b"one", facts={"when": NOON})
    assert list((tmp_path / "models" / "delay").iterdir()) == []
    assert registry.register("delay", b"one").number == 1


def test_an_alias_moves_and_moves_back_and_every_move_is_kept(registry):
    for content in (b"one", b"two", b"three"):
        registry.register("delay", content)
    for number in (1, 3):
        registry.promote("delay", number, "production")
    assert registry.get("delay", "production").number == 3
    assert registry.rollback("delay", "production").number == 1
    moves = [(line["before"], line["after"]) for line in registry.history("delay")]
    assert moves == [(None, 1), (1, 3), (3, 1)]
    assert registry.load("delay", "production") == b"one"


def test_aliases_do_not_disturb_each_other(registry):
    registry.register("delay", b"one")
    registry.register("delay", b"two")
    registry.promote("delay", 1, "production")
    registry.promote("delay", 2, "shadow")
    assert registry.get("delay", "production").number == 1


def better(new, old):
    return old is None or new.metrics["auc"] >= old.metrics["auc"]


def test_a_gate_compares_with_what_is_there_and_leaves_the_alias_where_it_is(registry):
    gates = [
        Gate("no worse than now", better),
        Gate("has a seed", lambda n, _: n.facts),
    ]
    registry.register("delay", b"one", metrics={"auc": 0.7}, facts={"seed": 1})
    registry.register("delay", b"two", metrics={"auc": 0.6})
    registry.promote("delay", 1, "production", gates=gates)
    with pytest.raises(GateError, match="fails no worse than now; has a seed"):
        registry.promote("delay", 2, "production", gates=gates)
    assert registry.get("delay", "production").number == 1
    assert len(registry.history("delay")) == 1


def test_a_model_that_was_changed_on_disk_is_not_loaded(registry, tmp_path):
    registry.register("delay", b"one")
    (tmp_path / "models" / "delay" / "1" / "model.bin").write_bytes(b"evil")
    with pytest.raises(ValueError, match="Version 1 of 'delay' was changed on disk"):
        registry.load("delay", 1)


def test_the_description_can_be_read_without_the_registry(registry, tmp_path):
    registry.register("delay", b"one", metrics={"auc": 0.7})
    path = tmp_path / "models" / "delay" / "1" / "version.json"
    assert json.loads(path.read_text(encoding="utf-8"))["metrics"] == {"auc": 0.7}


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "a b", "a\n"])
def test_names_that_lead_elsewhere_are_refused(registry, name):
    with pytest.raises(ValueError, match="is no name"):
        registry.register(name, b"one")
    registry.register("fine", b"one")
    with pytest.raises(ValueError, match="is no name"):
        registry.promote("fine", 1, name)


@pytest.mark.parametrize(
    ("act", "error", "said"),
    [
        (lambda r: r.register("delay", b""), ValueError, "has no bytes"),
        (lambda r: r.get("delay", 9), KeyError, "no 9; versions"),
        (lambda r: r.load("delay", "prod"), KeyError, "no 'prod'; versions"),
        (lambda r: r.promote("delay", 1, "2"), ValueError, "look like a version's"),
        (lambda r: r.rollback("delay", "production"), KeyError, "no earlier version"),
    ],
)
def test_what_cannot_be_done_is_said(registry, act, error, said):
    registry.register("delay", b"one")
    registry.promote("delay", 1, "production")
    with pytest.raises(error, match=said):
        act(registry)
