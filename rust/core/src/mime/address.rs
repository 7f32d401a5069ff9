//! Mailbox addresses (RFC 5322 §3.4, RFC 6532), read from the raw field: encoded words never make an address.

use crate::error::{Error, Result};
use crate::finding::Code;
use crate::limits::Limits;
use crate::mime::field::{comment_end, quoted_end, unquote, unstructured};

/// One mailbox of an address field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The decoded name, or the comment behind an address without one. Text to show: says nothing of who wrote.
    pub display: String,
    /// Without quotes and escapes.
    pub local: String,
    /// As it was written; maybe a literal in brackets.
    pub domain: String,
}

impl Mailbox {
    /// `local@domain`, the local part quoted if it needs it.
    pub fn addr_spec(&self) -> String {
        let plain = !self.local.is_empty() && self.local.bytes().all(|byte| is_atext(byte) || byte == b'.');
        if plain {
            return format!("{}@{}", self.local, self.domain);
        }
        let escaped = self.local.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\"@{}", self.domain)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub mailboxes: Vec<Mailbox>,
    /// Something of the field could not be read, or could be read in two ways; `mailboxes` holds what was clear.
    pub malformed: bool,
}

/// The mailboxes of a field, those of groups among them, in linear time.
///
/// Empty places in the list, obsolete routes, blanks and comments around dots are read; so are dots at odd places of a local part.
/// Errors: `limit.addresses`.
pub fn addresses(value: &[u8], limits: &Limits) -> Result<Addresses> {
    let mut parser = Parser::default();
    let mut at = 0;
    while at < value.len() {
        let (token, end) = next_token(value, at);
        at = end;
        parser.take(token);
        if parser.count > limits.addresses {
            return Err(Error::new(Code::LimitAddresses).at(at));
        }
    }
    parser.end_mailbox();
    if parser.count > limits.addresses {
        return Err(Error::new(Code::LimitAddresses).at(at));
    }
    parser.found.malformed |= parser.in_group;
    Ok(parser.found)
}

#[derive(Clone, Copy)]
enum Token<'a> {
    Blank,
    Comment(&'a [u8]),
    Atom(&'a [u8]),
    /// With its quotes.
    Quoted(&'a [u8]),
    /// With its brackets.
    Literal(&'a [u8]),
    Special(u8),
    /// A quoted string, comment or literal without its end.
    Unclosed,
}

fn next_token(value: &[u8], start: usize) -> (Token<'_>, usize) {
    match value[start] {
        b' ' | b'\t' | b'\r' | b'\n' => (Token::Blank, start + 1),
        b'(' => closed(comment_end(value, start), |end| Token::Comment(&value[start + 1..end - 1])),
        b'"' => closed(quoted_end(value, start), |end| Token::Quoted(&value[start..end])),
        b'[' => match memchr::memchr(b']', &value[start..]) {
            Some(length) => (Token::Literal(&value[start..=start + length]), start + length + 1),
            None => (Token::Unclosed, value.len()),
        },
        byte if is_special(byte) => (Token::Special(byte), start + 1),
        _ => {
            let ends = |byte: &u8| is_special(*byte) || b" \t\r\n(\"[".contains(byte);
            let end = value[start..].iter().position(ends).map_or(value.len(), |length| start + length);
            (Token::Atom(&value[start..end]), end)
        }
    }
}

fn closed<'a>(found: (usize, bool), token: impl FnOnce(usize) -> Token<'a>) -> (Token<'a>, usize) {
    if found.1 { (token(found.0), found.0) } else { (Token::Unclosed, found.0) }
}

fn is_special(byte: u8) -> bool {
    b"<>@,;:.])\\".contains(&byte)
}

/// RFC 5322 §3.2.3, and UTF-8 (RFC 6532 §3.2).
fn is_atext(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte) || byte >= 0x80
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Phrase,
    Angle,
    Behind,
}

#[derive(Default)]
struct Parser<'a> {
    found: Addresses,
    count: u64,
    in_group: bool,
    place: Place,
    /// Before `<`, or all of a bare address; blanks included.
    phrase: Vec<Token<'a>>,
    angle: Vec<Token<'a>>,
    comment: Option<&'a [u8]>,
    broken: bool,
}

