//! Policy: a frozen value. The presets are TOML files compiled in; a caller's own TOML names the preset it starts from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::alg::{Make, Role, Row, Take, table};
use crate::asn1::UnixTime;
use crate::{Code, Error, Limits, Result};

/// Which time a chain is judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum JudgedTime {
    Now,
    /// When the message was received; now, where that is not known.
    Received,
    /// The signer's own claim (signingTime, else Date): for display, never for trust.
    Claimed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationRule {
    Off,
    IfAvailable,
    Require,
}

/// How the signer's addresses are compared with the message's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AddressMatch {
    Off,
    /// A mismatch is a finding.
    Report,
    /// Every From mailbox, or the one Sender; local parts without ASCII case.
    FromOrSender,
    /// Every From mailbox, exactly.
    Exact,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RequiredSigners {
    All,
    Any,
}

/// What a sender signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedContent {
    Any,
    /// No HTML or SVG: styles may show the signer one text and the reader another.
    Plain,
}

/// What is merely reported, or demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strictness {
    Report,
    #[serde(alias = "forbid")]
    Require,
}

/// The TOML form; every field may be left out of a caller's file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    base: Option<String>,
    time: Option<JudgedTime>,
    revocation: Option<RevocationRule>,
    address_match: Option<AddressMatch>,
    required_signers: Option<RequiredSigners>,
    signed_attrs: Option<Strictness>,
    content_type_attr: Option<Strictness>,
    trailing_data: Option<Strictness>,
    allow_unauthenticated: Option<bool>,
    minimum_rsa_bits: Option<u32>,
    minimum_tag_octets: Option<u32>,
    content_cipher: Option<String>,
    unknown_capabilities: Option<String>,
    key_transport: Option<String>,
    signature_algorithm: Option<String>,
    signed_content: Option<SignedContent>,
    encrypt_to_self: Option<bool>,
    header_protection: Option<bool>,
    draft_algorithms: Option<bool>,
    #[serde(default)]
    algorithms: BTreeMap<String, String>,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
}

/// Everything that is a matter of choice when mail is opened or made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Policy {
    #[serde(skip)]
    pub name: String,
    pub time: JudgedTime,
    pub revocation: RevocationRule,
    pub address_match: AddressMatch,
    pub required_signers: RequiredSigners,
    pub signed_attrs: Strictness,
    /// contentType among signedAttrs: RFC 5652 §5.3 demands it, GnuPG of 2002 left it out.
    pub content_type_attr: Strictness,
    pub trailing_data: Strictness,
    pub allow_unauthenticated: bool,
    pub minimum_rsa_bits: u32,
    /// Octets of an AEAD's tag; RFC 5084 allows 12 to 16.
    pub minimum_tag_octets: u32,
    /// None: negotiated with the recipients' capabilities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_cipher: Option<String>,
    /// The cipher for a recipient of whom nothing is known.
    pub unknown_capabilities: String,
    /// For RSA keys; None: RSAES-OAEP for those who list it, else RSAES-PKCS1-v1_5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_transport: Option<String>,
    /// For RSA keys; None: RSA-PKCS1-v1_5, which everybody reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_algorithm: Option<String>,
    pub signed_content: SignedContent,
    pub encrypt_to_self: bool,
    pub header_protection: bool,
    pub draft_algorithms: bool,
    /// Row name → what to take, where it differs from the table.
    #[serde(skip)]
    pub algorithms: BTreeMap<String, Take>,
    #[serde(skip)]
    pub limits: Limits,
}

macro_rules! presets {
    ($($name:literal)+) => {
        const PRESETS: &[(&str, &str)] = &[$(($name, include_str!(concat!("presets/", $name, ".toml")))),+];
    };
}

presets! { "default" "archive" "strict" "compat" "edi-energy" "pq-hybrid" }

