//! The one funnel into the core: the GIL is let go, and a panic (a bug by definition) becomes `InternalError`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use mailseal_core::{Code, Error};
use pyo3::marker::Ungil;
use pyo3::prelude::*;

use crate::errors;

/// Runs `work` without the GIL.
pub fn enter<T: Ungil + Send>(py: Python<'_>, work: impl FnOnce() -> T + Ungil + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)))
        .map_err(|_| errors::raise(py, &Error::new(Code::InternalPanic), None))
}

/// As `enter`, for work that can fail.
pub fn enter_fallible<T: Ungil + Send>(
    py: Python<'_>,
    work: impl FnOnce() -> mailseal_core::Result<T> + Ungil + Send,
) -> PyResult<T> {
    enter(py, work)?.map_err(|error| errors::raise(py, &error, None))
}

/// Panics inside the funnel, so that a test can see what comes out of it. Raises InternalError.
#[pyfunction]
pub fn provoke_panic(py: Python<'_>) -> PyResult<()> {
    enter(py, || std::panic::resume_unwind(Box::new("provoked")))
}
