//! Identity and Keyring.

use std::sync::Arc;

use mailseal_core::Limits;
use mailseal_core::asn1::hex;
use mailseal_core::crypto::random::SystemRandom;
use mailseal_core::crypto::secret::Secret;
use mailseal_core::identity as core;
use mailseal_core::keys::KeyAlgorithm;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use crate::certificate::{Certificate, unwrapped};
use crate::enter::enter_fallible;
use crate::opened::Recipient;
use crate::remote::Callbacks;

/// A private key with its certificate. Never printed, never pickled.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Identity(pub Arc<core::Identity>);

#[pymethods]
impl Identity {
    /// PKCS#12, PEM, PKCS#8, PKCS#1, SEC1. Raises MalformedError, UnsupportedError, DecryptionError (password).
    #[staticmethod]
    #[pyo3(signature = (data, passwords, certificates, shared = None))]
    fn load(
        py: Python<'_>,
        data: &[u8],
        passwords: Vec<String>,
        certificates: Vec<Bound<'_, Certificate>>,
        shared: Option<&Bound<'_, SharedCertificates>>,
    ) -> PyResult<Vec<Self>> {
        let passwords: Vec<_> = passwords.iter().map(|text| core::Password::new(text)).collect();
        let certificates = unwrapped(&certificates);
        let shared = shared.map(|shared| &shared.get().0);
        let load = || {
            let mut identities = core::Identity::load(data, &passwords, &certificates, &Limits::default())?;
            if let Some(shared) = shared {
                identities.iter_mut().for_each(|identity| shared.share(identity));
            }
            Ok(identities)
        };
        Ok(enter_fallible(py, load)?.into_iter().map(|identity| Self(Arc::new(identity))).collect())
    }

    /// A new key without certificate. Raises ValueError (unknown algorithm; it lists them), BackendError (no chance).
    #[staticmethod]
    fn generate(py: Python<'_>, algorithm: &str) -> PyResult<Self> {
        let make = || core::Identity::generate(KeyAlgorithm::named(algorithm)?, &SystemRandom);
        Ok(Self(Arc::new(enter_fallible(py, make)?)))
    }

    /// PKCS#12 (RFC 7292). Raises ValueError (unknown profile), BackendError (no chance).
    fn to_pkcs12<'py>(
        &self,
        py: Python<'py>,
        password: &str,
        profile: &str,
        friendly_name: Option<String>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let password = core::Password::new(password);
        let write = || {
            let profile = core::Pkcs12Profile::named(profile)?;
            let named = friendly_name.map(|name| core::Identity { friendly_name: Some(name), ..(*self.0).clone() });
            named.as_ref().unwrap_or(&self.0).to_pkcs12(&password, profile, &SystemRandom)
        };
        Ok(PyBytes::new(py, &enter_fallible(py, write)?))
    }

    /// PKCS#8 and certificates in PEM; with None the key is not encrypted. Raises BackendError (no chance).
    fn to_pem<'py>(&self, py: Python<'py>, password: Option<&str>) -> PyResult<Bound<'py, PyBytes>> {
        let password = password.map(core::Password::new);
        let pem = enter_fallible(py, || self.0.to_pem(password.as_ref(), &SystemRandom))?;
        Ok(PyBytes::new(py, pem.expose()))
    }

    /// "sign" and "decrypt", as far as key and certificate allow.
    #[getter]
    fn uses<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.uses())
    }

    #[getter]
    fn key_bits(&self) -> u32 {
        self.0.private_key.bits()
    }

    #[getter]
    fn certificate(&self) -> Option<Certificate> {
        self.0.certificate.clone().map(Certificate)
    }

    #[getter]
    fn chain<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.chain.iter().cloned().map(Certificate).collect::<Vec<_>>())
    }

    #[getter]
    fn friendly_name(&self) -> Option<String> {
        self.0.friendly_name.clone()
    }

    #[getter]
    fn key_name(&self) -> String {
        self.0.private_key.name()
    }

    /// What `Layer.key_used` and `Keyring.fitting` name: hash of the public key, hex.
    #[getter]
    fn key_id(&self, py: Python<'_>) -> PyResult<String> {
        let read = || core::PublicKeyId::of_private_key(&self.0.private_key, &Limits::default());
        Ok(enter_fallible(py, read)?.to_string())
    }

    fn public_key_der<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.private_key.public_spki())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("an Identity holds a private key and is not pickled; pass a mailseal.Config instead"))
    }

    fn __repr__(&self) -> String {
        let subject = self.0.certificate.as_ref().map(|certificate| certificate.subject().to_string());
        format!(
            "<Identity {} {}>",
            self.0.private_key.name(),
            subject.unwrap_or_else(|| "without certificate".to_owned())
        )
    }
}

