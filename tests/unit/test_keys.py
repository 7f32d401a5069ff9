from __future__ import annotations

import copy
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.primitives import serialization

if TYPE_CHECKING:
    from tests.unit.world import World


def test_pkcs12_with_its_password(world: World) -> None:
    identity = mailseal.Identity.load(world.bob.pkcs12(b"secret"), "secret")
    assert identity.certificate == mailseal.Certificate.load(world.bob.certificate)
    assert identity.friendly_name == "mail key"
    assert mailseal.Identity.load(world.bob.pkcs12(b"secret"), b"secret").key_id == identity.key_id


def test_a_wrong_password_is_a_decryption_error(world: World) -> None:
    for password in ("wrong", "", None):
        with pytest.raises(mailseal.DecryptionError) as caught:
            mailseal.Identity.load(world.bob.pkcs12(b"secret"), password)
        assert caught.value.code == "key.password-wrong"


@pytest.mark.parametrize("form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("encoding", [serialization.Encoding.PEM, serialization.Encoding.DER])
def test_bare_keys_find_their_certificate(
    world: World, form: serialization.PrivateFormat, encoding: serialization.Encoding
) -> None:
    data = world.bob.key.private_bytes(encoding, form, serialization.NoEncryption())
    bare = mailseal.Identity.load(data)
    assert bare.certificate is None
    whole = mailseal.Identity.load(data, certificates=[world.alice.certificate, world.bob.certificate])
    assert whole.certificate == mailseal.Certificate.load(world.bob.certificate)
    assert whole.key_id == bare.key_id


def test_repr_shows_no_secret(world: World) -> None:
    identity = mailseal.Identity.load(world.bob.pkcs12(b"secret"), "secret")
    shown = repr(identity) + repr(mailseal.Keyring([identity])) + str(identity)
    assert f"{world.bob.key.private_numbers().d:x}" not in shown
    assert "secret" not in shown


def test_secrets_refuse_to_travel_and_name_config(world: World) -> None:
    identity = mailseal.Identity.load(world.bob.pkcs12(None))
    keyring = mailseal.Keyring([identity])
    things: list[Any] = [identity, keyring, mailseal.Receiver(trust=None, keys=keyring)]
    for thing in things:
        for travel in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="Config"):
                travel(thing)


def test_load_dir_takes_what_it_can_and_lists_the_rest(key_folder: Path) -> None:
    ring = mailseal.Keyring.load_dir(key_folder, passwords=["wrong", "secret"])
    assert len(ring) == 2
    assert [Path(file).name for file in ring.files if file] == ["bob.p12", "alice.p12"]
    assert [Path(file).name for file, _ in ring.failures] == ["notes.txt"]
    locked = mailseal.Keyring.load_dir(key_folder)
    assert sorted(Path(file).name for file, _ in locked.failures) == ["bob.p12", "notes.txt"]
    assert all(reason for _, reason in locked.failures)


def test_load_dir_of_a_missing_folder(tmp_path: Path) -> None:
    ring = mailseal.Keyring.load_dir(tmp_path / "none")
    assert len(ring) == 0
    assert len(ring.failures) == 1


def test_mounted_secrets_are_links(key_folder: Path, tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    (mounted / "bob.p12").symlink_to(key_folder / "bob.p12")
    (mounted / "loop").symlink_to(mounted, target_is_directory=True)
    assert len(mailseal.Keyring.load_dir(mounted, ["secret"])) == 1


def test_added_certificates_make_a_bare_key_fit(world: World) -> None:
    data = world.bob.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    ring = mailseal.Keyring([mailseal.Identity.load(data)])
    locked = mailseal.Receiver(trust=None, keys=ring).open(world.encrypted())
    assert locked.content is None
    assert locked.decryption is not mailseal.Check.OK
    ring.add_certificates(world.bob.certificate)
    assert mailseal.Receiver(trust=None, keys=ring).open(world.encrypted()).decryption is mailseal.Check.OK


def test_keys_must_be_identities() -> None:
    with pytest.raises(TypeError):
        mailseal.Receiver(trust=None, keys=["key.p12"])  # type: ignore[list-item]
