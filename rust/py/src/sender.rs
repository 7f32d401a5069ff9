//! Sender, and what passes between its steps.

use std::sync::{Arc, Mutex, PoisonError};

use mailseal_core::asn1::UnixTime;
use mailseal_core::cms::make::{self, RecipientKey, SignerRequest, Signing};
use mailseal_core::crypto::content::Opaque;
use mailseal_core::crypto::random::{Random, SystemRandom};
use mailseal_core::send as core;
use mailseal_core::x509::certificate::Certificate as CoreCertificate;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

use crate::certificate::{Certificate, unwrapped};
use crate::enter::{enter, enter_fallible};
use crate::identity::Identity;
use crate::policy::Policy;

/// A message on its way: fields that stay outside, and an entity. Each step gives a new one.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug)]
pub struct Letter(core::Letter, Arc<core::Sender>);

#[pymethods]
impl Letter {
    /// The message, ready to be sent.
    fn message<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let length = self.0.message().map(<[u8]>::len).sum();
        PyBytes::new_with(py, length, |mut place| {
            for piece in self.0.message() {
                let (front, rest) = place.split_at_mut(piece.len());
                front.copy_from_slice(piece);
                place = rest;
            }
            Ok(())
        })
    }

    fn field_names(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        enter_fallible(py, || self.0.field_names(self.1.limits()))
    }

    /// Without Bcc and Resent-Bcc. Raises ValueError.
    fn without_bcc(&self, py: Python<'_>) -> PyResult<Self> {
        let letter = enter_fallible(py, || self.0.without_bcc(self.1.limits()))?;
        Ok(Self(letter, Arc::clone(&self.1)))
    }
}

/// What waits for signatures of keys that are elsewhere.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug)]
pub struct Draft {
    sender: Arc<core::Sender>,
    pending: Mutex<Option<Pending>>,
}

#[derive(Debug)]
enum Pending {
    Letter(Box<core::Draft>),
    Cms(Box<Signing>, Vec<u8>),
}

impl Pending {
    fn requests(&self) -> &[SignerRequest] {
        match self {
            Self::Letter(draft) => draft.requests(),
            Self::Cms(signing, _) => signing.requests(),
        }
    }
}

#[pymethods]
impl Draft {
    /// (name of the signature algorithm, octets to be signed) of each signer, in the order of `finish`.
    #[getter]
    fn requests<'py>(&self, py: Python<'py>) -> PyResult<Vec<(String, Bound<'py, PyBytes>)>> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = pending.as_ref().ok_or_else(finished)?.requests();
        let each = requests.iter();
        Ok(each.map(|one| (one.terms.algorithm.full_name(), PyBytes::new(py, one.to_be_signed()))).collect())
    }

    /// The signatures of keys at hand; None for a key that is elsewhere. Raises PolicyError.
    fn signatures(&self, py: Python<'_>) -> PyResult<Vec<Option<Vec<u8>>>> {
        let pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let requests = pending.as_ref().ok_or_else(finished)?.requests();
        enter_fallible(py, || self.sender.signatures_at_hand(requests))
    }

    /// The signed letter. Raises BackendError for a signature that does not verify.
    fn finish(&self, py: Python<'_>, signatures: Vec<Vec<u8>>) -> PyResult<Letter> {
        let Some(Pending::Letter(draft)) = self.take() else { return Err(finished()) };
        let limits = self.sender.limits();
        let letter = enter_fallible(py, move || draft.finish(&signatures, &SystemRandom, limits))?;
        Ok(Letter(letter, Arc::clone(&self.sender)))
    }

    /// The ContentInfo. Raises BackendError for a signature that does not verify.
    fn finish_cms<'py>(&self, py: Python<'py>, signatures: Vec<Vec<u8>>) -> PyResult<Bound<'py, PyBytes>> {
        let Some(Pending::Cms(signing, content)) = self.take() else { return Err(finished()) };
        let limits = self.sender.limits();
        let cms = enter_fallible(py, move || signing.finish(&content, &signatures, limits))?;
        Ok(PyBytes::new(py, &cms))
    }
}

