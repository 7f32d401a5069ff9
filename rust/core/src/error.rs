//! Families of what can go wrong, and the error that carries one finding out of the core.
//!
//! "Your fault raises, their fault is a verdict": inside the core every fault is an [`Error`] that holds a
//! [`Finding`]; `receive` turns it into a finding of the verdict, the strict doors turn it into an exception.

use core::fmt;

use crate::finding::{Code, Finding};

pub type Result<T> = core::result::Result<T, Error>;

macro_rules! families {
    ($($variant:ident $name:literal $exception:literal $exit:literal $meaning:literal;)+) => {
        /// What kind of thing a finding is. The table in `docs/findings.md` is made from these rows.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Family { $(#[doc = $meaning] $variant),+ }

        impl Family {
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            /// The family's name in reports.
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
            /// The Python exception that a strict door raises for it; empty: none ever.
            pub const fn exception(self) -> &'static str { match self { $(Self::$variant => $exception),+ } }
            /// The command line's exit code for it; 0: it alone does not change the exit code.
            pub const fn exit_code(self) -> u8 { match self { $(Self::$variant => $exit),+ } }
            pub const fn meaning(self) -> &'static str { match self { $(Self::$variant => $meaning),+ } }
        }
    };
}

families! {
    Malformed   "malformed"   "MalformedError"    6 "the bytes break the grammar";
    Unsupported "unsupported" "UnsupportedError"  6 "well-formed, but of an unknown kind or version";
    Forbidden   "forbidden"   "PolicyError"       7 "possible, but the policy says no";
    Unproven    "unproven"    "VerificationError" 5 "not shown to be trustworthy: chain, validity, revocation";
    False       "false"       "VerificationError" 3 "shown to be wrong: digest, signature, address or usage";
    Locked      "locked"      "DecryptionError"   4 "no key fits, or it fits and fails";
    Limit       "limit"       "LimitError"        6 "a budget is spent";
    Misuse      "misuse"      "ValueError"        2 "the caller's mistake";
    Broken      "broken"      "BackendError"      1 "chance or a computation failed: nothing was released";
    Internal    "internal"    "InternalError"     1 "a bug in mailseal";
    Weak        "weak"        ""                  0 "done, but it rests on something weak";
    Note        "note"        ""                  0 "nothing wrong: it says what was done";
}

/// A fault that stopped something: one finding with its place.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Finding>);

impl Error {
    #[cold]
    pub fn new(code: Code) -> Self {
        Self(Box::new(Finding::new(code)))
    }

    /// With words that tell more than the code's sentence. Never put secrets or content here.
    #[cold]
    pub fn with(code: Code, detail: impl Into<String>) -> Self {
        Self(Box::new(Finding::new(code).detail(detail)))
    }

    #[must_use]
    pub fn at(mut self, offset: usize) -> Self {
        self.0.offset.get_or_insert(offset);
        self
    }

    /// Puts `segment` in front of the path, on the way out of a structure.
    #[must_use]
    #[cold]
    pub fn within(mut self, segment: &str) -> Self {
        let rest = core::mem::take(&mut self.0.path);
        let dot = if rest.is_empty() || rest.starts_with('[') { "" } else { "." };
        self.0.path = format!("{segment}{dot}{rest}");
        self
    }

    pub fn code(&self) -> Code {
        self.0.code
    }

    pub fn family(&self) -> Family {
        self.0.code.family()
    }

    pub fn finding(&self) -> &Finding {
        &self.0
    }

    pub fn into_finding(self) -> Finding {
        *self.0
    }
}

impl From<Finding> for Error {
    fn from(finding: Finding) -> Self {
        Self(Box::new(finding))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl core::error::Error for Error {}

/// Adds the path to an error that passes by.
pub trait Within {
    /// `.field("sid")`
    fn field(self, name: &str) -> Self;
    /// `.item("signerInfos", 2)`
    fn item(self, name: &str, index: usize) -> Self;
}

impl<T> Within for Result<T> {
    fn field(self, name: &str) -> Self {
        self.map_err(|error| error.within(name))
    }

    fn item(self, name: &str, index: usize) -> Self {
        self.map_err(|error| error.within(&format!("{name}[{index}]")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_grows_outwards() {
        let inner: Result<()> = Err(Error::new(Code::Asn1Malformed).at(7));
        let error = inner.field("sid").item("signerInfos", 0).field("SignedData").unwrap_err();
        assert_eq!(error.finding().path, "SignedData.signerInfos[0].sid");
        assert_eq!(error.finding().offset, Some(7));
    }

    #[test]
    fn every_family_has_a_name_and_meaning() {
        for family in Family::ALL {
            assert!(!family.name().is_empty() && !family.meaning().is_empty());
            assert_eq!(family.exception().is_empty(), family.exit_code() == 0, "{}", family.name());
        }
    }
}
