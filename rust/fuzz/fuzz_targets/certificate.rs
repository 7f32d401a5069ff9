//! A certificate from DER, everything it can be asked, and the path from it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailseal_core::Limits;
use mailseal_core::identity::load_certificates;
use mailseal_core::policy::Trust;
use mailseal_core::x509::path::{self, PathRules, Purpose};
use mailseal_fuzz::{RECEIVER, TIMES};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let Ok(certificates) = load_certificates(data, &limits) else { return };
    for certificate in &certificates {
        let _ = (certificate.subject().to_string(), certificate.issuer().to_string(), certificate.mailboxes());
        let _ = (certificate.serial_hex(), certificate.not_before().to_string(), certificate.not_after().to_string());
        let _ = (certificate.key_usage(), certificate.extended_key_usage(), certificate.basic_constraints());
        let _ = (certificate.authority_key_identifier(), certificate.subject_key_identifier());
        let _ = (certificate.has_unknown_critical(), certificate.extension_fault(), certificate.is_self_issued());
        let _ = certificate.public_key(&limits).map(|key| (key.name(), key.bits()));
        let _ = certificate.signature_algorithm().name();
        let Trust { anchors: Some(anchors), intermediates, memo } = RECEIVER.trust() else { return };
        let rules = PathRules { at: TIMES.now, purpose: Purpose::EmailProtection, limits: limits.clone() };
        let facts = path::build(certificate, &certificates, intermediates, anchors, &rules, memo);
        assert!(facts.signatures <= limits.path_signatures && facts.steps <= limits.path_steps + 10_000);
    }
});
