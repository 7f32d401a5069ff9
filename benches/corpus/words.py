"""What people write: sentences, subjects and greetings in several languages. All invented."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tongue:
    charsets: tuple[str, ...]
    greetings: tuple[str, ...]
    sentences: tuple[str, ...]
    subjects: tuple[str, ...]
    closing: str


ENGLISH = Tongue(
    ("us-ascii", "utf-8", "iso-8859-1", "windows-1252"),
    ("Hello {name},", "Dear {name},", "Hi {name},", "{name},"),
    (
        "The revised drawings for the quay wall are attached.",
        "We measured the settlement again on Tuesday and found no change beyond two millimetres.",
        "Could you send me the signed minutes before the end of the week?",
        "The supplier has confirmed the delivery, but only for half of the order.",
        "As agreed on the phone, the second inspection moves to the morning.",
        "I have no objection to the change as long as the load case is checked once more.",
        "Please keep this between us until the contract is signed.",
        "The figures in table four do not add up; I think row seven was counted twice.",
        "Our insurance asks for the original certificate, a scan will not do.",
        "The harbour office wants to know who is on site during the night shift.",
        "There is still one open point: the drainage behind the sheet piles.",
        "I will be on leave until the ninth; Ruth has all the papers.",
        "The invoice was paid twice by mistake, accounting is looking into it.",
        "If the frost holds, the concrete work has to wait.",
        "Thank you for the quick answer, that helps a lot.",
        "Let me know if the time does not suit you.",
        "Nobody seems to have the key for the pump house.",
        "Everything else stays as it was discussed in the last meeting.",
    ),
    (
        "Quay wall, section {n}",
        "Minutes of the site meeting {n}",
        "Invoice {n}",
        "Question about drawing {n}",
        "Re-inspection on Thursday",
        "Delivery {n} delayed",
        "Signed contract",
        "Leave in week {n}",
        "Test of the pumps",
    ),
    "Best regards",
)
GERMAN = Tongue(
    ("utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"),
    ("Hallo {name},", "Sehr geehrte Damen und Herren,", "Moin {name},", "Liebe Kolleginnen und Kollegen,"),
    (
        "anbei die geänderten Pläne für die Kaimauer.",
        "Die Prüfung der Schweißnähte ist abgeschlossen, das Protokoll folgt am Freitag.",
        "Können Sie mir bitte bestätigen, dass die Lieferung vollständig war?",
        "Für den Rückbau fehlt uns noch die Genehmigung der Behörde.",
        "Die Mehrkosten betragen 4.200 €, zuzüglich Umsatzsteuer.",
        "Über die Größe der Öffnung müssen wir noch einmal sprechen.",
        "Der Termin am Dienstag fällt aus, ein neuer Vorschlag kommt nächste Woche.",
        "Bitte behandeln Sie die Unterlagen vertraulich.",
        "Herr Weiß übernimmt ab März die Bauleitung.",
        "Die Setzungen bleiben unter zwei Millimetern, das ist weniger als erwartet.",
        "Ohne gültigen Prüfbericht können wir die Rechnung leider nicht freigeben.",
        "Vielen Dank für die schnelle Rückmeldung.",
        "Der Schlüssel für das Pumpenhaus ist wieder aufgetaucht.",
        "Im Übrigen bleibt es bei dem, was wir besprochen haben.",
    ),
    (
        "Geänderte Pläne Abschnitt {n}",
        "Prüfbericht Schweißnähte {n}",
        "Rechnung {n}",
        "Rückfrage zu Nachtrag {n}",
        "Terminverschiebung",
        "Übergabe der Schlüssel",
        "Besprechung KW {n}",
        "Vergütung für zusätzliche Bohrpfähle",
    ),
    "Mit freundlichen Grüßen",
)
FRENCH = Tongue(
    ("utf-8", "iso-8859-1", "windows-1252"),
    ("Bonjour {name},", "Chère Madame, cher Monsieur,", "Bonjour à tous,"),
    (
        "Vous trouverez ci-joint les plans modifiés du quai.",
        "Le procès-verbal signé nous est parvenu hier après-midi.",
        "Pourriez-vous vérifier la référence de la pièce numéro douze ?",
        "La réception des travaux est repoussée à la semaine prochaine.",
        "Nous n'avons pas encore reçu l'accord définitif de la préfecture.",
        "Le coût supplémentaire s'élève à trois mille euros hors taxes.",
        "Je reste à votre disposition pour toute précision.",
        "Merci de ne pas diffuser ce document à l'extérieur.",
    ),
    ("Plans modifiés, lot {n}", "Procès-verbal n° {n}", "Réception des travaux", "Facture {n}", "Pièces à vérifier"),
    "Cordialement",
)
POLISH = Tongue(
    ("utf-8", "iso-8859-2"),
    ("Dzień dobry,", "Cześć {name},"),
    (
        "w załączniku przesyłam poprawione rysunki.",
        "Dostawa opóźni się o trzy dni z powodu mrozu.",
        "Proszę o potwierdzenie odbioru tej wiadomości.",
        "Ściana została zmierzona ponownie, wyniki są dobre.",
        "Faktura zostanie opłacona do końca miesiąca.",
    ),
    ("Poprawione rysunki {n}", "Opóźnienie dostawy", "Faktura {n}", "Pomiary ściany, część {n}"),
    "Z poważaniem",
)
JAPANESE = Tongue(
    ("utf-8", "iso-2022-jp"),
    ("お世話になっております。", "各位"),
    (
        "修正した図面を添付いたします。",
        "検査の日程を来週の火曜日に変更したいと思います。",
        "見積書をご確認ください。",
        "ご不明な点がございましたらお知らせください。",
        "岸壁の測定結果は前回と同じでした。",
    ),
    ("図面の修正について", "検査日程の変更（第{n}回）", "見積書 {n}"),
    "よろしくお願いいたします。",
)
RUSSIAN = Tongue(
    ("utf-8", "koi8-r", "windows-1251"),
    ("Добрый день, {name}!", "Уважаемые коллеги,"),
    (
        "высылаю исправленные чертежи причала.",
        "Испытание насосов перенесено на четверг.",
        "Прошу подтвердить получение документов.",
        "Счёт будет оплачен до конца месяца.",
        "Остальное без изменений.",
    ),
    ("Исправленные чертежи {n}", "Испытание насосов", "Счёт {n}"),
    "С уважением",
)

TONGUES = ((ENGLISH, 45), (GERMAN, 35), (FRENCH, 8), (POLISH, 5), (JAPANESE, 4), (RUSSIAN, 3))

FILES = (
    ("Plan {n}.pdf", "application/pdf", b"%PDF-1.6\n%\xe2\xe3\xcf\xd3\n"),
    ("Prüfbericht {n}.pdf", "application/pdf", b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"),
    (
        "minutes-{n}.docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        b"PK\x03\x04\x14\x00",
    ),
    ("Aufmaß {n}.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\x03\x04\x14\x00"),
    ("IMG_{n}.jpg", "image/jpeg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00"),
    ("scan{n}.png", "image/png", b"\x89PNG\r\n\x1a\n"),
    ("drawings.zip", "application/zip", b"PK\x03\x04\x14\x00"),
    ("измерения {n}.csv", "application/octet-stream", b"id;mm\r\n"),
)

AGENTS = (
    "Microsoft Outlook 16.0",
    "Mozilla Thunderbird 115.4",
    "Apple Mail (2.3731)",
    "Evolution 3.44.4",
    "KMail/5.19.3",
    "iPhone Mail (20H115)",
)