impl Policy {
    pub fn names() -> impl Iterator<Item = &'static str> {
        PRESETS.iter().map(|(name, _)| *name)
    }

    /// Err: MisuseArgument names the presets there are.
    pub fn named(name: &str) -> Result<Self> {
        let Some((name, toml)) = PRESETS.iter().find(|preset| preset.0 == name) else {
            let names: Vec<_> = Self::names().collect();
            let text = format!("no policy {name:?}; there are {}", names.join(", "));
            return Err(Error::with(Code::MisuseArgument, text));
        };
        Self::blank().overlaid(name, toml)
    }

    /// A caller's TOML: `base = "preset"` (default `default`) and whatever differs. Err: MisuseArgument.
    pub fn from_toml(name: &str, text: &str) -> Result<Self> {
        let fields: Fields = parse(name, text)?;
        Self::named(fields.base.as_deref().unwrap_or("default"))?.with(name, fields)
    }

    fn overlaid(self, name: &str, text: &str) -> Result<Self> {
        self.with(name, parse(name, text)?)
    }

    /// What a preset starts from; each preset sets every field that it is about.
    fn blank() -> Self {
        Self {
            name: String::new(),
            time: JudgedTime::Now,
            revocation: RevocationRule::IfAvailable,
            address_match: AddressMatch::FromOrSender,
            required_signers: RequiredSigners::All,
            signed_attrs: Strictness::Report,
            content_type_attr: Strictness::Require,
            trailing_data: Strictness::Report,
            allow_unauthenticated: true,
            minimum_rsa_bits: 1024,
            minimum_tag_octets: 16,
            content_cipher: None,
            unknown_capabilities: "aes-128-cbc".to_owned(),
            key_transport: None,
            signature_algorithm: None,
            signed_content: SignedContent::Any,
            encrypt_to_self: true,
            header_protection: true,
            draft_algorithms: false,
            algorithms: BTreeMap::new(),
            limits: Limits::default(),
        }
    }

    fn with(mut self, name: &str, fields: Fields) -> Result<Self> {
        macro_rules! take {
            ($($field:ident)+) => { $(if let Some(value) = fields.$field { self.$field = value; })+ };
        }
        self.name = name.to_owned();
        take! { time revocation address_match required_signers signed_attrs content_type_attr trailing_data allow_unauthenticated
        minimum_rsa_bits minimum_tag_octets unknown_capabilities signed_content encrypt_to_self header_protection draft_algorithms }
        choose(&mut self.content_cipher, fields.content_cipher, CONTENT_CIPHERS)?;
        choose(&mut self.key_transport, fields.key_transport, &[Role::KeyTransport])?;
        choose(&mut self.signature_algorithm, fields.signature_algorithm, &[Role::Signature])?;
        made_row(&self.unknown_capabilities, CONTENT_CIPHERS)?;
        for (algorithm, rule) in &fields.algorithms {
            let row = table::named(algorithm).ok_or_else(|| {
                Error::with(Code::MisuseArgument, format!("policy {name}: no algorithm {algorithm:?}"))
            })?;
            self.algorithms.insert(row.name.to_owned(), take_rule(name, rule)?);
        }
        for (limit, value) in &fields.limits {
            if !self.limits.set(limit, *value) {
                return Err(Error::with(Code::MisuseArgument, format!("policy {name}: no limit {limit:?}")));
            }
        }
        Ok(self)
    }

    /// With the fields that a TOML text sets changed. Err: MisuseArgument.
    pub fn changed(&self, text: &str) -> Result<Self> {
        let name = self.name.clone();
        self.clone().overlaid(&name, text)
    }

    /// The whole policy as TOML: what `from_toml` reads.
    pub fn to_toml(&self) -> String {
        let rules: BTreeMap<_, _> =
            self.algorithms.iter().map(|(name, take)| (name.as_str(), rule_text(*take))).collect();
        let limits: BTreeMap<_, _> =
            Limits::ROWS.iter().filter_map(|row| self.limits.get(row.0).map(|value| (row.0, value))).collect();
        let whole = Whole { policy: self, algorithms: rules, limits };
        // Strings, numbers and flat tables: nothing that TOML cannot write.
        toml::to_string(&whole).unwrap_or_default()
    }

    /// Whether the algorithm may be taken from a message judged for `at`.
    pub fn takes(&self, row: &Row, at: UnixTime) -> bool {
        match self.algorithms.get(row.name).unwrap_or(&row.take) {
            Take::Accept => true,
            Take::Until(end) => at < *end,
            Take::Never => false,
        }
    }
}

/// The roles of what encrypts content.
pub const CONTENT_CIPHERS: &[Role] = &[Role::Content, Role::Aead];

