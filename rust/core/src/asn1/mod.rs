//! BER and DER.