impl Draft {
    fn take(&self) -> Option<Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

fn finished() -> PyErr {
    PyValueError::new_err("the draft is finished: a signature is made once")
}

/// Sending agent: identities, trust, policy; immutable, shared by threads.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Debug)]
pub struct Sender(Arc<core::Sender>);

type Signer<'py> = (Bound<'py, Certificate>, Vec<Bound<'py, Certificate>>, Option<Bound<'py, Identity>>);
type Recipients<'py> = Vec<Vec<Bound<'py, Certificate>>>;

#[pymethods]
impl Sender {
    /// `encryption` None: the first certificate of `signing`, if it may be encrypted to. `signing`: (certificate, chain, Identity with the key, or None if it is elsewhere).
    #[new]
    fn new(
        signing: Vec<Signer<'_>>,
        encryption: Option<Bound<'_, Certificate>>,
        anchors: Option<Vec<Bound<'_, Certificate>>>,
        intermediates: Vec<Bound<'_, Certificate>>,
        policy: &Policy,
    ) -> Self {
        let signing = signing.iter().map(|(certificate, chain, identity)| core::SigningIdentity {
            certificate: Arc::clone(&certificate.get().0),
            chain: unwrapped(chain),
            private_key: identity.as_ref().map(|identity| identity.get().0.private_key.clone()),
        });
        let signing: Vec<_> = signing.collect();
        let given = encryption.map(|certificate| Arc::clone(&certificate.get().0));
        let first = signing.first().map(|identity| Arc::clone(&identity.certificate));
        let encryption = given.or(first.filter(|one| core::choice::takes_keys(one, &policy.0.limits)));
        let anchors = anchors.map(|anchors| unwrapped(&anchors));
        let inner = core::Sender::new(signing, encryption, anchors, unwrapped(&intermediates), policy.0.clone());
        Self(Arc::new(inner))
    }

    /// Raises ValueError, LimitError.
    fn letter(&self, py: Python<'_>, message: &[u8]) -> PyResult<Letter> {
        Ok(self.made(enter_fallible(py, || self.0.letter(message))?))
    }

    /// With the keys at hand. Raises PolicyError, BackendError.
    fn sign(&self, py: Python<'_>, letter: &Letter, clear: bool, at: i64) -> PyResult<Letter> {
        Ok(self.made(enter_fallible(py, || self.0.sign(&letter.0, clear, UnixTime(at), &SystemRandom))?))
    }

    /// For keys that are elsewhere. Raises PolicyError.
    fn draft(&self, py: Python<'_>, letter: &Letter, clear: bool, at: i64) -> PyResult<Draft> {
        let draft = enter_fallible(py, || self.0.draft(&letter.0, clear, UnixTime(at)))?;
        Ok(self.pending(Pending::Letter(Box::new(draft))))
    }

    /// As `draft`, over plain octets.
    fn draft_cms(&self, py: Python<'_>, content: &[u8], detached: bool, at: i64) -> PyResult<Draft> {
        let signing = enter_fallible(py, || self.0.signing(content, detached, UnixTime(at)))?;
        Ok(self.pending(Pending::Cms(Box::new(signing), content.to_vec())))
    }