/// Sets `field` to the row that `value` names; `negotiate` leaves the choice open.
fn choose(field: &mut Option<String>, value: Option<String>, roles: &[Role]) -> Result<()> {
    if let Some(value) = value {
        *field = if value == "negotiate" { None } else { Some(made_row(&value, roles)?.name.to_owned()) };
    }
    Ok(())
}

/// The row of that name, in any case, if it is made. Err: MisuseArgument.
pub fn made_row(name: &str, roles: &[Role]) -> Result<&'static Row> {
    let rows = table::rows().iter().filter(|row| roles.contains(&row.role) && row.make != Make::Never);
    rows.clone().find(|row| row.name.eq_ignore_ascii_case(name)).ok_or_else(|| {
        let names: Vec<_> = rows.map(|row| row.name).collect();
        Error::with(Code::MisuseArgument, format!("{name:?} is not made here; there are {}", names.join(", ")))
    })
}

fn rule_text(take: Take) -> String {
    match take {
        Take::Accept => "accept".to_owned(),
        Take::Never => "never".to_owned(),
        Take::Until(end) => format!("until {:.10}", end.to_string()),
    }
}

/// The form that `to_toml` writes; plain fields before tables, as TOML demands.
#[derive(Serialize)]
struct Whole<'a> {
    #[serde(flatten)]
    policy: &'a Policy,
    algorithms: BTreeMap<&'a str, String>,
    limits: BTreeMap<&'a str, u64>,
}

fn parse(name: &str, text: &str) -> Result<Fields> {
    toml::from_str(text)
        .map_err(|error| Error::with(Code::MisuseArgument, format!("policy {name}: {}", one_line(&error.to_string()))))
}

/// What was wrong and in which line, as the TOML reader shows it, in one line.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `accept`, `never`, or `until YYYY-MM-DD`.
fn take_rule(policy: &str, rule: &str) -> Result<Take> {
    let wrong = || Error::with(Code::MisuseArgument, format!("policy {policy}: {rule:?} is no rule"));
    match rule {
        "accept" => Ok(Take::Accept),
        "never" => Ok(Take::Never),
        _ => {
            let date = rule.strip_prefix("until ").ok_or_else(wrong)?;
            let mut numbers = date.splitn(3, '-').map(str::parse::<u32>);
            let mut next = || numbers.next().and_then(core::result::Result::ok).ok_or_else(wrong);
            let (year, month, day) = (next()?, next()?, next()?);
            UnixTime::from_civil(i64::from(year), month, day, 0, 0, 0).map(Take::Until).ok_or_else(wrong)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_parses_and_names_known_algorithms() {
        for name in Policy::names() {
            assert_eq!(Policy::named(name).unwrap().name, name);
        }
        assert_eq!(Policy::named("lax").unwrap_err().code(), Code::MisuseArgument);
    }

    #[test]
    fn a_callers_file_starts_from_a_preset() {
        let policy = Policy::from_toml("mine", "base = \"strict\"\ntime = \"received\"\n[limits]\nlayers = 3").unwrap();
        assert_eq!((policy.time, policy.limits.layers), (JudgedTime::Received, 3));
        assert_eq!(policy.address_match, AddressMatch::Exact);
        for bad in [
            "tiem = 1",
            "[limits]\nlayer = 1",
            "[algorithms]\nROT-13 = \"accept\"",
            "[algorithms]\nSHA-1 = \"maybe\"",
            "[algorithms]\nSHA-1 = \"until 2019-02-30\"",
            "base = \"lax\"",
        ] {
            assert_eq!(Policy::from_toml("mine", bad).unwrap_err().code(), Code::MisuseArgument, "{bad}");
        }
    }

    #[test]
    fn sha1_is_taken_by_date() {
        let sha1 = table::named("SHA-1").unwrap();
        let policy = Policy::named("default").unwrap();
        assert!(policy.takes(sha1, UnixTime::from_civil(2018, 12, 31, 0, 0, 0).unwrap()));
        assert!(!policy.takes(sha1, UnixTime::from_civil(2019, 1, 1, 0, 0, 0).unwrap()));
        assert!(Policy::named("archive").unwrap().takes(sha1, UnixTime(i64::MAX)));
        assert!(!Policy::named("strict").unwrap().takes(sha1, UnixTime(0)));
    }
}
