from __future__ import annotations

import hashlib
import pickle
from typing import TYPE_CHECKING, Any

import mailseal
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from tests.unit.world import END, START, World

if TYPE_CHECKING:
    from pathlib import Path


def test_every_source_gives_the_same_certificate(world: World, tmp_path: Path) -> None:
    theirs = world.alice.certificate
    der = theirs.public_bytes(Encoding.DER)
    file = tmp_path / "alice.pem"
    file.write_bytes(world.alice.pem())
    sources: list[Any] = [der, bytearray(der), memoryview(der), world.alice.pem(), file, str(file), theirs]
    loaded = [mailseal.Certificate.load(source) for source in sources]
    assert len(set(loaded)) == 1
    assert loaded[0].to_der() == der
    assert mailseal.Certificate.from_pem(world.alice.pem().decode()) == loaded[0]


def test_fields_equal_those_of_pyca(world: World) -> None:
    ours = mailseal.Certificate.load(world.alice.certificate)
    assert ours.serial_number == world.alice.certificate.serial_number
    assert (ours.not_before, ours.not_after) == (START, END)
    assert ours.mailboxes == ("alice@a.example",)
    assert "alice" in ours.subject
    assert "Test Root" in ours.issuer
    for name in ("sha1", "sha256", "sha384", "sha512"):
        assert ours.fingerprint(name) == hashlib.new(name, ours.to_der()).hexdigest()
    assert ours.fingerprint() == ours.fingerprint("sha256")
    with pytest.raises(ValueError, match="unknown hash"):
        ours.fingerprint("crc32")


def test_conversions_return_the_same_bytes(world: World) -> None:
    ours = mailseal.Certificate.load(world.alice.certificate)
    assert ours.to_pem() == world.alice.pem()
    assert ours.to_cryptography() == world.alice.certificate
    assert ours.to_asn1crypto().dump() == ours.to_der()
    assert pickle.loads(pickle.dumps(ours)) == ours  # noqa: S301


def test_load_wants_exactly_one(world: World) -> None:
    bundle = world.root_pem() + world.alice.pem()
    assert len(mailseal.load_certificates(bundle)) == 2
    with pytest.raises(ValueError, match="load_certificates"):
        mailseal.Certificate.load(bundle)


@pytest.mark.parametrize("source", [3, None, object()])
def test_other_sources_are_type_errors(source: object) -> None:
    with pytest.raises(TypeError):
        mailseal.load_certificates(source)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x80\x00", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_broken_bytes_are_malformed(data: bytes) -> None:
    with pytest.raises(mailseal.MalformedError) as caught:
        mailseal.Certificate.load(data)
    assert mailseal._core.explain(caught.value.code) is not None
    assert isinstance(caught.value, ValueError)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        mailseal.Certificate.load(tmp_path / "none.pem")