impl<'a> Parser<'a> {
    fn take(&mut self, token: Token<'a>) {
        match (token, self.place) {
            (Token::Comment(text), _) => {
                self.comment = Some(text);
                self.push(Token::Blank);
            }
            (Token::Unclosed, _) => self.broken = true,
            // A route's commas belong to it.
            (Token::Special(b','), Place::Angle) if self.is_route() => self.push(token),
            (Token::Special(b','), _) => self.end_mailbox(),
            (Token::Special(b';'), _) => {
                self.end_mailbox();
                self.found.malformed |= !self.in_group;
                self.in_group = false;
            }
            (Token::Special(b':'), Place::Phrase) => self.begin_group(),
            (Token::Special(b'<'), Place::Phrase) => self.place = Place::Angle,
            (Token::Special(b'>'), Place::Angle) => self.place = Place::Behind,
            (Token::Blank, Place::Behind) => {}
            (_, Place::Behind) => self.broken = true,
            _ => self.push(token),
        }
    }

    fn push(&mut self, token: Token<'a>) {
        match self.place {
            Place::Phrase => self.phrase.push(token),
            Place::Angle => self.angle.push(token),
            Place::Behind => {}
        }
    }

    /// Stays short: asked only at commas, and the first token that is no blank decides.
    fn is_route(&self) -> bool {
        let first = self.angle.iter().take(64).find(|token| !matches!(token, Token::Blank));
        matches!(first, Some(Token::Special(b'@')))
    }

    fn begin_group(&mut self) {
        let named = self.phrase.iter().any(|token| matches!(token, Token::Atom(_) | Token::Quoted(_)));
        let plain = !self.phrase.iter().any(|token| matches!(token, Token::Special(b'@')));
        self.found.malformed |= self.in_group || self.broken || !named || !plain;
        self.in_group = true;
        self.phrase.clear();
        self.comment = None;
        self.broken = false;
    }

    fn end_mailbox(&mut self) {
        let phrase = core::mem::take(&mut self.phrase);
        let angle = core::mem::take(&mut self.angle);
        let place = core::mem::take(&mut self.place);
        let comment = self.comment.take();
        let broken = core::mem::take(&mut self.broken);
        let empty = place == Place::Phrase && phrase.iter().all(|token| matches!(token, Token::Blank));
        if empty && !broken {
            return;
        }
        self.count += 1;
        let spec = match place {
            Place::Phrase => addr_spec(&phrase),
            Place::Angle => None,
            Place::Behind => addr_spec(without_route(&angle)),
        };
        let Some((local, domain)) = spec.filter(|_| !broken) else {
            self.found.malformed = true;
            return;
        };
        let name = if place == Place::Behind { phrase_text(&phrase) } else { String::new() };
        let display = if name.is_empty() { comment.map_or(name, |text| unstructured(text).text) } else { name };
        let mailbox = Mailbox { display, local, domain };
        // An unquoted `@` in the name breaks the grammar; harmless only if it repeats the address.
        let at_sign = place == Place::Behind && phrase.iter().any(|token| matches!(token, Token::Special(b'@')));
        self.found.malformed |= at_sign && !mailbox.display.eq_ignore_ascii_case(&mailbox.addr_spec());
        self.found.mailboxes.push(mailbox);
    }
}

/// What stands behind the colon of `@a,@b:user@c` (RFC 5322 §4.4).
fn without_route<'s, 'a>(tokens: &'s [Token<'a>]) -> &'s [Token<'a>] {
    let start = tokens.iter().position(|token| !matches!(token, Token::Blank)).unwrap_or(tokens.len());
    if !matches!(tokens.get(start), Some(Token::Special(b'@'))) {
        return tokens;
    }
    let colon = tokens.iter().position(|token| matches!(token, Token::Special(b':')));
    colon.map_or(tokens, |colon| &tokens[colon + 1..])
}

