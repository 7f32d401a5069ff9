//! The Arrow PyCapsule interface (Arrow C data interface): `__arrow_c_schema__` and `__arrow_c_array__`.

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema};
use arrow_array::{Array, RecordBatch, StructArray};
use arrow_schema::ArrowError;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

const SCHEMA: &core::ffi::CStr = c"arrow_schema";
const ARRAY: &core::ffi::CStr = c"arrow_array";

fn failed(error: ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A consumer takes the struct out and nulls its release; what is not taken is released with the capsule.
fn schema_capsule(py: Python<'_>, schema: FFI_ArrowSchema) -> PyResult<Bound<'_, PyCapsule>> {
    PyCapsule::new_with_value(py, schema, SCHEMA)
}

pub fn schema<'py>(py: Python<'py>, schema: &arrow_schema::Schema) -> PyResult<Bound<'py, PyCapsule>> {
    schema_capsule(py, FFI_ArrowSchema::try_from(schema).map_err(failed)?)
}

/// Schema and array capsules of a batch, without a copy.
pub fn array<'py>(py: Python<'py>, batch: RecordBatch) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
    let data = StructArray::from(batch).to_data();
    let schema = FFI_ArrowSchema::try_from(data.data_type()).map_err(failed)?;
    let array = PyCapsule::new_with_value(py, FFI_ArrowArray::new(&data), ARRAY)?;
    Ok((schema_capsule(py, schema)?, array))
}
