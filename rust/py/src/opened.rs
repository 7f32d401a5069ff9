//! Opened, Verdict, Finding, Layer, Signer, Wanted, Field.

use std::sync::Arc;

use mailseal_core::asn1::{UnixTime, hex};
use mailseal_core::mime::field::unstructured;
use mailseal_core::mime::scan::{Entity, Header};
use mailseal_core::policy::facts::{self, Wanted as WantedFacts};
use mailseal_core::policy::verdict::SignerVerdict;
use mailseal_core::policy::{Status, Times, Verdict as Judged};
use mailseal_core::receive::{Opened as CoreOpened, Receiver};
use mailseal_core::x509::certificate::Certificate as CoreCertificate;
use mailseal_core::{Code, Family, Finding as CoreFinding, Limits};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyTuple};

use crate::certificate::Certificate;
use crate::enter::enter;
use crate::errors;
use crate::policy::Policy;

macro_rules! text_record {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $kind:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[pyclass(frozen, get_all, module = "mailseal._core")]
        #[derive(Clone, Debug)]
        pub struct $name { $($field: $kind),+ }
    };
}

text_record! {
    /// One thing found, with its place and what to do about it.
    Finding { code: &'static str, family: &'static str, path: String, offset: Option<usize>, detail: String,
        sentence: &'static str, fix: &'static str, source: &'static str }
}
/// A key that a RecipientInfo names.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Recipient(pub facts::RecipientFacts);

#[pymethods]
impl Recipient {
    /// ktri, kari, kekri, pwri, ori or kemri.
    #[getter]
    const fn kind(&self) -> &'static str {
        self.0.kind
    }

    #[getter]
    fn id(&self) -> &str {
        &self.0.id
    }

    #[getter]
    fn algorithm(&self) -> &str {
        &self.0.algorithm
    }
}

text_record! {
    /// What would settle an open question; `kind` is "key", "certificate" or "issuer". For a key, `recipient` says how
    /// it would be used ("ktri", "kari"), and `subject` and `certificate_sha256` (hex) tell of the certificate that is
    /// meant, where the keyring has it.
    Wanted { kind: &'static str, id: String, algorithm: String, recipient: &'static str, subject: Option<String>,
        certificate_sha256: Option<String> }
}
text_record! {
    /// A header field; `state` is "unprotected" for a field of the message itself.
    Field { name: String, value: String, raw: Vec<u8>, state: &'static str }
}

#[pymethods]
impl Finding {
    fn __str__(&self) -> String {
        let at = if self.path.is_empty() { String::new() } else { format!(" in {}", self.path) };
        let detail = if self.detail.is_empty() { String::new() } else { format!(" ({})", self.detail) };
        format!("{}: {}{detail}{at}", self.code, self.sentence)
    }

    fn __repr__(&self) -> String {
        format!("<Finding {}>", self.code)
    }
}

impl From<&CoreFinding> for Finding {
    fn from(finding: &CoreFinding) -> Self {
        let code = finding.code;
        Self {
            code: code.name(),
            family: code.family().name(),
            path: finding.path.clone(),
            offset: finding.offset,
            detail: finding.detail.clone(),
            sentence: code.sentence(),
            fix: code.fix(),
            source: code.source(),
        }
    }
}

impl From<&WantedFacts> for Wanted {
    fn from(wanted: &WantedFacts) -> Self {
        let made = |kind, id: &str| Self {
            kind,
            id: id.to_owned(),
            algorithm: String::new(),
            recipient: "",
            subject: None,
            certificate_sha256: None,
        };
        match wanted {
            WantedFacts::Key { recipient, certificate } => Self {
                algorithm: recipient.algorithm.clone(),
                recipient: recipient.kind,
                subject: certificate.as_ref().map(|certificate| certificate.subject().to_string()),
                certificate_sha256: certificate.as_ref().map(|certificate| hex(&certificate.sha256())),
                ..made("key", &recipient.id)
            },
            WantedFacts::Certificate { id } => made("certificate", id),
            WantedFacts::Issuer { name, .. } => made("issuer", name),
        }
    }
}

/// One cryptographic layer, outermost first.
#[pyclass(frozen, get_all, module = "mailseal._core")]
#[derive(Debug)]
pub struct Layer {
    kind: &'static str,
    form: &'static str,
    path: String,
    algorithm: String,
    recipients: Py<PyTuple>,
    key_used: Option<String>,
    offset: usize,
    length: usize,
}

impl Layer {
    fn new(py: Python<'_>, layer: &facts::Layer) -> PyResult<Self> {
        let recipients = layer.recipients.iter().cloned().map(Recipient);
        Ok(Self {
            kind: layer.kind.name(),
            form: layer.form.name(),
            path: layer.path.clone(),
            algorithm: layer.algorithm.clone(),
            recipients: PyTuple::new(py, recipients.collect::<Vec<_>>())?.unbind(),
            key_used: layer.key_used.clone(),
            offset: layer.offset,
            length: layer.length,
        })
    }
}

/// Who signed a signer's signature (RFC 5652 §11.4).
#[pyclass(frozen, get_all, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Countersigner {
    id: String,
    of: Option<usize>,
    certificate: Option<Certificate>,
    digest: String,
    signature_algorithm: String,
    signing_time: Option<i64>,
    integrity: &'static str,
}

