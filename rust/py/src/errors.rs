//! The exception classes, by family of finding.

use mailseal_core::{Error, Family, Finding};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::opened::Opened;

static CLASSES: PyOnceLock<Py<PyDict>> = PyOnceLock::new();

const DERIVED: &[(&str, &str)] = &[
    ("UnsupportedError", "Well-formed, but of an unknown kind or version."),
    ("PolicyError", "Possible, but the policy says no."),
    ("VerificationError", "Not shown to be trustworthy, or shown to be wrong; `opened` tells all that was found."),
    ("DecryptionError", "No key fits, or it fits and fails; one reason for every failure."),
    ("LimitError", "A budget of `Limits` is spent."),
    ("BackendError", "Chance or a computation failed; nothing was released."),
    ("InternalError", "A bug in mailseal; please report it."),
];

pub fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    let classes = PyDict::new(py);
    let exception = py.get_type::<PyException>();
    let base = class(py, "Error", "Base of everything mailseal raises; `code` is a finding's code.", &[exception])?;
    base.setattr("code", "")?;
    base.setattr("path", "")?;
    base.setattr("offset", py.None())?;
    let malformed = "The bytes break the grammar; `path` and `offset` say where.";
    let value_error = py.get_type::<PyValueError>();
    classes.set_item("MalformedError", class(py, "MalformedError", malformed, &[base.clone(), value_error])?)?;
    for (name, doc) in DERIVED {
        let derived = class(py, name, doc, core::slice::from_ref(&base))?;
        if matches!(*name, "VerificationError" | "DecryptionError") {
            derived.setattr("opened", py.None())?;
        }
        classes.set_item(name, derived)?;
    }
    let callback =
        "Raised in a callback, it reaches the caller; any other failure there means that the key does not open.";
    classes.set_item("CallbackError", class(py, "CallbackError", callback, &[py.get_type::<PyException>()])?)?;
    classes.set_item("Error", base)?;
    for (name, class) in classes.iter() {
        module.add(name.extract::<String>()?.as_str(), class)?;
    }
    // A second initialisation (sub-interpreters) keeps the first classes.
    let _ = CLASSES.set(py, classes.unbind());
    Ok(())
}

/// Whether a callback wants its failure to reach the caller.
pub fn is_callback_error(py: Python<'_>, error: &PyErr) -> bool {
    let class = CLASSES.get(py).and_then(|classes| classes.bind(py).get_item("CallbackError").ok().flatten());
    class.is_some_and(|class| error.matches(py, class).unwrap_or(false))
}

fn class<'py>(py: Python<'py>, name: &str, doc: &str, bases: &[Bound<'py, PyType>]) -> PyResult<Bound<'py, PyType>> {
    let members = PyDict::new(py);
    members.set_item("__doc__", doc)?;
    members.set_item("__module__", "mailseal._core")?;
    let made = py.get_type::<PyType>().call1((name, PyTuple::new(py, bases)?, members))?;
    Ok(made.cast_into::<PyType>()?)
}

/// The exception for an error of the core.
pub fn raise(py: Python<'_>, error: &Error, opened: Option<Py<Opened>>) -> PyErr {
    match exception(py, error.family(), error.finding(), opened) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    }
}

/// The exception object for a finding.
pub fn exception<'py>(
    py: Python<'py>,
    family: Family,
    finding: &Finding,
    opened: Option<Py<Opened>>,
) -> PyResult<Bound<'py, PyAny>> {
    if family == Family::Misuse {
        return py.get_type::<PyValueError>().call1((finding.detail.as_str(),));
    }
    // Weak findings and notes raise nothing by themselves; where one is all there is, verification did not succeed.
    let name = if family.exception().is_empty() { "VerificationError" } else { family.exception() };
    let classes = CLASSES.get(py).ok_or_else(|| PyValueError::new_err("mailseal._core is not initialised"))?;
    let class = classes.bind(py).get_item(name)?.ok_or_else(|| PyValueError::new_err(name))?;
    let exception = class.call1((finding.to_string(),))?;
    exception.setattr("code", finding.code.name())?;
    exception.setattr("path", finding.path.as_str())?;
    exception.setattr("offset", finding.offset)?;
    if let Some(opened) = opened {
        exception.setattr("opened", opened)?;
    }
    Ok(exception)
}
