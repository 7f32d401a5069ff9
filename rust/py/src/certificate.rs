//! Certificate.

use std::sync::Arc;

use mailseal_core::Limits;
use mailseal_core::identity;
use mailseal_core::x509::certificate as core;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyInt, PyTuple};

use crate::enter::enter_fallible;

/// An X.509 certificate (RFC 5280 §4.1). Bytes are kept as received.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Certificate(pub Arc<core::Certificate>);

#[pymethods]
impl Certificate {
    #[staticmethod]
    fn from_der(py: Python<'_>, der: &[u8]) -> PyResult<Self> {
        let certificate = enter_fallible(py, || core::Certificate::from_der(der, &Limits::default()))?;
        Ok(Self(Arc::new(certificate)))
    }

    #[getter]
    fn subject(&self) -> String {
        self.0.subject().to_string()
    }

    #[getter]
    fn issuer(&self) -> String {
        self.0.issuer().to_string()
    }

    #[getter]
    fn serial_number<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let bytes = PyBytes::new(py, self.0.serial());
        let signed = [("signed", true)].into_py_dict(py)?;
        py.get_type::<PyInt>().call_method("from_bytes", (bytes, "big"), Some(&signed))
    }

    #[getter]
    fn not_before(&self) -> i64 {
        self.0.not_before().0
    }

    #[getter]
    fn not_after(&self) -> i64 {
        self.0.not_after().0
    }

    #[getter]
    fn mailboxes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.mailboxes())
    }

    #[getter]
    fn key_usage<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        self.0.key_usage().map(|usage| PyTuple::new(py, usage.names().collect::<Vec<_>>())).transpose()
    }

    #[getter]
    fn public_key_name(&self) -> String {
        self.0.public_key(&Limits::default()).map_or_else(|error| error.code().name().to_owned(), |key| key.name())
    }

    #[getter]
    fn subject_key_identifier<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.subject_key_identifier().map(|identifier| PyBytes::new(py, identifier))
    }

    fn sha256<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.sha256())
    }

    fn to_der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.0.der())
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Self>().is_ok_and(|other| other.get().0.der() == self.0.der())
    }

    fn __hash__(&self) -> u64 {
        let digest = self.0.sha256();
        digest.iter().take(8).fold(0, |value, byte| value << 8 | u64::from(*byte))
    }

    fn __repr__(&self) -> String {
        format!("<Certificate {} serial={}>", self.0.subject(), self.0.serial_hex())
    }
}

/// The certificates of Python objects.
pub fn unwrapped(certificates: &[Bound<'_, Certificate>]) -> Vec<Arc<core::Certificate>> {
    certificates.iter().map(|certificate| Arc::clone(&certificate.get().0)).collect()
}

/// PEM bundle, DER, or certs-only CMS. Raises MalformedError.
#[pyfunction]
#[pyo3(signature = (data, passwords = vec![]))]
pub fn load_certificates(py: Python<'_>, data: &[u8], passwords: Vec<String>) -> PyResult<Vec<Certificate>> {
    let passwords: Vec<_> = passwords.iter().map(|text| identity::Password::new(text)).collect();
    let loaded = enter_fallible(py, || identity::load_certificates_with(data, &passwords, &Limits::default()))?;
    Ok(loaded.into_iter().map(Certificate).collect())
}
