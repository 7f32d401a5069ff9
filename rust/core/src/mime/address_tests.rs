use super::*;
use proptest::prelude::*;

fn read(value: &str) -> (Vec<(String, String)>, bool) {
    let found = addresses(value.as_bytes(), &Limits::default()).unwrap();
    (found.mailboxes.into_iter().map(|m| (m.display.clone(), m.addr_spec())).collect(), found.malformed)
}

fn check(value: &str, wanted: &[(&str, &str)], malformed: bool) {
    let wanted: Vec<(String, String)> = wanted.iter().map(|(d, a)| ((*d).to_owned(), (*a).to_owned())).collect();
    assert_eq!(read(value), (wanted, malformed), "{value}");
}

#[test]
fn rfc5322_3_4_sound_fields() {
    check(" a@b", &[("", "a@b")], false);
    check("John Q. Public <a.b@c.d>\r\n", &[("John Q. Public", "a.b@c.d")], false);
    check("\"Joe \\\"J\\\", x\" <a@b>, <c@d> (Dee)", &[("Joe \"J\", x", "a@b"), ("Dee", "c@d")], false);
    check("a@b (Joe)", &[("Joe", "a@b")], false);
    check("\"a b\"@c, \"x@y\"@z", &[("", "\"a b\"@c"), ("", "\"x@y\"@z")], false);
    check("\"ab\"@c", &[("", "ab@c")], false);
    check("a@[192.0.2.1]", &[("", "a@[192.0.2.1]")], false);
    check("\u{fc}@\u{e9}.example", &[("", "\u{fc}@\u{e9}.example")], false);
}

#[test]
fn rfc5322_3_4_groups() {
    check("A Group:Ed <a@b>,c@d;", &[("Ed", "a@b"), ("", "c@d")], false);
    check("undisclosed-recipients:;", &[], false);
    check("g: a@b;, c@d", &[("", "a@b"), ("", "c@d")], false);
    check("g: a@b", &[("", "a@b")], true);
    check("g: h: a@b;;", &[("", "a@b")], true);
}

#[test]
fn rfc5322_4_4_obsolete_forms() {
    check("a (x) . b (y) @ c (z) . d", &[("z", "a.b@c.d")], false);
    check("X <@a,@b.c:d@e>", &[("X", "d@e")], false);
    check(",, a@b ,,", &[("", "a@b")], false);
    check("a..b.@c", &[("", "a..b.@c")], false);
}

#[test]
fn what_is_unclear_is_malformed() {
    for value in [
        "a",
        "<>",
        "<a@b> <c@d>",
        "<a@b> x",
        "<a@b",
        "<a@b, ",
        "a@",
        "@b",
        "a@b@c",
        "a b@c",
        "a@b c",
        "a@b.",
        "a@b..c",
        "a@\"b\"",
        "a\0@b",
        "<a\0@b>",
        "\"a\0\"@b",
        "\"a\nb\0\"@c",
        "a@b\x07",
        "(((a@b",
        "\"a@b",
        "<<a@b>>",
        "a@b;x",
        "a\\@b",
    ] {
        assert!(read(value).1, "{value}");
    }
    assert!(addresses(b"\xFF@b", &Limits::default()).unwrap().malformed);
    check("a@evil <b@good>", &[("a@evil", "b@good")], true);
    check("B@good <b@good>", &[("B@good", "b@good")], false);
    check("x <a@b, c@d", &[("", "c@d")], true);
}

#[test]
fn msg_02_encoded_words_make_no_address() {
    check("=?utf-8?q?boss=40good?= <eve@evil>", &[("boss@good", "eve@evil")], false);
    check("=?utf-8?q?boss=40good=00=0A?= <eve@evil>", &[("boss@good\u{FFFD}", "eve@evil")], false);
    check("=?utf-8?b?Ym9zc0Bnb29k?=", &[], true);
    check("=?utf-8?q?a=40b=2C?=@evil", &[("", "=?utf-8?q?a=40b=2C?=@evil")], false);
    check("\"=?utf-8?q?=C3=A9?=\" <a@b>", &[("\u{e9}", "a@b")], false);
}

#[test]
fn par_12_hostile_fields_are_quick_and_limited() {
    for piece in ["(", "\"\\\\", "<", "@", ":", "<@,", "a@b ", ".", "[", "g:;", "\\", "=?utf-8?q?"] {
        let value = piece.repeat((1 << 20) / piece.len());
        let started = std::time::Instant::now();
        let _ = addresses(value.as_bytes(), &Limits { addresses: u64::MAX, ..Limits::default() });
        assert!(started.elapsed().as_secs() < 20, "{piece}");
    }
    let error = addresses("a,".repeat(100_000).as_bytes(), &Limits::default()).unwrap_err();
    assert_eq!(error.code(), Code::LimitAddresses);
}