/// Issuers that many files repeat, kept once.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug, Default)]
pub struct SharedCertificates(core::SharedCertificates);

#[pymethods]
impl SharedCertificates {
    #[new]
    fn new() -> Self {
        Self::default()
    }
}

/// Index of identities by issuer and serial, key identifier, public key.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Keyring(pub Arc<core::Keyring>, pub Arc<Vec<Callbacks>>);

type Remote<'py> = (Bound<'py, Certificate>, Option<Py<PyAny>>, Option<Py<PyAny>>);

#[pymethods]
impl Keyring {
    #[new]
    #[pyo3(signature = (identities = vec![], certificates = vec![], passwords = vec![], keks = vec![], remotes = vec![]))]
    fn new(
        py: Python<'_>,
        identities: Vec<Bound<'_, Identity>>,
        certificates: Vec<Bound<'_, Certificate>>,
        passwords: Vec<String>,
        keks: Vec<(Vec<u8>, Vec<u8>)>,
        remotes: Vec<Remote<'_>>,
    ) -> PyResult<Self> {
        let identities: Vec<_> = identities.iter().map(|identity| Arc::clone(&identity.get().0)).collect();
        let certificates = unwrapped(&certificates);
        let build = || core::Keyring::new(identities.iter().map(Arc::as_ref), &certificates, &Limits::default());
        let kek =
            |(id, key): (Vec<u8>, Vec<u8>)| core::KeyEncryptionKey { key_identifier: id.into(), key: Secret::new(key) };
        let passwords = passwords.into_iter().map(|text| core::Password::new(&text)).collect();
        let secret_keys = core::SecretKeys { keks: keks.into_iter().map(kek).collect(), passwords };
        let remote: Vec<_> = remotes.iter().map(|(certificate, ..)| Arc::clone(&certificate.get().0)).collect();
        let callbacks = remotes.into_iter().map(|(_, unwrap, agree)| Callbacks { unwrap, agree }).collect();
        let ring = enter_fallible(py, build)?.with_secret_keys(secret_keys).with_remote_keys(&remote);
        Ok(Self(Arc::new(ring), Arc::new(callbacks)))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }

    /// SHA-256 over the public halves and the certificates, hex: the same for the same keys in any order.
    fn fingerprint(&self, py: Python<'_>) -> PyResult<String> {
        enter_fallible(py, || Ok(hex(self.0.fingerprint().as_ref())))
    }

    /// The key id (SHA-256 of the public key, hex) of the key that a recipient of `Layer.recipients` names.
    fn fitting(&self, recipient: &Bound<'_, Recipient>) -> Option<String> {
        let facts = &recipient.get().0;
        let entry = self.0.by_recipient(facts.key.as_ref()?)?;
        let id = || core::PublicKeyId::of_private_key(&entry.private_key, &Limits::default());
        entry.serves(facts.kind).then(id)?.ok().map(|id| id.to_string())
    }

    /// The certificate that a recipient of `Layer.recipients` names, valid or not, with or without its key.
    fn certificate(&self, recipient: &Bound<'_, Recipient>) -> Option<Certificate> {
        self.0.certificate(recipient.get().0.key.as_ref()?).cloned().map(Certificate)
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err("a Keyring holds private keys and is not pickled; pass a mailseal.Config instead"))
    }

    fn __repr__(&self) -> String {
        format!("<Keyring of {} keys>", self.0.len())
    }
}
