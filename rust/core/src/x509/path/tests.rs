use super::*;
use crate::asn1::oid;
use crate::x509::testing::*;
use std::time::{Duration, Instant};

struct World {
    extra: Vec<Arc<Certificate>>,
    pool: Vec<Arc<Certificate>>,
    anchors: Vec<Arc<Certificate>>,
    rules: PathRules,
    checker: Checksums,
}

impl World {
    /// One trusted root, called Root.
    fn new() -> Self {
        let rules = PathRules { at: at(7, 1), purpose: Purpose::EmailProtection, limits: Limits::default() };
        let anchors = vec![Draft::ca("Root", "Root").build()];
        Self { extra: Vec::new(), pool: Vec::new(), anchors, rules, checker: Checksums::default() }
    }

    fn with(mut self, certificates: &[&Draft]) -> Self {
        self.extra.extend(certificates.iter().map(|draft| draft.build()));
        self
    }

    fn anchored(mut self, anchor: &Draft) -> Self {
        self.anchors = vec![anchor.build()];
        self
    }

    fn facts(&self, end_entity: &Draft) -> PathFacts {
        let (pool, anchors) = (Pool::new(self.pool.clone()), TrustAnchors::new(self.anchors.clone()));
        build(&end_entity.build(), &self.extra, &pool, &anchors, &self.rules, &self.checker)
    }

    fn codes(&self, end_entity: &Draft) -> Vec<(usize, Code)> {
        self.facts(end_entity).problems.into_iter().map(|(index, finding)| (index, finding.code)).collect()
    }
}

fn alice() -> Draft {
    Draft::new("Alice", "Sub")
}

fn sub() -> Draft {
    Draft::ca("Sub", "Root")
}

fn path_of(facts: &PathFacts) -> Vec<String> {
    facts.path.iter().map(|certificate| certificate.subject().common_name().unwrap_or_default()).collect()
}

#[test]
fn rfc5280_6_1_good_path() {
    let world = World::new().with(&[&sub()]);
    let facts = world.facts(&alice());
    assert!(facts.is_good(), "{:?}", facts.problems);
    assert_eq!(path_of(&facts), ["Alice", "Sub", "Root"]);
    assert_eq!((facts.signatures, world.checker.checks.get()), (2, 2));
    assert_eq!(facts.valid_to.to_string(), "2040-01-01T00:00:00Z");
}

/// C-07, C-09: the intermediate comes from the pool and no key identifier is there.
#[test]
fn rfc8550_2_3_pool_and_distinguished_names() {
    let mut world = World::new();
    assert_eq!(world.codes(&alice()), [(0, Code::ChainIssuerMissing)]);
    world.pool.push(sub().build());
    assert!(world.facts(&alice()).is_good());
}

/// C-08
#[test]
fn rfc8550_2_3_a_root_in_the_message_is_not_trusted() {
    let world = World::new().with(&[&Draft::ca("Evil", "Evil")]);
    assert_eq!(world.codes(&Draft::new("Alice", "Evil")), [(1, Code::ChainUntrusted)]);
    assert_eq!(world.codes(&Draft::new("Self", "Self")), [(0, Code::ChainUntrusted)]);
}

#[test]
fn an_end_entity_that_is_an_anchor_is_a_path_of_one() {
    let own = Draft::new("Self", "Self");
    let facts = World::new().anchored(&own).facts(&own);
    assert!(facts.is_good() && facts.path.len() == 1 && facts.signatures == 0);
    let expired = own.valid("20200101000000Z", "20210101000000Z");
    assert_eq!(World::new().anchored(&expired).codes(&expired), [(0, Code::ChainExpired)]);
}

/// RFC 5280 §6.1.1 (d): name and key are trusted, not one encoding of them.
#[test]
fn a_renewed_root_leads_to_the_anchor_of_the_same_key() {
    let mut renewed = Draft::ca("Root", "Root");
    renewed.serial = vec![9];
    let facts = World::new().facts(&renewed);
    assert!(facts.is_good() && facts.path.len() == 2, "{:?}", facts.problems);
}

#[test]
fn rfc5280_6_1_3_a1_signature() {
    let forged = alice().keys("Alice", "Mallory");
    assert_eq!(World::new().with(&[&sub()]).codes(&forged), [(0, Code::ChainSignatureMismatch)]);
    let forged = sub().keys("Sub", "Mallory");
    assert_eq!(World::new().with(&[&forged]).codes(&alice()), [(1, Code::ChainSignatureMismatch)]);
}

