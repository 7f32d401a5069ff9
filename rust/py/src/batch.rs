//! Batch: the rows of many messages, as Arrow and as JSON lines.

use std::collections::BTreeMap;
use std::sync::Arc;

use mailseal_core::asn1::UnixTime;
use mailseal_core::bulk::{Item, Outcome, Row, columns};
use mailseal_core::policy::Times;
use mailseal_core::receive::{KeyOperation, Receiver};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCapsule};

use crate::arrow;
use crate::enter::enter;
use crate::opened::Opened;
use crate::remote::{Answers, Callbacks};

/// Where the messages of a batch lie in one buffer, and what is known of them beforehand.
#[derive(Debug)]
pub struct Slices {
    pub ranges: Vec<(usize, usize)>,
    pub ids: Vec<String>,
    pub sources: Vec<String>,
    pub offsets: Vec<u64>,
    pub received_at: Vec<Option<i64>>,
}

impl Slices {
    pub fn items<'a>(&'a self, buffer: &'a [u8]) -> Vec<Item<'a>> {
        let item = |(index, (start, end)): (usize, &(usize, usize))| Item {
            raw: &buffer[*start..*end],
            id: &self.ids[index],
            source: &self.sources[index],
            offset: self.offsets[index],
            received_at: self.received_at[index].map(UnixTime),
        };
        self.ranges.iter().enumerate().map(item).collect()
    }
}

/// The rows of many messages; exports the Arrow PyCapsule interface.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug)]
pub struct Batch {
    buffer: Py<PyBytes>,
    slices: Slices,
    outcome: Outcome,
    /// Item index of each row.
    rows: Vec<usize>,
    now: i64,
    receiver: Arc<Receiver>,
    callbacks: Arc<Vec<Callbacks>>,
}

impl Batch {
    pub fn new(
        buffer: Py<PyBytes>,
        slices: Slices,
        outcome: Outcome,
        now: i64,
        receiver: Arc<Receiver>,
        callbacks: Arc<Vec<Callbacks>>,
    ) -> Self {
        let unreadable: Vec<_> = outcome.unreadable.iter().map(|(index, _)| *index).collect();
        let rows = (0..slices.ranges.len()).filter(|index| unreadable.binary_search(index).is_err()).collect();
        Self { buffer, slices, outcome, rows, now, receiver, callbacks }
    }
}

#[pymethods]
impl Batch {
    fn __len__(&self) -> usize {
        self.outcome.rows.len()
    }

    /// Opens message `index` again, for a closer look than its row gives.
    fn __getitem__(&self, py: Python<'_>, index: isize) -> PyResult<Opened> {
        let index = if index < 0 { index + self.rows.len().cast_signed() } else { index };
        let item = usize::try_from(index).ok().and_then(|index| self.rows.get(index)).copied();
        let item = item.ok_or_else(|| PyIndexError::new_err("no such row"))?;
        let (start, end) = self.slices.ranges[item];
        let raw = PyBytes::new(py, &self.buffer.bind(py).as_bytes()[start..end]);
        let received_at = self.slices.received_at[item].map(UnixTime);
        let times = Times { now: UnixTime(self.now), received_at, at: None };
        let bytes = raw.as_bytes();
        let answers = Answers::new(&self.callbacks);
        let answer = |operation: &KeyOperation| answers.answer(operation);
        let opened = enter(py, || self.receiver.open_asking(bytes, None, times, &answer))?;
        answers.finish()?;
        let source = Some(self.slices.sources[item].clone());
        Ok(Opened::new(raw.unbind(), opened, Arc::clone(&self.receiver), source))
    }

    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        arrow::schema(py, &columns::schema())
    }

    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        // The interface lets a producer ignore what it cannot honour.
        let _ = requested_schema;
        let batch = enter(py, || columns::record_batch(&self.outcome.rows))?;
        arrow::array(py, batch.map_err(|error| PyValueError::new_err(error.to_string()))?)
    }

    #[staticmethod]
    fn ipc_schema(py: Python<'_>) -> PyResult<Bound<'_, PyBytes>> {
        let bytes = columns::ipc_schema().map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn ipc<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = enter(py, || columns::ipc(&self.outcome.rows))?;
        Ok(PyBytes::new(py, &bytes.map_err(|error| PyValueError::new_err(error.to_string()))?))
    }

    fn json_lines<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let lines = enter(py, || {
            let mut lines = String::new();
            for row in &self.outcome.rows {
                lines.push_str(&row.json());
                lines.push('\n');
            }
            lines
        })?;
        Ok(PyBytes::new(py, lines.as_bytes()))
    }

    /// Rows by outcome, keys such as `status:VALID`, `decryption:OK`, `finding:signer.digest-weak`.
    fn statuses(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        let mut count = |key: String| *counts.entry(key).or_insert(0) += 1;
        for Row { status, summary, decryption, findings, coverage, .. } in &self.outcome.rows {
            count(format!("status:{status}"));
            count(format!("summary:{summary}"));
            count(format!("decryption:{decryption}"));
            count(format!("coverage:{coverage}"));
            findings.iter().for_each(|code| count(format!("finding:{code}")));
        }
        counts
    }

    /// (row, recipient id) of each key that was missing.
    fn wanted_keys(&self) -> Vec<(usize, String)> {
        let rows = self.outcome.rows.iter().enumerate();
        rows.flat_map(|(index, row)| row.wanted_keys.iter().map(move |key| (index, key.clone()))).collect()
    }

    /// (item index, code, reason) of each item that yields no row.
    fn unreadable(&self) -> Vec<(usize, &'static str, String)> {
        let each = self.outcome.unreadable.iter();
        each.map(|(index, error)| (*index, error.code().name(), error.to_string())).collect()
    }

    fn __repr__(&self) -> String {
        format!("<Batch of {} rows>", self.outcome.rows.len())
    }
}
