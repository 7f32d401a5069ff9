//! What the fuzz targets share: a receiver, and a drive of the state machine whose answers reach the code behind keys.

use std::sync::{Arc, LazyLock};

use mailseal_core::Limits;
use mailseal_core::asn1::UnixTime;
use mailseal_core::bulk::{Item, Row};
use mailseal_core::crypto::secret::Secret;
use mailseal_core::identity::{Identity, Keyring, load_certificates};
use mailseal_core::policy::{Policy, Times};
use mailseal_core::receive::{Opened, Opening, Receiver, Step};

/// Every seed is encrypted under a content-encryption key of this octet, see `tools/fuzz_seeds.py`.
const CEK_OCTET: u8 = 0x11;
const NOW: UnixTime = UnixTime(1_790_000_000);

pub const TIMES: Times = Times { now: NOW, received_at: None, at: None };

/// Holds the keys of `keys/identities.pem`, throw-away keys of RSA, P-256 and X25519, and trusts their root.
pub static RECEIVER: LazyLock<Receiver> = LazyLock::new(|| {
    let pem = include_bytes!("../keys/identities.pem");
    let limits = Limits::default();
    let identities = Identity::load(pem, &[], &[], &limits).expect("keys/identities.pem");
    let keyring = Keyring::new(&identities, &[], &limits).expect("keys/identities.pem");
    let root = load_certificates(include_bytes!("../keys/root.pem"), &limits).expect("keys/root.pem");
    let policy = Policy::named("archive").expect("a preset");
    Receiver::new(Some(root), Vec::new(), Arc::new(keyring), policy)
});

/// Drives `opening` as `Receiver::open` does, but each key operation gives the seeds' key and each check passes.
pub fn drive(mut opening: Opening<'_>) -> Opened {
    // A machine that asks for ever would hang: every layer, key and check spends a budget.
    for _ in 0..100_000 {
        match opening.step() {
            Step::NeedKey(operation) => opening.answer_key(Secret::new(vec![CEK_OCTET; operation.cek_len()])),
            Step::NeedCheck(_) => opening.answer_check(true),
            Step::Done(opened) => return *opened,
        }
    }
    panic!("the state machine does not come to an end");
}

/// Everything that is done with an `Opened` afterwards.
pub fn use_opened(opened: &Opened, raw: &[u8]) {
    let _ = opened.content(raw).map(<[u8]>::len);
    let _ = opened.verdict.explain();
    let item = Item { raw, id: "id", source: "source", offset: 0, received_at: None };
    let _ = Row::new(&item, opened, true).json();
    for name in Policy::names() {
        let policy = Policy::named(name).expect("a preset");
        let _ = opened.judge(&RECEIVER, &policy, TIMES);
    }
    let _ = RECEIVER.settle(opened, &opened.facts.certificates, TIMES);
}
