//! A password as the caller gave it: it vanishes when dropped and never prints.

use core::fmt;

use zeroize::Zeroizing;

/// UTF-8 text. How it becomes octets is the scheme's matter (RFC 7292 App. B.1: BMPString; RFC 8018: UTF-8).
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<String>);

impl Password {
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself; keep it no longer than needed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// SVC-05
    #[test]
    fn svc_05_never_printed() {
        assert_eq!(format!("{:?}", Some(Password::new("canary"))), "Some(Password(…))");
    }
}
