//! Bulk: the same `Opening`, many messages at a time. Needs of a slice are gathered and answered together.

pub mod columns;
pub mod row;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::asn1::UnixTime;
use crate::policy::Times;
use crate::receive::{Answer, KeyOperation, Opened, Opening, Receiver, SignatureCheck, Step};
use crate::{Code, Error};
pub use row::Row;

/// Messages that one worker drives side by side: enough to gather needs, few enough to stay in the cache.
const SLICE: usize = 16;

/// One message of a batch.
#[derive(Clone, Debug)]
pub struct Item<'a> {
    pub raw: &'a [u8],
    pub id: &'a str,
    pub source: &'a str,
    /// Where the message starts in its source.
    pub offset: u64,
    pub received_at: Option<UnixTime>,
}

/// What became of a batch.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In the order of the items; items without a row are left out.
    pub rows: Vec<Row>,
    /// Index of the item, and why it yields no row.
    pub unreadable: Vec<(usize, Error)>,
}

/// Opens `items` on `pool`; `content`: rows carry the content's bytes; `answer` does the key operations.
pub fn open_batch(
    receiver: &Receiver,
    items: &[Item<'_>],
    now: UnixTime,
    content: bool,
    pool: &rayon::ThreadPool,
    answer: Answer<'_>,
) -> Outcome {
    let slices: Vec<Vec<Result<Row, Error>>> = pool.install(|| {
        items.par_chunks(SLICE).map(|slice| open_slice_safely(receiver, slice, now, content, answer)).collect()
    });
    let mut outcome = Outcome::default();
    for (index, row) in slices.into_iter().flatten().enumerate() {
        match row {
            Ok(row) => outcome.rows.push(row),
            Err(error) => outcome.unreadable.push((index, error)),
        }
    }
    outcome
}

/// A panic is a bug of ours; it costs the one message that shows it, never the run.
fn open_slice_safely(
    receiver: &Receiver,
    items: &[Item<'_>],
    now: UnixTime,
    content: bool,
    answer: Answer<'_>,
) -> Vec<Result<Row, Error>> {
    let open =
        |items: &[Item<'_>]| catch_unwind(AssertUnwindSafe(|| open_slice(receiver, items, now, content, answer)));
    open(items).unwrap_or_else(|_| {
        let alone = |item: &Item<'_>| {
            let rows = open(core::slice::from_ref(item)).ok().and_then(|mut rows| rows.pop());
            rows.unwrap_or_else(|| Err(Error::new(Code::InternalPanic)))
        };
        items.iter().map(alone).collect()
    })
}

enum Need {
    Key(KeyOperation),
    Check(SignatureCheck),
}

fn open_slice(
    receiver: &Receiver,
    items: &[Item<'_>],
    now: UnixTime,
    content: bool,
    answer: Answer<'_>,
) -> Vec<Result<Row, Error>> {
    let times = |item: &Item<'_>| Times { now, received_at: item.received_at, at: None };
    let mut openings: Vec<_> = items.iter().map(|item| Opening::new(receiver, item.raw, times(item))).collect();
    let mut opened: Vec<Option<Box<Opened>>> = items.iter().map(|_| None).collect();
    let mut needs: Vec<(usize, Need)> = Vec::with_capacity(items.len());
    let mut active: Vec<usize> = (0..items.len()).collect();
    while !active.is_empty() {
        active.retain(|index| match openings[*index].step() {
            Step::NeedKey(operation) => {
                needs.push((*index, Need::Key(operation)));
                true
            }
            Step::NeedCheck(check) => {
                needs.push((*index, Need::Check(check)));
                true
            }
            Step::Done(done) => {
                opened[*index] = Some(done);
                false
            }
        });
        for (index, need) in needs.drain(..) {
            match need {
                Need::Key(operation) => openings[index].answer_key(answer(&operation)),
                Need::Check(check) => openings[index].answer_check(check.run()),
            }
        }
    }
    let row = |(item, opened): (&Item<'_>, Option<Box<Opened>>)| match opened {
        Some(opened) if opened.is_mail() => Ok(Row::new(item, &opened, content)),
        Some(_) => Err(Error::with(Code::MimeMalformed, "not a single header field: these bytes are no message")),
        None => Err(Error::new(Code::InternalPanic)),
    };
    items.iter().zip(opened).map(row).collect()
}
