//! Verdict: the answers, the status, the findings, in one value that explains itself.

use core::fmt::Write as _;

use crate::Finding;
use crate::asn1::UnixTime;
use crate::policy::facts::{Check, Wanted};

macro_rules! statuses {
    ($($variant:ident $name:literal $when:literal;)+) => {
        /// Speaks of signatures only.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Status { $(#[doc = $when] $variant),+ }

        impl Status {
            pub const ALL: &[Self] = &[$(Self::$variant),+];
            pub const fn name(self) -> &'static str { match self { $(Self::$variant => $name),+ } }
            pub const fn when(self) -> &'static str { match self { $(Self::$variant => $when),+ } }
        }
    };
}

statuses! {
    Unsigned "UNSIGNED" "no signature in the cryptographic envelope";
    Valid "VALID" "every signer that the policy demands passed everything that the policy demands";
    Indeterminate "INDETERMINATE" "the chain is unknown or incomplete, outside its validity at the judged time, or a fact that the policy requires is unknown";
    Invalid "INVALID" "integrity or address failed, usage wrong, a signature of the chain broken, or an algorithm that the policy never takes";
}

/// The cryptographic summary of RFC 9787 §6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summary {
    None,
    Signed,
    Encrypted,
    SignedEncrypted,
}

impl Summary {
    pub const ALL: &[Self] = &[Self::None, Self::Signed, Self::Encrypted, Self::SignedEncrypted];

    pub const fn of(signed: bool, encrypted: bool) -> Self {
        match (signed, encrypted) {
            (false, false) => Self::None,
            (true, false) => Self::Signed,
            (false, true) => Self::Encrypted,
            (true, true) => Self::SignedEncrypted,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Signed => "signed",
            Self::Encrypted => "encrypted",
            Self::SignedEncrypted => "signed+encrypted",
        }
    }
}

/// The five answers about one signer, and what they come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignerVerdict {
    pub integrity: Check,
    pub chain: Check,
    pub address: Check,
    pub revocation: Check,
    pub time: Check,
    pub status: Status,
    /// SHA-256 of the certificates from the signer's to the anchor, as far as a path was found.
    pub path: Vec<[u8; 32]>,
    /// Index of the certificate in `SignerFacts.candidates` that the answers are about.
    pub candidate: Option<usize>,
}

/// The judgement of one message under one policy at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub status: Status,
    pub summary: Summary,
    /// Most telling first.
    pub findings: Vec<Finding>,
    /// The time it was judged for.
    pub at: UnixTime,
    /// One for each of `Facts.signers`, in that order.
    pub signers: Vec<SignerVerdict>,
    /// `all`, `none`, or `1 of 2 parts`.
    pub coverage: String,
    pub policy: String,
    /// Evidence that would settle what is open about the chains.
    pub wanted: Vec<Wanted>,
}

impl Verdict {
    pub fn is_valid(&self) -> bool {
        self.status == Status::Valid
    }

    /// A few lines for a person: status, each signer's answers, each finding with its fix.
    pub fn explain(&self) -> String {
        let mut text = format!("{}: {}\n", self.status.name(), self.status.when());
        let _ = writeln!(
            text,
            "  summary: {}; coverage: {}; judged for {} by policy {}",
            self.summary.name(),
            self.coverage,
            self.at,
            self.policy
        );
        for (index, signer) in self.signers.iter().enumerate() {
            let _ = writeln!(
                text,
                "  signer {}: integrity {}, chain {}, address {}, revocation {}, time {}: {}",
                index + 1,
                signer.integrity.name(),
                signer.chain.name(),
                signer.address.name(),
                signer.revocation.name(),
                signer.time.name(),
                signer.status.name()
            );
        }
        for finding in &self.findings {
            let _ = writeln!(text, "  {finding} [{}]", finding.code.source());
        }
        text
    }
}
