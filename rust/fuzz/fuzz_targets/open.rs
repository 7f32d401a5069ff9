//! A whole message: first as it is, then with keys and checks that always fit, so that what lies behind is reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailseal_core::policy::Status;
use mailseal_core::receive::Opening;
use mailseal_fuzz::{RECEIVER, TIMES, drive, use_opened};

fuzz_target!(|data: &[u8]| {
    let opened = RECEIVER.open(data, TIMES);
    let signed = !opened.facts.signers.is_empty();
    assert!(opened.verdict.status != Status::Valid || signed, "nothing is valid without a signer");
    use_opened(&opened, data);
    let opened = drive(Opening::new(&RECEIVER, data, TIMES));
    use_opened(&opened, data);
});
