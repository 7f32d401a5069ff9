//! Policy.

use mailseal_core::policy as core;
use mailseal_core::{Code, Error};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyMapping};

use crate::errors::raise;

/// A frozen set of choices: what is taken, what is demanded, what is written.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Policy(pub core::Policy);

#[pymethods]
impl Policy {
    #[staticmethod]
    fn named(py: Python<'_>, name: &str) -> PyResult<Self> {
        core::Policy::named(name).map(Self).map_err(|error| raise(py, &error, None))
    }

    #[staticmethod]
    fn from_toml(py: Python<'_>, name: &str, text: &str) -> PyResult<Self> {
        core::Policy::from_toml(name, text).map(Self).map_err(|error| raise(py, &error, None))
    }

    #[staticmethod]
    fn names() -> Vec<&'static str> {
        core::Policy::names().collect()
    }

    #[getter]
    fn name(&self) -> &str {
        &self.0.name
    }

    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        PyModule::import(py, "tomllib")?.call_method1("loads", (self.0.to_toml(),))
    }

    /// Raises ValueError for an unknown field or value.
    fn replace(&self, py: Python<'_>, changes: &Bound<'_, PyMapping>) -> PyResult<Self> {
        let text = changes
            .items()?
            .iter()
            .map(|item| {
                let (key, value): (String, Bound<'_, PyAny>) = item.extract()?;
                Ok(format!("{key} = {}\n", toml_value(&value)?))
            })
            .collect::<PyResult<String>>()?;
        self.0.changed(&text).map(Self).map_err(|error| raise(py, &error, None))
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0 == self.0)
    }

    fn __repr__(&self) -> String {
        format!("<Policy {}>", self.0.name)
    }
}

/// A TOML value for a string, bool, int, or a dict of these; None is the default written as "negotiate".
fn toml_value(value: &Bound<'_, PyAny>) -> PyResult<String> {
    let py = value.py();
    if value.is_none() {
        return Ok("\"negotiate\"".to_owned());
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(flag.is_true().to_string());
    }
    if let Ok(number) = value.extract::<u64>() {
        return Ok(number.to_string());
    }
    if let Ok(table) = value.cast::<PyDict>() {
        let entries: PyResult<Vec<_>> = table
            .iter()
            .map(|(key, value)| Ok(format!("{} = {}", quoted(&key.extract::<String>()?), toml_value(&value)?)))
            .collect();
        return Ok(format!("{{ {} }}", entries?.join(", ")));
    }
    let Ok(text) = value.extract::<String>() else {
        let error = Error::with(Code::MisuseArgument, format!("a policy holds no {}", value.get_type()));
        return Err(raise(py, &error, None));
    };
    Ok(quoted(&text))
}

fn quoted(text: &str) -> String {
    // JSON strings are TOML basic strings.
    serde_json::Value::from(text).to_string()
}
