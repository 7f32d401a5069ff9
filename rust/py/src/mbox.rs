//! MboxSplitter and dates.

use std::sync::Mutex;

use mailseal_core::mime::date;
use mailseal_core::mime::mbox::{self, MboxMessage};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::enter::enter;

/// Start, end, the time of the From_ line, and where the next From_ line begins.
type Found = (u64, u64, Option<i64>, u64);

/// Finds the messages of an mbox fed in blocks (RFC 4155). Offsets count from the start of the file.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug)]
pub struct MboxSplitter(Mutex<Option<mbox::MboxSplitter>>);

#[pymethods]
impl MboxSplitter {
    #[new]
    fn new() -> Self {
        Self(Mutex::new(Some(mbox::MboxSplitter::new())))
    }

    /// (start, end, From_ line's time, begin of the next From_ line) of each message that is complete now.
    fn feed(&self, py: Python<'_>, block: &[u8]) -> PyResult<Vec<Found>> {
        self.with(|splitter| enter(py, || splitter.as_mut().map(|splitter| splitter.feed(block))))
    }

    fn finish(&self, py: Python<'_>) -> PyResult<Vec<Found>> {
        self.with(|splitter| enter(py, || splitter.take().map(mbox::MboxSplitter::finish)))
    }
}

impl MboxSplitter {
    fn with(
        &self,
        work: impl FnOnce(&mut Option<mbox::MboxSplitter>) -> PyResult<Option<Vec<MboxMessage>>>,
    ) -> PyResult<Vec<Found>> {
        // Never held by two threads for long: a splitter belongs to one reader.
        let mut splitter = self.0.lock().map_err(|_| PyValueError::new_err("the splitter failed before"))?;
        let messages = work(&mut splitter)?.ok_or_else(|| PyValueError::new_err("finish() was called before"))?;
        let found =
            |message: &MboxMessage| (message.message.start, message.message.end, message.received_at, message.next);
        Ok(messages.iter().map(found).collect())
    }
}

/// An RFC 5322 date as Unix seconds, or None.
#[pyfunction]
pub fn parse_date(value: &[u8]) -> Option<i64> {
    date::date(value)
}
