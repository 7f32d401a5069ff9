//! Private keys that are elsewhere: callables of Python that answer for them. The GIL is held for the call alone.

use std::sync::{Arc, Mutex, PoisonError};

use mailseal_core::crypto::random::SystemRandom;
use mailseal_core::crypto::secret::Secret;
use mailseal_core::receive::{KeyOperation, RemoteQuestion};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors;

/// `unwrap(algorithm, encrypted_key)` and `agree(algorithm, public)` of one identity.
#[derive(Debug)]
pub struct Callbacks {
    pub unwrap: Option<Py<PyAny>>,
    pub agree: Option<Py<PyAny>>,
}

/// The answers of one call of the receiver.
pub struct Answers {
    callbacks: Arc<Vec<Callbacks>>,
    /// What must reach the caller: the first of it.
    failure: Mutex<Option<PyErr>>,
}

impl Answers {
    pub fn new(callbacks: &Arc<Vec<Callbacks>>) -> Self {
        Self { callbacks: Arc::clone(callbacks), failure: Mutex::default() }
    }

    /// Does the operation here, or asks.
    pub fn answer(&self, operation: &KeyOperation) -> Secret {
        let Some(question) = operation.remote() else { return operation.run() };
        // After a failure that reaches the caller nobody is asked any more.
        let failed = self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let answer = if failed { None } else { Python::attach(|py| self.ask(py, &question)) };
        operation.answered(answer, &SystemRandom)
    }

    /// None: it does not open, whatever the reason, so that no failure looks different from another.
    fn ask(&self, py: Python<'_>, question: &RemoteQuestion<'_>) -> Option<Secret> {
        let (identity, algorithm, octets) = match question {
            RemoteQuestion::Unwrap { identity, algorithm, encrypted_key } => (*identity, *algorithm, *encrypted_key),
            RemoteQuestion::Agree { identity, algorithm, public } => (*identity, *algorithm, *public),
        };
        let callbacks = self.callbacks.get(identity)?;
        let callback = match question {
            RemoteQuestion::Unwrap { .. } => callbacks.unwrap.as_ref(),
            RemoteQuestion::Agree { .. } => callbacks.agree.as_ref(),
        }?;
        let answer = callback.bind(py).call1((algorithm, PyBytes::new(py, octets))).and_then(read);
        answer.unwrap_or_else(|error| {
            let propagates = !error.is_instance_of::<PyException>(py)
                || error.is_instance_of::<PyTypeError>(py)
                || errors::is_callback_error(py, &error);
            if propagates {
                self.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            None
        })
    }

    /// Raises what the callbacks raised, where it must reach the caller.
    pub fn finish(self) -> PyResult<()> {
        let failure = self.failure.into_inner().unwrap_or_else(PoisonError::into_inner);
        failure.map_or(Ok(()), Err)
    }
}

fn read(answer: Bound<'_, PyAny>) -> PyResult<Option<Secret>> {
    if answer.is_none() {
        return Ok(None);
    }
    let octets = answer.extract::<Vec<u8>>().ok().filter(|_| {
        !answer.is_instance_of::<pyo3::types::PyList>() && !answer.is_instance_of::<pyo3::types::PyTuple>()
    });
    octets.map(|octets| Some(Secret::new(octets))).ok_or_else(|| {
        PyTypeError::new_err(format!("the callback must return bytes or None, not {}", answer.get_type()))
    })
}