/// `word *("." word) "@" domain`; blanks only around dots and the `@`.
fn addr_spec(tokens: &[Token<'_>]) -> Option<(String, String)> {
    let at = tokens.iter().position(|token| matches!(token, Token::Special(b'@')))?;
    let local = dotted(&tokens[..at], true)?;
    let domain = dotted(&tokens[at + 1..], false)?;
    let literal = domain.starts_with('[');
    let labels = literal || domain.split('.').all(|label| !label.is_empty());
    (!local.is_empty() && !domain.is_empty() && labels).then_some((local, domain))
}

fn dotted(tokens: &[Token<'_>], local: bool) -> Option<String> {
    let mut out = Vec::new();
    let mut after_word = false;
    let mut literal = false;
    for token in tokens {
        match *token {
            Token::Blank => continue,
            Token::Special(b'.') if !literal => {
                out.push(b'.');
                after_word = false;
                continue;
            }
            _ if after_word => return None,
            Token::Atom(atom) if atom.iter().copied().all(is_atext) => out.extend_from_slice(atom),
            Token::Quoted(quoted) if local => out.extend(unquote(quoted)),
            Token::Literal(text) if !local && out.is_empty() => {
                literal = true;
                out.extend_from_slice(text);
            }
            _ => return None,
        }
        after_word = true;
    }
    let text = String::from_utf8(out).ok()?;
    let sound = !text.chars().any(char::is_control) && (local || !text.contains(' '));
    sound.then_some(text)
}

fn phrase_text(tokens: &[Token<'_>]) -> String {
    let mut raw = Vec::new();
    for token in tokens {
        match *token {
            Token::Blank => raw.push(b' '),
            Token::Atom(text) | Token::Literal(text) | Token::Comment(text) => raw.extend_from_slice(text),
            Token::Quoted(text) => raw.extend(unquote(text)),
            Token::Special(byte) => raw.push(byte),
            Token::Unclosed => {}
        }
    }
    unstructured(&raw).text
}

/// How two addresses compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Match {
    Exact,
    /// The local parts differ only in ASCII case.
    CaseDiffers,
    No,
}

/// An address as one string, such as a certificate holds, split strictly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddrSpec {
    /// Without quotes and escapes.
    pub local: String,
    pub domain: String,
}

impl AddrSpec {
    /// `None` for anything loose: blanks, controls, NUL, a second `@` (quoted or not), empty labels, a dot at the domain's end,
    /// dots at odd places, comments (RFC 5321 §4.1.2, and stricter).
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(|character| character.is_control() || character.is_whitespace()) {
            return None;
        }
        let (local, domain) = text.split_once('@')?;
        let local = match local.strip_prefix('"') {
            Some(rest) => quoted_local(rest.strip_suffix('"')?)?,
            None => {
                let atoms = local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext));
                atoms.then(|| local.to_owned())?
            }
        };
        let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let sound = match literal {
            Some(inside) => {
                !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-".contains(&byte))
            }
            None => domain.split('.').all(is_label),
        };
        sound.then(|| Self { local, domain: domain.to_owned() })
    }
}

fn quoted_local(escaped: &str) -> Option<String> {
    let mut local = String::with_capacity(escaped.len());
    let mut characters = escaped.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return None,
            '\\' => local.push(characters.next()?),
            _ => local.push(character),
        }
    }
    (!local.is_empty()).then_some(local)
}

fn is_label(label: &str) -> bool {
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') || byte >= 0x80;
    !label.is_empty() && label.len() <= 63 && label.bytes().all(sound)
}

/// Whether two addresses are one mailbox: domain as A-labels (RFC 9598 §5) without regard to ASCII case, local part exact or
/// in another ASCII case. What [`AddrSpec::parse`] refuses matches nothing, not even itself.
pub fn same_mailbox(a: &str, b: &str) -> Match {
    let (Some(a), Some(b)) = (AddrSpec::parse(a), AddrSpec::parse(b)) else { return Match::No };
    if !same_domain(&a.domain, &b.domain) {
        Match::No
    } else if a.local == b.local {
        Match::Exact
    } else if a.local.eq_ignore_ascii_case(&b.local) {
        Match::CaseDiffers
    } else {
        Match::No
    }
}

fn same_domain(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a == b || a_labels(a).is_some_and(|a| Some(a) == a_labels(b))
}

/// None: not the one form that U-labels have (RFC 5890 §2.3.2.1). Signs that only some mapping makes into it are another
/// name here.
fn a_labels(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let (unicode, sound) = idna::domain_to_unicode(&ascii);
    let lower = domain.to_ascii_lowercase();
    (sound.is_ok() && (lower == unicode || lower == ascii)).then_some(ascii)
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