/// A CA of the same name, but by its key identifier not the one: the issuer is missing, nothing is forged.
#[test]
fn another_key_of_the_issuer_is_not_a_forgery() {
    let other = sub().keys("Sub2", "Root").with(oid::SUBJECT_KEY_IDENTIFIER, false, octets(b"2"));
    let signed = alice().with(oid::AUTHORITY_KEY_IDENTIFIER, false, key_identifier_value(b"1"));
    let facts = World::new().with(&[&other]).facts(&signed);
    assert_eq!(facts.problems[0].1.code, Code::ChainIssuerMissing);
    assert!(facts.problems[0].1.detail.ends_with("CN=Sub, key identifier 31"), "{}", facts.problems[0].1);
}

#[test]
fn an_unknown_signature_algorithm_is_not_a_bad_signature() {
    let mut odd = alice();
    (odd.algorithm, odd.outer_algorithm) = (UNSUPPORTED_ALGORITHM, UNSUPPORTED_ALGORITHM);
    let facts = World::new().with(&[&sub()]).facts(&odd);
    assert!(facts.anchored && !facts.is_good());
    assert_eq!(World::new().with(&[&sub()]).codes(&odd), [(0, Code::ChainAlgorithmUnsupported)]);
}

/// P-03
#[test]
fn rfc5280_4_1_1_2_algorithms_agree() {
    let mut draft = alice();
    draft.algorithm = UNSUPPORTED_ALGORITHM;
    assert_eq!(World::new().with(&[&sub()]).codes(&draft), [(0, Code::ChainSignatureAlgorithmMismatch)]);
}

#[test]
fn rfc5280_6_1_3_a2_validity() {
    let codes = |end_entity: Draft, sub: Draft| World::new().with(&[&sub]).codes(&end_entity);
    // Both ends belong to the validity.
    assert_eq!(codes(alice().valid("20260701120000Z", "20260701120000Z"), sub()), []);
    assert_eq!(codes(alice().valid("20200101000000Z", "20260701115959Z"), sub()), [(0, Code::ChainExpired)]);
    assert_eq!(codes(alice().valid("20260701120001Z", "20400101000000Z"), sub()), [(0, Code::ChainNotYetValid)]);
    assert_eq!(codes(alice(), sub().valid("20200101000000Z", "20210101000000Z")), [(1, Code::ChainExpired)]);
    let old = Draft::ca("Root", "Root").valid("19990101000000Z", "20010101000000Z");
    let facts = World::new().anchored(&old).with(&[&sub()]).facts(&alice());
    assert!(facts.is_good(), "an anchor's own validity is not judged");
    assert_eq!(facts.valid_from.to_string(), "2020-01-01T00:00:00Z");
}

/// C-17: several certificates of one CA.
#[test]
fn rfc8550_4_the_valid_one_of_several_ca_certificates() {
    let mut expired = sub().valid("20200101000000Z", "20210101000000Z");
    expired.serial = vec![7];
    for order in [[&expired, &sub()], [&sub(), &expired]] {
        assert!(World::new().with(&order).facts(&alice()).is_good());
    }
}

/// PKI-03
#[test]
fn rfc5280_6_1_4_k_issuers_are_cas() {
    let codes = |sub: Draft| World::new().with(&[&sub]).codes(&alice());
    assert_eq!(codes(Draft::new("Sub", "Root")), [(1, Code::ChainNotACa)]);
    let not = basic_constraints_value(false, None);
    assert_eq!(codes(sub().with(oid::BASIC_CONSTRAINTS, true, not)), [(1, Code::ChainNotACa)]);
    let mut old = Draft::new("Sub", "Root");
    old.version = 0;
    assert_eq!(codes(old), [(1, Code::ChainNotACa)], "v1");
}