impl From<&facts::CountersignerFacts> for Countersigner {
    fn from(facts: &facts::CountersignerFacts) -> Self {
        Self {
            id: facts.id.clone(),
            of: facts.of,
            certificate: facts.candidates.first().cloned().map(Certificate),
            digest: facts.digest.clone(),
            signature_algorithm: facts.signature_algorithm.clone(),
            signing_time: facts.signing_time.map(|time| time.0),
            integrity: facts.integrity.name(),
        }
    }
}

/// One signer and the five answers about it.
#[pyclass(frozen, get_all, module = "mailseal._core")]
#[derive(Debug)]
pub struct Signer {
    id: String,
    certificate: Option<Certificate>,
    digest: String,
    signature_algorithm: String,
    signing_time: Option<i64>,
    integrity: &'static str,
    chain: &'static str,
    address: &'static str,
    revocation: &'static str,
    time: &'static str,
    unsigned_attrs: Vec<(String, Vec<u8>)>,
    countersigners: Vec<Countersigner>,
}

impl Signer {
    fn new(signer: &facts::SignerFacts, verdict: &SignerVerdict) -> Self {
        let certificate = verdict.candidate.and_then(|index| signer.candidates.get(index));
        Self {
            id: signer.id.clone(),
            certificate: certificate.cloned().map(Certificate),
            digest: signer.digest.clone(),
            signature_algorithm: signer.signature_algorithm.clone(),
            signing_time: signer.signing_time.map(|time| time.0),
            integrity: verdict.integrity.name(),
            chain: verdict.chain.name(),
            address: verdict.address.name(),
            revocation: verdict.revocation.name(),
            time: verdict.time.name(),
            unsigned_attrs: signer.unsigned_attrs.iter().map(|(name, raw)| (name.clone(), raw.to_vec())).collect(),
            countersigners: signer.countersigners.iter().map(Countersigner::from).collect(),
        }
    }
}

/// The judgement of one message under one policy at one time.
#[pyclass(frozen, module = "mailseal._core")]
#[derive(Clone, Debug)]
pub struct Verdict(Judged);

#[pymethods]
impl Verdict {
    #[getter]
    fn status(&self) -> &'static str {
        self.0.status.name()
    }

    #[getter]
    fn summary(&self) -> &'static str {
        self.0.summary.name()
    }

    #[getter]
    fn findings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.0.findings.iter().map(Finding::from).collect::<Vec<_>>())
    }

    #[getter]
    fn at(&self) -> i64 {
        self.0.at.0
    }

    #[getter]
    fn is_valid(&self) -> bool {
        self.0.is_valid()
    }

    #[getter]
    fn policy(&self) -> &str {
        &self.0.policy
    }

    fn explain(&self) -> String {
        self.0.explain()
    }

    fn __bool__(&self) -> PyResult<bool> {
        Err(PyTypeError::new_err("a Verdict is not true or false: use verdict.is_valid, or look at verdict.status"))
    }

    fn __repr__(&self) -> String {
        format!("<Verdict {}>", self.0.status.name())
    }
}