    /// ContentInfo of SignedData with the keys at hand. Raises PolicyError, BackendError.
    fn sign_cms<'py>(&self, py: Python<'py>, content: &[u8], detached: bool, at: i64) -> PyResult<Bound<'py, PyBytes>> {
        let sign = || {
            let signing = self.0.signing(content, detached, UnixTime(at))?;
            let signatures = self.0.signatures(signing.requests())?;
            signing.finish(content, &signatures, self.0.limits())
        };
        Ok(PyBytes::new(py, &enter_fallible(py, sign)?))
    }

    /// Raises PolicyError, BackendError; ValueError for a Bcc field.
    fn encrypt(&self, py: Python<'_>, letter: &Letter, recipients: Recipients<'_>, at: i64) -> PyResult<Letter> {
        let recipients = candidates(&recipients);
        let encrypt = || {
            let plan = self.0.plan(&recipients, UnixTime(at))?;
            self.0.encrypt(&letter.0, &plan, &SystemRandom)
        };
        Ok(self.made(enter_fallible(py, encrypt)?))
    }

    /// ContentInfo of EnvelopedData or AuthEnvelopedData. Raises PolicyError, BackendError.
    fn encrypt_cms<'py>(
        &self,
        py: Python<'py>,
        content: &[u8],
        recipients: Recipients<'_>,
        at: i64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let recipients = candidates(&recipients);
        let encrypt = || {
            let plan = self.0.plan(&recipients, UnixTime(at))?;
            make::enveloped(content, &plan.envelope(), &SystemRandom, self.0.limits())
        };
        Ok(PyBytes::new(py, &enter_fallible(py, encrypt)?))
    }

    /// Raises BackendError.
    fn compress(&self, py: Python<'_>, letter: &Letter) -> PyResult<Letter> {
        Ok(self.made(enter_fallible(py, || self.0.compress(&letter.0))?))
    }

    /// What would be written for whom: a dict. Raises PolicyError.
    fn plan<'py>(&self, py: Python<'py>, recipients: Recipients<'_>, at: i64) -> PyResult<Bound<'py, PyDict>> {
        let recipients = candidates(&recipients);
        let plan = enter_fallible(py, || self.0.plan(&recipients, UnixTime(at)))?;
        let dict = PyDict::new(py);
        dict.set_item("cipher", plan.cipher.name)?;
        dict.set_item("recipients", PyTuple::new(py, plan.recipients.iter().map(planned))?)?;
        dict.set_item("warnings", PyTuple::new(py, &plan.warnings)?)?;
        Ok(dict)
    }
}

impl Sender {
    fn made(&self, letter: core::Letter) -> Letter {
        Letter(letter, Arc::clone(&self.0))
    }

    fn pending(&self, pending: Pending) -> Draft {
        Draft { sender: Arc::clone(&self.0), pending: Mutex::new(Some(pending)) }
    }
}

fn planned(one: &core::ChosenRecipient) -> (Certificate, String, &'static str, &'static str) {
    let algorithm = match &one.key {
        RecipientKey::Transport(algorithm) => algorithm.row().name.to_owned(),
        RecipientKey::Agreement(algorithm) => format!("{} with {}", algorithm.row().name, algorithm.wrap_row().name),
    };
    (Certificate(Arc::clone(&one.certificate)), algorithm, one.cipher.name, one.reason)
}

fn candidates(recipients: &[Vec<Bound<'_, Certificate>>]) -> Vec<Vec<Arc<CoreCertificate>>> {
    recipients.iter().map(|one| unwrapped(one)).collect()
}

/// A message part that carries certificates alone (RFC 8551 §3.8).
#[pyfunction]
pub fn certs_only<'py>(py: Python<'py>, certificates: Vec<Bound<'py, Certificate>>) -> PyResult<Bound<'py, PyBytes>> {
    let certificates = unwrapped(&certificates);
    Ok(PyBytes::new(py, &enter(py, || core::certs_only(&certificates))?))
}

/// ContentInfo of CompressedData (RFC 3274). Raises BackendError.
#[pyfunction]
pub fn compress<'py>(py: Python<'py>, content: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &enter_fallible(py, || core::compress(content))?))
}

/// Encrypts with a source of chance that fails, so that a test can see what comes out of it. Raises BackendError.
#[pyfunction]
pub fn provoke_failing_chance(py: Python<'_>, recipient: &Bound<'_, Certificate>) -> PyResult<()> {
    struct NoChance;
    impl Random for NoChance {
        fn fill(&self, _octets: &mut [u8]) -> Result<(), Opaque> {
            Err(Opaque)
        }
    }
    let recipient = vec![Arc::clone(&recipient.get().0)];
    let policy = mailseal_core::policy::Policy::named("default");
    enter_fallible(py, || {
        let sender = core::Sender::new(Vec::new(), None, None, Vec::new(), policy?);
        let plan = sender.plan(&[recipient], UnixTime(1_780_000_000))?;
        sender.encrypt(&sender.letter(b"A: b\r\n\r\n")?, &plan, &NoChance).map(drop)
    })
}