#[test]
fn anchors_as_issuers() {
    let codes = |anchor: &Draft| World::new().anchored(anchor).codes(&Draft::new("Alice", "Root"));
    let mut old = Draft::new("Root", "Root");
    old.version = 0;
    assert_eq!(codes(&old), [], "a v1 root cannot say that it is a CA");
    let bare = Draft::new("Root", "Root");
    assert_eq!(codes(&bare), [(1, Code::ChainNotACa)]);
    assert_eq!(codes(&bare.clone().with(oid::KEY_USAGE, true, key_usage_value(&[5]))), []);
    assert_eq!(codes(&bare.with(oid::KEY_USAGE, true, key_usage_value(&[0]))), [(1, Code::ChainNotACa)]);
}

#[test]
fn rfc5280_6_1_4_n_key_cert_sign() {
    let codes = |bits: &[usize]| {
        let sub = sub().with(oid::KEY_USAGE, true, key_usage_value(bits));
        World::new().with(&[&sub]).codes(&alice())
    };
    assert_eq!(codes(&[5, 6]), []);
    assert_eq!(codes(&[0, 6]), [(1, Code::ChainKeyUsage)]);
}

/// P-05
#[test]
fn rfc5280_6_1_4_l_path_length_leaves_self_issued_out() {
    let limited = |length| sub().with(oid::BASIC_CONSTRAINTS, true, basic_constraints_value(true, Some(length)));
    let second = Draft::ca("Sub2", "Sub");
    let end_entity = Draft::new("Alice", "Sub2");
    assert_eq!(World::new().with(&[&limited(0)]).codes(&alice()), []);
    assert_eq!(World::new().with(&[&limited(0), &second]).codes(&end_entity), [(2, Code::ChainPathLength)]);
    assert_eq!(World::new().with(&[&limited(1), &second]).codes(&end_entity), []);
    // Sub rolls its key over: Sub(new key) issued by Sub(old key).
    let rolled = Draft::ca("Sub", "Sub").keys("Sub-new", "Sub");
    let end_entity = alice().keys("Alice", "Sub-new");
    let facts = World::new().with(&[&limited(0), &rolled]).facts(&end_entity);
    assert!(facts.is_good(), "{:?}", facts.problems);
    assert_eq!(path_of(&facts), ["Alice", "Sub", "Sub", "Root"]);
}

/// C-30, PKI-03
#[test]
fn rfc8550_4_4_4_extended_key_usage_of_cas() {
    let codes = |purposes: &[crate::asn1::Oid<'static>], purpose| {
        let mut world = World::new().with(&[&sub().with(oid::EXTENDED_KEY_USAGE, false, purposes_value(purposes))]);
        world.rules.purpose = purpose;
        world.codes(&alice())
    };
    assert_eq!(codes(&[oid::EMAIL_PROTECTION], Purpose::EmailProtection), []);
    assert_eq!(codes(&[oid::ANY_EXTENDED_KEY_USAGE], Purpose::EmailProtection), []);
    assert_eq!(codes(&[oid::SERVER_AUTH], Purpose::EmailProtection), [(1, Code::ChainExtendedKeyUsage)]);
    assert_eq!(codes(&[oid::SERVER_AUTH], Purpose::Any), []);
}

/// C-25, P-04
#[test]
fn rfc5280_4_2_extensions() {
    let unknown = crate::oid!(2, 999, 77);
    let codes = |end_entity: Draft| World::new().with(&[&sub()]).codes(&end_entity);
    assert_eq!(codes(alice().with(unknown, false, vec![])), []);
    assert_eq!(codes(alice().with(unknown, true, vec![])), [(0, Code::ChainCriticalExtension)]);
    let mut twice = alice().with(unknown, false, vec![]);
    twice.extensions.push((unknown, false, vec![]));
    assert_eq!(codes(twice), [(0, Code::ChainExtensionMalformed)]);
    let broken = alice().with(oid::SUBJECT_ALT_NAME, false, vec![0x30, 1]);
    assert_eq!(codes(broken), [(0, Code::ChainExtensionMalformed)]);
    let critical = World::new().with(&[&sub().with(unknown, true, vec![])]);
    assert_eq!(critical.codes(&alice()), [(1, Code::ChainCriticalExtension)]);
}

