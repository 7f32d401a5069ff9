"""Shapes in any combination, and the scanner against the standard library's reader."""

from __future__ import annotations

import base64
import email
import email.policy
from email.message import EmailMessage, MIMEPart
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from tests.support import smime_build as build
from tests.unit.test_shapes import BOB, CONTRACT, NOTICE, P7M, RECEIVER, clear, entity, lines, opaque, sealed, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable

OUTER: dict[str, Callable[[bytes], bytes]] = {
    "enveloped": lambda inner: build.part(build.enveloped(inner, BOB)),
    "x-type": lambda inner: entity(build.enveloped(inner, BOB), "application/x-pkcs7-mime"),
    "octet-stream": lambda inner: entity(build.auth_enveloped(inner, BOB), "application/octet-stream; name=a.P7M"),
    "binary": lambda inner: entity(cms := build.enveloped(inner, BOB), P7M, "binary", cms),
    "no encoding": lambda inner: entity(build.enveloped(inner, BOB), P7M, None),
    "odd lines": lambda inner: entity(
        cms := build.auth_enveloped(inner, BOB), P7M, body=lines(base64.b64encode(cms), 37, b"\n")
    ),
    "opaque": lambda inner: entity(opaque(inner), "application/pkcs7-mime"),
    "clear": lambda inner: clear(inner, b"==sig%d" % len(inner)),
}


@given(st.lists(st.sampled_from(sorted(OUTER)), min_size=1, max_size=5), st.integers(0, 2))
def test_any_combination_of_shapes_unwraps_to_the_same_bytes(names: list[str], forwards: int) -> None:
    inner = CONTRACT
    for name in names:
        inner = OUTER[name](inner)
    text = build.headers() + inner
    part = "/" + "2/1/" * forwards if forwards else "/"
    for _ in range(forwards):
        text = wrapped(text)
    opened = RECEIVER.open(text, part=part.rstrip("/") or "/")
    assert opened.content == CONTRACT, (names, opened.verdict.explain())
    assert opened.verdict.status == ("VALID" if {"clear", "opaque"} & set(names) else "UNSIGNED")


def stdlib_parts(text: bytes) -> list[str]:
    """Paths of the S/MIME parts below the root, outermost only, as Python's own `email` sees them."""
    found: list[str] = []

    def visit(part: MIMEPart, path: str) -> None:
        for number, child in enumerate(part.iter_parts() if part.is_multipart() else (), 1):
            at = f"{path}/{number}"
            if child.get_content_type() in ("application/pkcs7-mime", "multipart/signed"):
                found.append(at)
            else:
                visit(child, at)

    message = email.message_from_bytes(text, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    visit(message, "")
    return found


@given(
    st.recursive(
        st.sampled_from(["text", "sealed", "clear"]),
        lambda inner: st.lists(inner, min_size=1, max_size=3),
        max_leaves=6,
    ),
    st.booleans(),
)
def test_the_scanner_sees_the_tree_that_the_standard_library_sees(tree: object, crlf: bool) -> None:
    counter = iter(range(1000))

    def make(node: object) -> bytes:
        if isinstance(node, list):
            boundary = b"==m%d" % next(counter)
            return build.mixed(*[make(child) for child in node], boundary=boundary)
        leaves = {"text": NOTICE, "sealed": SEALED, "clear": CLEAR_ONCE}
        return leaves[str(node)]

    inner = make(tree if isinstance(tree, list) else [tree])
    text = build.headers() + inner
    text = text if crlf else text.replace(b"\r\n", b"\n")
    assert [one.path for one in RECEIVER.open(text).errant] == stdlib_parts(text)


SEALED = build.part(sealed())
CLEAR_ONCE = clear()