/// One message, opened and judged; frozen.
#[pyclass(frozen, module = "mailseal._core")]
pub struct Opened {
    raw: Py<PyBytes>,
    inner: Arc<CoreOpened>,
    receiver: Arc<Receiver>,
    content: PyOnceLock<Py<PyBytes>>,
    source: Option<String>,
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.inner.fmt(f)
    }
}

impl Opened {
    pub fn new(raw: Py<PyBytes>, inner: CoreOpened, receiver: Arc<Receiver>, source: Option<String>) -> Self {
        Self { raw, inner: Arc::new(inner), receiver, content: PyOnceLock::new(), source }
    }

    /// Judged again by `receiver` with more certificates.
    pub fn settled(
        &self,
        py: Python<'_>,
        receiver: &Arc<Receiver>,
        certificates: &[Arc<CoreCertificate>],
        now: UnixTime,
        at: Option<UnixTime>,
    ) -> PyResult<Self> {
        let times = Times { now, at: at.or(self.inner.times.at), ..self.inner.times };
        let opened = enter(py, || receiver.settle(&self.inner, certificates, times))?;
        Ok(Self::new(self.raw.clone_ref(py), opened, Arc::clone(receiver), self.source.clone()))
    }

    fn fields(&self, py: Python<'_>, bytes: &[u8]) -> PyResult<Vec<Field>> {
        let limits = Limits::default();
        let header = Entity::scan(bytes, 0..bytes.len(), &limits)
            .and_then(|entity| Header::parse(bytes, entity.header, &limits).map(|header| fields_of(&header)));
        header.map_err(|error| errors::raise(py, &error, None))
    }

    /// The finding that keeps the message from being VALID, or the content from being given out.
    fn telling(&self, families: &[Family]) -> Option<&CoreFinding> {
        self.inner.verdict.findings.iter().find(|finding| families.contains(&finding.code.family()))
    }
}

fn fields_of(header: &Header<'_>) -> Vec<Field> {
    let field = |field: &mailseal_core::mime::scan::Field<'_>| Field {
        name: String::from_utf8_lossy(field.name).into_owned(),
        value: unstructured(field.value).text,
        raw: field.value.to_vec(),
        state: "unprotected",
    };
    header.fields().iter().map(field).collect()
}