/// Constraints that are not judged never pass in silence.
#[test]
fn rfc5280_4_2_1_10_unjudged_constraints_are_said() {
    let codes = |kind, critical| {
        let facts = World::new().with(&[&sub().with(kind, critical, vec![0x30, 0])]).facts(&alice());
        assert!(facts.anchored);
        facts.problems.iter().map(|(index, finding)| (*index, finding.code)).collect::<Vec<_>>()
    };
    assert_eq!(codes(oid::NAME_CONSTRAINTS, true), [(1, Code::ChainNameConstraintsNotJudged)]);
    for kind in [oid::POLICY_CONSTRAINTS, oid::POLICY_MAPPINGS, oid::INHIBIT_ANY_POLICY] {
        assert_eq!(codes(kind, false), [(1, Code::ChainPolicyNotJudged)]);
    }
    assert_eq!(codes(oid::CERTIFICATE_POLICIES, true), [(1, Code::ChainPolicyNotJudged)]);
    assert_eq!(codes(oid::CERTIFICATE_POLICIES, false), []);
}

#[test]
fn a_clean_path_is_preferred_to_a_constrained_one() {
    // The message brings Sub under a constrained cross root; the pool knows Sub under the true root.
    let constrained = Draft::ca("Sub", "Cross");
    let cross = Draft::ca("Cross", "Root").with(oid::NAME_CONSTRAINTS, true, vec![0x30, 0]);
    let mut world = World::new().with(&[&constrained, &cross]);
    assert_eq!(world.codes(&alice()), [(2, Code::ChainNameConstraintsNotJudged)]);
    world.pool.push(sub().build());
    assert!(world.facts(&alice()).is_good());
}

/// RFC 5280 §4.1.2.4: an empty issuer names nobody.
#[test]
fn an_empty_issuer_has_no_certificate() {
    let mut nameless = Draft::ca("", "");
    nameless.subject = name_of(&[]);
    nameless.issuer = name_of(&[]);
    let mut end_entity = Draft::new("Alice", "");
    end_entity.issuer = name_of(&[]);
    assert_eq!(World::new().anchored(&nameless).codes(&end_entity), [(0, Code::ChainIssuerMissing)]);
}

/// P-09
#[test]
fn rfc5280_7_1_names_chain_without_case() {
    let mut end_entity = alice();
    end_entity.issuer = common_name(" sUB ");
    assert!(World::new().with(&[&sub()]).facts(&end_entity).is_good());
}

#[test]
fn rfc8550_4_4_end_entity_usages() {
    let usage = |bits: &[usize]| signer_key_usage(&alice().with(oid::KEY_USAGE, true, key_usage_value(bits)).build());
    assert_eq!((usage(&[0]), usage(&[1, 2])), (None, None));
    assert_eq!((usage(&[2]), signer_key_usage(&alice().build())), (Some(Code::SignerKeyUsage), None));
    let purpose = |purposes: &[crate::asn1::Oid<'static>]| {
        signer_extended_key_usage(&alice().with(oid::EXTENDED_KEY_USAGE, false, purposes_value(purposes)).build())
    };
    assert_eq!(purpose(&[oid::EMAIL_PROTECTION]), None);
    assert_eq!(purpose(&[oid::SERVER_AUTH]), Some(Code::SignerExtendedKeyUsage));
    assert_eq!(signer_extended_key_usage(&alice().build()), None);
}

/// PKI-04: 200 CAs of one name that all signed each other.
#[test]
fn cross_signed_cas_spend_the_budget() {
    let mut drafts = Vec::new();
    for key in 0..200 {
        for by in [key + 1, key + 2] {
            let mut draft = Draft::ca("Sub", "Sub").keys(&format!("k{key}"), &format!("k{}", by % 200));
            draft.serial = vec![1, key as u8, by as u8];
            drafts.push(draft);
        }
    }
    let world = World::new().with(&drafts.iter().collect::<Vec<_>>());
    let start = Instant::now();
    let facts = world.facts(&alice().keys("Alice", "k0"));
    assert!(facts.problems.iter().any(|(_, finding)| finding.code == Code::LimitPathWork), "{:?}", facts.problems);
    assert!(facts.signatures <= 100 && world.checker.checks.get() <= 100 && facts.steps <= 10_000);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// PKI-04: every level has two CAs that both signed both of the next: 2^n paths, none of which ends.
#[test]
fn a_ladder_ends() {
    let mut drafts = Vec::new();
    for level in 0..20_u8 {
        for (own, by) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let mut draft = Draft::ca(&format!("L{level}"), &format!("L{}", level + 1));
            (draft.key, draft.issuer_key) = (vec![level, own], vec![level + 1, by]);
            draft.serial = vec![1, own, by];
            drafts.push(draft);
        }
    }
    let mut world = World::new().with(&drafts.iter().collect::<Vec<_>>());
    world.rules.limits.path_length = 30;
    world.rules.limits.path_signatures = 100_000;
    let mut end_entity = Draft::new("Alice", "L0");
    end_entity.issuer_key = vec![0, 0];
    let facts = world.facts(&end_entity);
    assert!(facts.steps <= 10_000 && !facts.anchored);
    assert!(facts.problems.iter().any(|(_, finding)| finding.code == Code::LimitPathWork));
}

