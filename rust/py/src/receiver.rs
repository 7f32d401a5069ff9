//! Receiver: the one entry to opening, for one message, for bare CMS, for many.

use std::sync::{Arc, OnceLock};

use mailseal_core::asn1::UnixTime;
use mailseal_core::policy::Times;
use mailseal_core::receive::{KeyOperation, Receiver as CoreReceiver};
use pyo3::exceptions::{PyOSError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::batch::{Batch, Slices};
use crate::certificate::{Certificate, unwrapped};
use crate::enter::enter;
use crate::identity::Keyring;
use crate::opened::Opened;
use crate::policy::Policy;
use crate::remote::{Answers, Callbacks};

/// Receiving agent: trust, keys, policy; immutable, shared by threads. `anchors` None: chains are not judged.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug)]
pub struct Receiver {
    inner: Arc<CoreReceiver>,
    callbacks: Arc<Vec<Callbacks>>,
    threads: usize,
    /// Made for the first batch: who opens single messages needs no threads.
    pool: OnceLock<rayon::ThreadPool>,
}

impl Receiver {
    fn pool(&self) -> PyResult<&rayon::ThreadPool> {
        if let Some(pool) = self.pool.get() {
            return Ok(pool);
        }
        let made = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .thread_name(|index| format!("mailseal-{index}"))
            .build()
            .map_err(|error| PyOSError::new_err(error.to_string()))?;
        // Where two threads come at once, one pool is kept.
        Ok(self.pool.get_or_init(|| made))
    }
}

#[pymethods]
impl Receiver {
    #[new]
    #[pyo3(signature = (anchors, intermediates, keyring, policy, threads = None))]
    fn new(
        anchors: Option<Vec<Bound<'_, Certificate>>>,
        intermediates: Vec<Bound<'_, Certificate>>,
        keyring: &Keyring,
        policy: &Policy,
        threads: Option<usize>,
    ) -> Self {
        let anchors = anchors.map(|anchors| unwrapped(&anchors));
        let ring = keyring;
        let keyring = Arc::clone(&ring.0);
        let inner = CoreReceiver::new(anchors, unwrapped(&intermediates), keyring, policy.0.clone());
        let callbacks = Arc::clone(&ring.1);
        Self { inner: Arc::new(inner), callbacks, threads: threads.unwrap_or(0), pool: OnceLock::new() }
    }

    #[getter]
    fn policy(&self) -> Policy {
        Policy(self.inner.policy().clone())
    }

    #[pyo3(signature = (raw, now, at = None, received_at = None, source = None, part = None))]
    #[allow(clippy::too_many_arguments, reason = "options of one call")]
    fn open(
        &self,
        py: Python<'_>,
        raw: Bound<'_, PyBytes>,
        now: i64,
        at: Option<i64>,
        received_at: Option<i64>,
        source: Option<String>,
        part: Option<&str>,
    ) -> PyResult<Opened> {
        let times = times(now, at, received_at);
        let bytes = raw.as_bytes();
        let answers = Answers::new(&self.callbacks);
        let opened = enter(py, || self.inner.open_asking(bytes, part, times, &|operation| answers.answer(operation)))?;
        answers.finish()?;
        Ok(Opened::new(raw.unbind(), opened, Arc::clone(&self.inner), source))
    }

    #[pyo3(signature = (cms, detached_content, now, at = None))]
    fn open_cms(
        &self,
        py: Python<'_>,
        cms: Bound<'_, PyBytes>,
        detached_content: Option<Bound<'_, PyBytes>>,
        now: i64,
        at: Option<i64>,
    ) -> PyResult<Opened> {
        let (bytes, detached) = (cms.as_bytes(), detached_content.as_ref().map(|content| content.as_bytes()));
        let answers = Answers::new(&self.callbacks);
        let times = times(now, at, None);
        let answer = |operation: &KeyOperation| answers.answer(operation);
        let opened = enter(py, || self.inner.open_cms_asking(bytes, detached, times, &answer))?;
        answers.finish()?;
        Ok(Opened::new(cms.unbind(), opened, Arc::clone(&self.inner), None))
    }

    /// Judges again with more certificates, without decrypting again.
    #[pyo3(signature = (opened, certificates, now, at = None))]
    fn settle(
        &self,
        py: Python<'_>,
        opened: &Opened,
        certificates: Vec<Bound<'_, Certificate>>,
        now: i64,
        at: Option<i64>,
    ) -> PyResult<Opened> {
        opened.settled(py, &self.inner, &unwrapped(&certificates), UnixTime(now), at.map(UnixTime))
    }

    /// Messages `buffer[start:end]`; the GIL is released once for all of them.
    #[pyo3(signature = (buffer, ranges, ids, source, offsets, received_at, now, content = false))]
    #[allow(clippy::too_many_arguments, reason = "columns of one call")]
    fn open_slices(
        &self,
        py: Python<'_>,
        buffer: Bound<'_, PyBytes>,
        ranges: Vec<(usize, usize)>,
        ids: Vec<String>,
        source: Vec<String>,
        offsets: Vec<u64>,
        received_at: Vec<Option<i64>>,
        now: i64,
        content: bool,
    ) -> PyResult<Batch> {
        let count = ranges.len();
        if [ids.len(), source.len(), offsets.len(), received_at.len()] != [count; 4] {
            return Err(PyValueError::new_err("ranges, ids, source, offsets and received_at differ in length"));
        }
        let slices = Slices { ranges, ids, sources: source, offsets, received_at };
        let bytes = buffer.as_bytes();
        if slices.ranges.iter().any(|(start, end)| start > end || *end > bytes.len()) {
            return Err(PyValueError::new_err("a range lies outside the buffer"));
        }
        let pool = self.pool()?;
        let answers = Answers::new(&self.callbacks);
        let answer = |operation: &KeyOperation| answers.answer(operation);
        let outcome = enter(py, || {
            let items = slices.items(bytes);
            mailseal_core::bulk::open_batch(&self.inner, &items, UnixTime(now), content, pool, &answer)
        })?;
        answers.finish()?;
        Ok(Batch::new(buffer.unbind(), slices, outcome, now, Arc::clone(&self.inner), Arc::clone(&self.callbacks)))
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a Receiver may hold private keys and is not pickled; pass a mailseal.Config instead"))
    }

    fn __repr__(&self) -> String {
        format!("<Receiver policy={} keys={}>", self.inner.policy().name, self.inner.keyring().len())
    }
}

fn times(now: i64, at: Option<i64>, received_at: Option<i64>) -> Times {
    Times { now: UnixTime(now), received_at: received_at.map(UnixTime), at: at.map(UnixTime) }
}
