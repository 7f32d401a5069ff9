//! mailseal._core: convert, enter, convert. No unsafe: the PyCapsules of `arrow.rs` go through PyO3's safe constructor.
#![forbid(unsafe_code)]

mod arrow;
mod batch;
mod certificate;
mod enter;
mod errors;
mod identity;
mod inspect;
mod mbox;
mod opened;
mod policy;
mod receiver;
mod remote;
mod sender;
mod tables;

use pyo3::prelude::*;

#[pymodule(gil_used = false)]
fn _core(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    errors::add(module)?;
    module.add_class::<certificate::Certificate>()?;
    module.add_class::<identity::Identity>()?;
    module.add_class::<identity::Keyring>()?;
    module.add_class::<identity::SharedCertificates>()?;
    module.add_class::<policy::Policy>()?;
    module.add_class::<opened::Finding>()?;
    module.add_class::<opened::Recipient>()?;
    module.add_class::<opened::Layer>()?;
    module.add_class::<opened::Countersigner>()?;
    module.add_class::<opened::Signer>()?;
    module.add_class::<opened::Wanted>()?;
    module.add_class::<opened::Verdict>()?;
    module.add_class::<opened::Field>()?;
    module.add_class::<opened::Opened>()?;
    module.add_class::<batch::Batch>()?;
    module.add_class::<receiver::Receiver>()?;
    module.add_class::<sender::Letter>()?;
    module.add_class::<sender::Draft>()?;
    module.add_class::<sender::Sender>()?;
    module.add_class::<mbox::MboxSplitter>()?;
    module.add_function(wrap_pyfunction!(certificate::load_certificates, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::inspect, module)?)?;
    module.add_function(wrap_pyfunction!(inspect::tree, module)?)?;
    module.add_function(wrap_pyfunction!(sender::certs_only, module)?)?;
    module.add_function(wrap_pyfunction!(sender::provoke_failing_chance, module)?)?;
    module.add_function(wrap_pyfunction!(sender::compress, module)?)?;
    module.add_function(wrap_pyfunction!(tables::explain, module)?)?;
    module.add_function(wrap_pyfunction!(tables::table, module)?)?;
    module.add_function(wrap_pyfunction!(mbox::parse_date, module)?)?;
    module.add_function(wrap_pyfunction!(enter::provoke_panic, module)?)?;
    Ok(())
}
