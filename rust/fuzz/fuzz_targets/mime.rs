//! MIME alone: header fields, addresses, dates, encoded words, the canonical view, mbox.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mailseal_core::Limits;
use mailseal_core::mime::scan::{Entity, Header};
use mailseal_core::mime::{address, canonical, date, encoded_word, field, mbox};

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    if let Ok(entity) = Entity::scan(data, 0..data.len(), &limits)
        && let Ok(header) = Header::parse(data, entity.header, &limits)
    {
        for one in header.fields() {
            let _ = field::unstructured(one.value);
            let _ = (field::unfold(one.value), field::without_comments(one.value), field::message_id(one.value));
            let _ = address::addresses(one.value, &limits);
            let _ = date::date(one.value);
        }
    }
    let _ = encoded_word::decode(data);
    let lines: Vec<&[u8]> = canonical::canonical(data).chunks().collect();
    let view = lines.concat();
    let again: Vec<u8> = canonical::canonical(&view).chunks().collect::<Vec<_>>().concat();
    assert_eq!(view, again, "the canonical view of a canonical text is itself");
    let mut splitter = mbox::MboxSplitter::new();
    let (first, second) = data.split_at(data.len() / 2);
    let mut found = splitter.feed(first);
    found.extend(splitter.feed(second));
    found.extend(splitter.finish());
    let mut whole = mbox::MboxSplitter::new();
    let mut expected = whole.feed(data);
    expected.extend(whole.finish());
    assert_eq!(found.len(), expected.len(), "blocks do not matter");
});
