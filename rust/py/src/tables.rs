//! The tables of the core, for documentation, for `mailseal explain`, and for the tests that walk them.

use mailseal_core::identity::Pkcs12Profile;
use mailseal_core::policy::{Check, Policy, Status};
use mailseal_core::{Code, Family, Limits, alg, keys};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyDict, PyList};

/// One finding's row, or None.
#[pyfunction]
pub fn explain<'py>(py: Python<'py>, code: &str) -> PyResult<Option<Bound<'py, PyDict>>> {
    Code::named(code).map(|code| finding_row(py, code)).transpose()
}

fn finding_row(py: Python<'_>, code: Code) -> PyResult<Bound<'_, PyDict>> {
    [
        ("code", code.name()),
        ("family", code.family().name()),
        ("source", code.source()),
        ("sentence", code.sentence()),
        ("fix", code.fix()),
    ]
    .into_py_dict(py)
}

/// Rows of "findings", "families", "limits", "algorithms", "statuses", "checks", "key-algorithms",
/// "pkcs12-profiles", "policies".
#[pyfunction]
pub fn table<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyList>> {
    let rows: PyResult<Vec<Bound<'py, PyDict>>> = match name {
        "findings" => Code::ALL.iter().map(|code| finding_row(py, *code)).collect(),
        "families" => Family::ALL.iter().map(|family| family_row(py, *family)).collect(),
        "limits" => Limits::ROWS.iter().map(|row| limit_row(py, row)).collect(),
        "algorithms" => alg::table::TABLE.iter().map(|row| algorithm_row(py, row)).collect(),
        "statuses" => {
            Status::ALL.iter().map(|row| [("status", row.name()), ("when", row.when())].into_py_dict(py)).collect()
        }
        "checks" => Check::ALL.iter().map(|row| [("check", row.name())].into_py_dict(py)).collect(),
        "key-algorithms" => {
            keys::KeyAlgorithm::all().iter().map(|row| [("algorithm", row.name)].into_py_dict(py)).collect()
        }
        "pkcs12-profiles" => Pkcs12Profile::ALL.iter().map(|row| [("profile", row.name)].into_py_dict(py)).collect(),
        "policies" => Policy::names().map(|name| [("policy", name)].into_py_dict(py)).collect(),
        _ => return Err(PyValueError::new_err(format!("no table {name:?}"))),
    };
    PyList::new(py, rows?)
}

fn family_row(py: Python<'_>, family: Family) -> PyResult<Bound<'_, PyDict>> {
    let row = [("family", family.name()), ("exception", family.exception()), ("meaning", family.meaning())]
        .into_py_dict(py)?;
    row.set_item("exit_code", family.exit_code())?;
    Ok(row)
}

fn limit_row<'py>(py: Python<'py>, row: &(&str, u64, Code, &str)) -> PyResult<Bound<'py, PyDict>> {
    let (name, default, code, doc) = row;
    let dict = [("limit", *name), ("code", code.name()), ("bounds", *doc)].into_py_dict(py)?;
    dict.set_item("default", *default)?;
    Ok(dict)
}

fn algorithm_row<'py>(py: Python<'py>, row: &alg::Row) -> PyResult<Bound<'py, PyDict>> {
    let dict = [
        ("algorithm", row.name.to_owned()),
        ("oid", row.oid.to_string()),
        ("aliases", row.aliases.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")),
        ("role", format!("{:?}", row.role)),
        ("parameters", format!("{:?}", row.parameters)),
        ("make", format!("{:?}", row.make)),
        ("take", format!("{:?}", row.take)),
        ("specification", row.specification.to_owned()),
    ]
    .into_py_dict(py)?;
    dict.set_item("strength", row.strength)?;
    dict.set_item("implemented", row.implementation.is_some())?;
    Ok(dict)
}
