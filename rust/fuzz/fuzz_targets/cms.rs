//! Bare CMS, with the true keys and checks: attached, and with the input's own tail as detached content.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailseal_fuzz::{RECEIVER, TIMES, use_opened};

fuzz_target!(|data: &[u8]| {
    let opened = RECEIVER.open_cms(data, None, TIMES);
    use_opened(&opened, data);
    let (cms, content) = data.split_at(data.len() - data.len() / 4);
    let _ = RECEIVER.open_cms(cms, Some(content), TIMES);
});
