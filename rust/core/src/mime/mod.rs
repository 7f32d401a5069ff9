//! MIME as byte ranges.
