"""Who writes: names, addresses and what keys each has. All invented."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "nordhafen.example"
PARTNER_DOMAIN = "brueckner-partner.example"
LIST_ADDRESS = "statik-liste@lists.nordhafen.example"


@dataclass(frozen=True)
class Row:
    """``sign`` and ``encrypt`` name the kind of key; ``dual`` uses one RSA certificate for both."""

    group: str
    sign: str
    encrypt: str
    names: tuple[str, ...]
    escrow: bool = True
    dual: bool = False


ROWS = (
    Row(
        "staff",
        "rsa",
        "rsa",
        ("Jürgen Müller", "Anna Lindqvist", "Thomas Okafor", "Inès Dubois", "Peter Hall", "Ruth Adler"),
        dual=True,
    ),
    Row("staff", "rsa", "rsa", ("Łukasz Wójcik", "María-José Núñez", "Karl Weiß", "Priya Raman")),
    Row(
        "staff",
        "p256",
        "p256",
        (
            "Søren Kjær",
            "Elif Yılmaz",
            "Tom Baker",
            "Nadia Haddad",
            "Grace Liu",
            "Olga Petrova",
            "Mats Ek",
            "Chiara Rossi",
        ),
    ),
    Row("staff", "p256", "rsa", ("Henrik Voß", "Fatima Zahra", "Ivan Horvat", "Sophie Martin")),
    Row("staff", "p384", "p256", ("山田 太郎", "Béla Szabó", "Kim Nguyen", "Astrid Holm")),
    Row("staff", "p384", "x25519", ("Joana Araújo", "Erik Ström")),
    Row("staff", "ed25519", "x25519", ("Zoë Claes", "Андрей Смирнов", "Maya Cohen", "Daniel O'Neill")),
    Row("gone", "p256", "rsa", ("Walter Brandt", "Lena Fischer"), escrow=False),
    Row("gone", "p256", "p256", ("Paul Novák", "Ida Sørensen"), escrow=False),
    Row("gone", "p256", "x25519", ("Rosa Keller",), escrow=False),
    Row("expired", "p256", "", ("Hans Meier", "Claire Petit")),
    Row("expired", "rsa", "", ("Günter Graß",)),
    Row("hidden", "p256", "", ("Marek Dvořák", "Eva Lang", "Noah Stein")),
    Row("old", "rsa1024", "", ("Erwin Kraus", "Helga Bauer")),
    Row("partner", "p256", "", ("Franz Brückner", "Julie Moreau", "Stefan Ionescu", "Anke de Vries")),
)

_FOLD = str.maketrans({
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "è": "e", "ñ": "n", "ú": "u", "í": "i", "ø": "o", "æ": "ae",
    "ı": "i", "ł": "l", "ó": "o", "ý": "y", "ř": "r", "á": "a", "ë": "e", "û": "u", "ç": "c", "'": "", "-": "",
})  # fmt: skip
_LATIN = {"山田 太郎": "taro.yamada", "Андрей Смирнов": "andrej.smirnow"}


def address_of(name: str, domain: str) -> str:
    local = _LATIN.get(name) or ".".join(name.lower().translate(_FOLD).split())
    if not local.isascii():
        raise AssertionError(f"no ASCII form for {name}")
    return f"{local}@{domain}"