const EXACT: &[(&str, &str)] = &[
    ("a@b", "a@b"),
    ("a@b", "a@B"),
    ("a@b.C", "a@B.c"),
    ("\"a\"@b", "a@b"),
    ("\"a\\b\"@c", "ab@c"),
    ("a+x@b", "a+x@b"),
    ("a.b@c", "a.b@c"),
    ("a@[192.0.2.1]", "a@[192.0.2.1]"),
    ("a@[IPv6:2001:db8::1]", "a@[ipv6:2001:DB8::1]"),
    ("a@xn--bcher-kva.example", "a@XN--BCHER-KVA.example"),
    ("a@xn--tda.b", "a@\u{fc}.b"),
    ("\u{fc}@b", "\u{fc}@b"),
    ("a@b-c.d", "a@b-c.d"),
    ("o'x@b", "o'x@b"),
    ("a@\u{fc}.b", "a@\u{fc}.b"),
    ("a=b@c", "a=b@c"),
    ("\"a..b\"@c", "\"a..b\"@c"),
];
const CASE: &[(&str, &str)] =
    &[("a@b", "A@b"), ("A.B@c", "a.b@C"), ("\"A\"@b", "a@b"), ("X+y@z", "x+Y@z"), ("A\u{fc}@b", "a\u{fc}@b")];
const NO: &[(&str, &str)] = &[
    ("a@b", "c@b"),
    ("a@b", "a@c"),
    ("a@b", "a@b."),
    ("a@b.", "a@b."),
    (" a@b", "a@b"),
    ("a@b ", "a@b"),
    ("a@b\n", "a@b"),
    ("a@b\0", "a@b"),
    ("a@b\0.evil", "a@b"),
    ("a@b\0.evil", "a@b\0.evil"),
    ("a\0@b", "a@b"),
    ("\"a@evil\"@b", "a@evil"),
    ("\"a@evil\"@b", "\"a@evil\"@b"),
    ("a@evil@b", "a@b"),
    ("a@evil@b", "a@evil@b"),
    ("a@b@", "a@b"),
    ("@b", "@b"),
    ("a@", "a@"),
    ("a", "a"),
    ("", ""),
    ("a@b..c", "a@b..c"),
    ("a@.b", "a@.b"),
    (".a@b", ".a@b"),
    ("a.@b", "a.@b"),
    ("a..b@c", "a..b@c"),
    ("a@b", "a@b.c"),
    ("a@b.c", "a@c"),
    ("a+x@b", "a@b"),
    ("a.b@c", "ab@c"),
    ("\u{fc}@b", "\u{dc}@b"),
    ("\u{430}@b", "a@b"),
    ("a@\u{fc}.b", "a@\u{dc}.b"),
    ("a b@c", "a b@c"),
    ("\"a b\"@c", "\"a b\"@c"),
    ("<a@b>", "a@b"),
    ("a@b>", "a@b"),
    ("mailto:a@b", "a@b"),
    ("a@b,c@d", "a@b"),
    ("a@b;", "a@b"),
    ("(x)a@b", "a@b"),
    ("a@b(x)", "a@b"),
    ("\"a@b", "a@b"),
    ("\"a\"b\"@c", "\"a\"b\"@c"),
    ("\"a\\\"@b", "\"a\\\"@b"),
    ("\"\"@b", "\"\"@b"),
    ("a@[192.0.2.1", "a@[192.0.2.1"),
    ("a@[]", "a@[]"),
    ("a@*.b", "a@c.b"),
    ("*@b", "a@b"),
    ("a\t@b", "a@b"),
    ("a@\u{a0}b", "a@b"),
    ("a@b\u{3002}c", "a@b.c"),
    ("a\u{200d}@b", "a@b"),
    ("a\u{7f}@b", "a\u{7f}@b"),
    ("a@b/c", "a@b/c"),
    ("a:b@c", "a:b@c"),
];

/// MSG-09.
#[test]
fn same_mailbox_table() {
    let rows = [(EXACT, Match::Exact), (CASE, Match::CaseDiffers), (NO, Match::No)];
    assert!(rows.iter().map(|(pairs, _)| pairs.len()).sum::<usize>() >= 70);
    for (pairs, wanted) in rows {
        for (a, b) in pairs {
            assert_eq!((same_mailbox(a, b), same_mailbox(b, a)), (wanted, wanted), "{a:?} {b:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes(value in prop::collection::vec(prop::sample::select(b"ab@<>,;:.()[]\"\\ \r\n\0\xC3\xBC".to_vec()), 0..80)) {
        for mailbox in addresses(&value, &Limits::default()).unwrap().mailboxes {
            prop_assert!(!mailbox.local.chars().chain(mailbox.domain.chars()).chain(mailbox.display.chars()).any(char::is_control));
        }
    }

    #[test]
    fn addr_spec_round_trip(local in "[ab.@ \"\\\\,<>()\u{fc}]{1,12}", domain in "[a-z]{1,5}(\\.[a-z]{1,5}){0,2}", display in "[A-Za-z, @]{0,10}") {
        let mailbox = Mailbox { display: display.trim().split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "), local, domain };
        let field = format!("\"{}\" <{}>", mailbox.display, mailbox.addr_spec());
        let found = addresses(field.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(found, Addresses { mailboxes: vec![mailbox], malformed: false });
    }
}