#[test]
fn path_length_is_a_limit() {
    let mut drafts: Vec<_> = (0..12).map(|n| Draft::ca(&format!("C{n}"), &format!("C{}", n + 1))).collect();
    drafts.push(Draft::ca("C12", "Root"));
    let mut world = World::new().with(&drafts.iter().collect::<Vec<_>>());
    let end_entity = Draft::new("Alice", "C0");
    assert_eq!(world.codes(&end_entity), [(9, Code::LimitPathWork)]);
    world.rules.limits.path_length = 15;
    assert!(world.facts(&end_entity).is_good());
}

/// C-05: unrelated certificates in any order do no harm.
#[test]
fn rfc8550_2_3_five_hundred_certificates() {
    let mut drafts: Vec<_> = (0..500).map(|n| Draft::ca(&format!("X{n}"), &format!("X{}", n + 1))).collect();
    drafts.insert(250, sub());
    let facts = World::new().with(&drafts.iter().collect::<Vec<_>>()).facts(&alice());
    assert!(facts.is_good() && facts.steps == 2 && facts.signatures == 2);
}

/// Stands in for signatures where only names and key identifiers matter.
struct KeyIdentifiers;

impl SignatureChecker for KeyIdentifiers {
    fn check(&self, certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
        Some(key_match(certificate, issuer) != KeyMatch::Differs)
    }
}

/// Three Dss-Parms of no use: parameters are compared, not computed with.
const HONEST: &[u8] = &[0x30, 3, 2, 1, 1];
const ROGUE: &[u8] = &[0x30, 3, 2, 1, 2];
const NONE: &[u8] = &[];

/// RFC 5280 §6.1.4 d to f: Alice and Sub lack parameters, the root has them.
#[test]
fn rfc5280_6_1_4_inherited_parameters() {
    let limits = Limits::default();
    let sub = sub().dsa(NONE, HONEST);
    let world = World::new().with(&[&sub]).anchored(&Draft::ca("Root", "Root").dsa(HONEST, HONEST));
    // Whose key is of another kind: Sub may have inherited whatever its issuers have.
    let plain = Draft { key_algorithm: alice().key_algorithm, ..alice().dsa(NONE, HONEST) };
    assert!(world.facts(&plain).is_good(), "{:?}", world.codes(&plain));
    let (pool, anchors) = (Pool::default(), TrustAnchors::new(world.anchors.clone()));
    for (parameters, good) in [(HONEST, true), (ROGUE, false)] {
        let alice = alice().dsa(NONE, HONEST).build().inheriting(parameters, &limits).unwrap();
        let facts = build(&alice, &world.extra, &pool, &anchors, &world.rules, &world.checker);
        assert_eq!(facts.is_good(), good, "{:?}", facts.problems);
        assert_eq!(facts.anchored, good);
    }
}

/// A rogue Sub that "signed" Alice too, with parameters of its own: the path leads to it only from a key that took them,
/// and not beyond.
#[test]
fn parameters_are_those_of_the_path() {
    let limits = Limits::default();
    let rogue = Draft::ca("Sub", "Root").dsa(ROGUE, HONEST);
    let world = World::new().with(&[&rogue, &sub().dsa(NONE, HONEST)]);
    let world = world.anchored(&Draft::ca("Root", "Root").dsa(HONEST, HONEST));
    let (pool, anchors) = (Pool::default(), TrustAnchors::new(world.anchors.clone()));
    let facts = |parameters: &[u8], signed_by: &[u8]| {
        let alice = alice().dsa(NONE, signed_by).build().inheriting(parameters, &limits).unwrap();
        build(&alice, &world.extra, &pool, &anchors, &world.rules, &world.checker)
    };
    assert!(facts(HONEST, HONEST).is_good());
    assert!(!facts(ROGUE, HONEST).anchored && !facts(HONEST, ROGUE).anchored);
    // Sub with parameters of its own, certified by the root, may hand them on.
    assert!(facts(ROGUE, ROGUE).is_good());
    // The root has other parameters: where Sub inherited, these do not reach it.
    let world = World { extra: vec![sub().dsa(NONE, HONEST).build()], ..world };
    let alice = alice().dsa(NONE, ROGUE).build().inheriting(ROGUE, &limits).unwrap();
    assert!(!build(&alice, &world.extra, &pool, &anchors, &world.rules, &world.checker).anchored);
}

