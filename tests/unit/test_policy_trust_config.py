from __future__ import annotations

import pickle
import re
from typing import TYPE_CHECKING

import mailseal
import pytest
from mailseal import Check, Config, Limits, Policy, Status, Summary, TrustStore, _core

from tests.unit.world import BODY, WITHIN, World

if TYPE_CHECKING:
    from pathlib import Path


def test_enums_are_the_core_tables() -> None:
    assert {row["status"] for row in _core.table("statuses")} == set(Status)
    assert {row["check"] for row in _core.table("checks")} == set(Check)
    assert set(Summary) == {"none", "signed", "encrypted", "signed+encrypted"}


def test_presets() -> None:
    assert {"default", "archive", "strict"} <= set(Policy.names())
    assert [Policy.default().name, Policy.archive().name, Policy.strict().name] == ["default", "archive", "strict"]
    for name in Policy.names():
        assert Policy.named(name) == Policy.named(name)
        assert hash(Policy.named(name)) == hash(Policy.named(name))
    assert Policy.strict() != Policy.default()
    with pytest.raises(ValueError, match="nonesuch"):
        Policy.named("nonesuch")


def test_replace_changes_one_field() -> None:
    changed = Policy.default().replace(address_match="report", limits=Limits(layers=2))
    assert changed.to_dict()["address_match"] == "report"
    assert changed.limits.layers == 2
    assert changed.limits.asn1_depth == Limits().asn1_depth
    assert Policy.default().limits.layers == Limits().layers
    for wrong in ({"no_such_field": 1}, {"time": "no_such_time"}, {"minimum_rsa_bits": "no_such_number"}):
        with pytest.raises(ValueError, match="no_such"):
            Policy.default().replace(**wrong)


def test_policy_from_toml(tmp_path: Path) -> None:
    file = tmp_path / "house.toml"
    file.write_text('base = "strict"\nminimum_rsa_bits = 3072\n')
    policy = Policy.from_toml(file)
    assert policy.name == "house"
    assert policy.to_dict()["minimum_rsa_bits"] == 3072
    file.write_text("no_such_field = 1\n")
    with pytest.raises(ValueError, match="no_such_field"):
        Policy.from_toml(file)


def test_every_limit_is_an_option() -> None:
    for row in _core.table("limits"):
        name = row["limit"]
        assert Limits(**{name: 7})[name] == 7
        assert getattr(Limits(), name) == row["default"]
    with pytest.raises(TypeError, match="no cap"):
        Limits(no_such_cap=1)
    for wrong in (-1, True, "8"):
        with pytest.raises(ValueError, match="layers must be a count"):
            Limits(layers=wrong)  # type: ignore[arg-type]
    assert repr(Limits(layers=3)) == "Limits(layers=3)"


def test_a_limit_is_obeyed(world: World) -> None:
    policy = Policy.default().replace(limits=Limits(message_bytes=100))
    opened = mailseal.Receiver(trust=None, policy=policy).open(world.plain())
    assert opened.content is None
    assert opened.verdict.findings[0].code == "limit.message-bytes"


def test_trust_store_sources(world: World, root_file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "roots"
    folder.mkdir()
    (folder / "root.pem").write_bytes(world.root_pem())
    (folder / "README").write_text("not a certificate")
    wanted = (mailseal.Certificate.load(world.root),)
    for source in (world.root, world.root_pem(), root_file, str(root_file), folder, [root_file]):
        assert TrustStore.load(source).anchors == wanted
    store = TrustStore.load(root_file).add_intermediates(world.alice.certificate)
    assert len(store.intermediates) == 1
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no certificate"):
        TrustStore.load(tmp_path / "empty")


def test_the_system_store_names_load() -> None:
    with pytest.raises(mailseal.UnsupportedError, match=r"TrustStore\.load"):
        TrustStore.system()


@pytest.mark.usefixtures("key_folder", "root_file")
def test_config_makes_the_receiver_it_describes(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_PASSWORD", "secret")
    (tmp_path / "config.toml").write_text(
        'trust = "root.pem"\nkeys = ["keys"]\npassword_envs = ["KEY_PASSWORD"]\npolicy = "archive"\nthreads = 1\n'
    )
    config = pickle.loads(pickle.dumps(Config.from_toml(tmp_path / "config.toml")))  # noqa: S301
    assert "secret" not in repr(config)
    receiver = config.receiver()
    assert receiver.policy.name == "archive"
    assert receiver.open(world.encrypted(), received_at=WITHIN).content == BODY
    monkeypatch.delenv("KEY_PASSWORD")
    with pytest.raises(ValueError, match="KEY_PASSWORD"):
        config.receiver()


@pytest.mark.parametrize("text", ["trusted = 1", "keys = 3", "policy = 3", "threads = true", "keys = [1]", "= x"])
def test_config_refuses_what_it_does_not_know(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ValueError, match=re.escape(str(file)) if text != "= x" else "line 1"):
        Config.from_toml(file)


def test_password_files_are_lines(tmp_path: Path) -> None:
    (tmp_path / "words").write_text("one\n two \n\nthree\n")
    assert Config(password_files=(str(tmp_path / "words"),)).passwords() == ["one", " two ", "", "three"]