#[pymethods]
impl Opened {
    #[getter]
    fn content<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        let raw = self.raw.bind(py).as_bytes();
        let content = self.inner.content(raw)?;
        // The message itself needs no copy.
        if core::ptr::eq(content, raw) {
            return Some(self.raw.bind(py).clone());
        }
        Some(self.content.get_or_init(py, || PyBytes::new(py, content).unbind()).bind(py).clone())
    }

    #[getter]
    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        self.raw.bind(py).clone()
    }

    #[getter]
    fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    #[getter]
    fn authenticated(&self) -> bool {
        self.inner.authenticated
    }

    #[getter]
    fn decryption(&self) -> &'static str {
        self.inner.decryption.name()
    }

    #[getter]
    fn coverage(&self) -> &str {
        &self.inner.verdict.coverage
    }

    /// Path, encrypted, forwarded.
    #[getter]
    fn errant(&self) -> Vec<(&str, bool, bool)> {
        let errant = self.inner.facts.errant.iter();
        errant.map(|part| (part.path.as_str(), part.encrypted, part.forwarded)).collect()
    }

    #[getter]
    fn layers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let layers: PyResult<Vec<_>> = self.inner.facts.layers.iter().map(|layer| Layer::new(py, layer)).collect();
        PyTuple::new(py, layers?)
    }

    #[getter]
    fn signers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let pairs = self.inner.facts.signers.iter().zip(&self.inner.verdict.signers);
        PyTuple::new(py, pairs.map(|(signer, verdict)| Signer::new(signer, verdict)).collect::<Vec<_>>())
    }

    #[getter]
    fn verdict(&self) -> Verdict {
        Verdict(self.inner.verdict.clone())
    }

    #[getter]
    fn wanted<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let wanted = self.inner.facts.wanted.iter().chain(&self.inner.verdict.wanted);
        PyTuple::new(py, wanted.map(Wanted::from).collect::<Vec<_>>())
    }

    /// CertificateLists of the message, as received.
    #[getter]
    fn crls<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.inner.facts.crls.iter().map(|crl| PyBytes::new(py, crl)).collect()
    }

    #[getter]
    fn certificates<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.inner.facts.certificates.iter().cloned().map(Certificate).collect::<Vec<_>>())
    }

    /// Fields of the innermost entity that has a From field, else of the message.
    #[getter]
    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let raw = self.raw.bind(py).as_bytes();
        let inner = self.inner.content(raw).map(|content| self.fields(py, content)).transpose()?.unwrap_or_default();
        if inner.iter().any(|field| field.name.eq_ignore_ascii_case("From")) {
            return PyTuple::new(py, inner);
        }
        self.outer_headers(py)
    }

    #[getter]
    fn outer_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        PyTuple::new(py, self.fields(py, self.raw.bind(py).as_bytes())?)
    }

    #[getter]
    fn is_mail(&self) -> bool {
        self.inner.is_mail()
    }

    /// The content. Raises DecryptionError, PolicyError, MalformedError, LimitError: what withholds it.
    fn require_content<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyBytes>> {
        let py = slf.py();
        if let Some(content) = slf.get().content(py) {
            return Ok(content);
        }
        let families =
            [Family::Locked, Family::Forbidden, Family::Limit, Family::Malformed, Family::Unsupported, Family::Note];
        let absent = CoreFinding::new(Code::CmsContentAbsent);
        // What is shown to be wrong elsewhere in the message counts only where nothing else withholds the content.
        let opened = slf.get();
        let finding = opened.telling(&families).or_else(|| opened.telling(&[Family::False])).unwrap_or(&absent);
        let family = if finding.code.family() == Family::Note { Family::Malformed } else { finding.code.family() };
        let opened = (finding.code.family() == Family::Locked).then(|| slf.clone().unbind());
        Err(PyErr::from_value(errors::exception(py, family, finding, opened)?))
    }

    #[pyo3(signature = (at = None, policy = None))]
    fn judge(&self, py: Python<'_>, at: Option<i64>, policy: Option<&Policy>) -> PyResult<Verdict> {
        let times = Times { at: at.map(UnixTime).or(self.inner.times.at), ..self.inner.times };
        let policy = policy.map_or_else(|| self.receiver.policy().clone(), |policy| policy.0.clone());
        Ok(Verdict(enter(py, || self.inner.judge(&self.receiver, &policy, times))?))
    }

    /// The exception a strict `verify` raises for this verdict; None when VALID.
    fn error<'py>(slf: &Bound<'py, Self>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let opened = slf.get();
        if opened.inner.verdict.status == Status::Valid {
            return Ok(None);
        }
        let families = [Family::False, Family::Forbidden, Family::Unproven, Family::Malformed, Family::Unsupported];
        let unsigned = CoreFinding::new(Code::SignerNone).detail(opened.inner.verdict.status.name());
        let first = opened.inner.verdict.findings.first();
        let finding = opened.telling(&families).or(first).unwrap_or(&unsigned);
        let made = errors::exception(slf.py(), Family::False, finding, Some(slf.clone().unbind()))?;
        Ok(Some(made))
    }

    /// The batch row (docs: columns) as a JSON object.
    #[pyo3(signature = (content = false))]
    fn row_json(&self, py: Python<'_>, content: bool) -> String {
        let raw = self.raw.bind(py).as_bytes();
        let source = self.source.as_deref().unwrap_or_default();
        let item =
            mailseal_core::bulk::Item { raw, id: source, source, offset: 0, received_at: self.inner.times.received_at };
        mailseal_core::bulk::Row::new(&item, &self.inner, content).json()
    }

    fn __repr__(&self) -> String {
        format!("<Opened {} {}>", self.inner.verdict.status.name(), self.inner.verdict.summary.name())
    }
}