/// PKI-04: many keys without parameters under many issuers that have some.
#[test]
fn inheritance_spends_the_budget() {
    let parameters = |number: u16| [&[0x30, 4, 2, 2][..], &number.to_be_bytes()].concat();
    let mut extra: Vec<_> = (0..300).map(|number| Draft::ca("Root", "Root").dsa(&parameters(number), NONE)).collect();
    extra.extend((0..300_u16).map(|number| {
        let mut draft = sub().dsa(NONE, HONEST).keys(&format!("Sub {number}"), "Root");
        draft.serial = number.to_be_bytes().to_vec();
        draft
    }));
    let world = World::new().with(&extra.iter().collect::<Vec<_>>());
    let start = Instant::now();
    let facts = world.facts(&alice());
    assert!(!facts.anchored && facts.steps <= Limits::default().path_steps + 1000, "{}", facts.steps);
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

/// What NIST calls valid has no problem that is false; what it calls invalid for a reason that is judged has one.
#[test]
fn c20_pkits() {
    let Some(folder) = vectors("pkits/certs") else { return };
    let limits = Limits::default();
    let all: Vec<_> = certificate_files(&folder)
        .into_iter()
        .map(|(path, der)| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, Arc::new(Certificate::from_der(&der, &limits).unwrap()))
        })
        .collect();
    let anchors =
        TrustAnchors::new(all.iter().filter(|one| one.0 == "TrustAnchorRootCertificate").map(|one| one.1.clone()));
    assert!(!anchors.is_empty());
    let pool = Pool::new(all.iter().map(|one| one.1.clone()));
    let at = UnixTime::from_civil(2015, 1, 1, 0, 0, 0).unwrap();
    let rules = PathRules { at, purpose: Purpose::EmailProtection, limits };
    let memo = crate::x509::Memo::new(1024);
    let mut judged = 0;
    for (name, end_entity) in all.iter().filter(|one| one.0.ends_with("EE")) {
        let facts = build(end_entity, &[], &pool, &anchors, &rules, &KeyIdentifiers);
        judged += u32::from(expect_pkits(name, &facts, &[]));
        let signatures = ["InvalidCASignature", "InvalidEESignature", "InvalidDSASignature"];
        expect_pkits(name, &build(end_entity, &[], &pool, &anchors, &rules, &memo), &signatures);
    }
    assert!(judged > 30, "{judged}");
}

fn expect_pkits(name: &str, facts: &PathFacts, more: &[&str]) -> bool {
    let unjudged = [Code::ChainNameConstraintsNotJudged, Code::ChainPolicyNotJudged];
    let problems: Vec<_> = facts.problems.iter().filter(|one| !unjudged.contains(&one.1.code)).collect();
    let reasons = [
        "InvalidCAnotBefore",
        "InvalidEEnotBefore",
        "InvalidCAnotAfter",
        "InvalidEEnotAfter",
        "Invalidpre2000UTC",
        "InvalidNameChaining",
        "InvalidMissingbasicConstraints",
        "InvalidcAFalse",
        "InvalidpathLenConstraint",
        "InvalidSelfIssuedpathLenConstraint",
        "InvalidkeyUsageCriticalkeyCertSign",
        "InvalidkeyUsageNotCriticalkeyCertSign",
        "InvalidUnknownCritical",
    ];
    if name.starts_with("Valid") {
        assert!(facts.anchored && problems.is_empty(), "{name}: {problems:?}");
        return true;
    }
    let invalid = reasons.iter().chain(more).any(|reason| name.starts_with(reason));
    assert!(!invalid || !problems.is_empty(), "{name}");
    invalid
}
