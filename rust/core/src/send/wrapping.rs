//! CMS in MIME (RFC 8551 §3.2, §3.3–§3.8): entities around what `cms::make` wrote.

use std::sync::Arc;

use memchr::memmem;

use crate::alg::Row;
use crate::crypto::random::Random;
use crate::mime::transfer::encode_base64;
use crate::send::letter::{Letter, Pieces};
use crate::{Code, Error, Result};

/// smime-type and file name (RFC 8551 §3.2.1, §3.2.2).
#[derive(Clone, Copy, Debug)]
pub struct Label {
    smime_type: &'static str,
    name: &'static str,
}

pub const SIGNED: Label = Label { smime_type: "signed-data", name: "smime.p7m" };
pub const ENVELOPED: Label = Label { smime_type: "enveloped-data", name: "smime.p7m" };
pub const AUTH_ENVELOPED: Label = Label { smime_type: "authEnveloped-data", name: "smime.p7m" };
pub const COMPRESSED: Label = Label { smime_type: "compressed-data", name: "smime.p7z" };
pub const CERTS_ONLY: Label = Label { smime_type: "certs-only", name: "smime.p7c" };

/// application/pkcs7-mime
pub fn opaque(cms: &[u8], label: Label) -> Vec<u8> {
    let Label { smime_type, name } = label;
    let header = format!(
        "Content-Type: application/pkcs7-mime; smime-type={smime_type};\r\n name=\"{name}\"\r\n\
        Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n"
    );
    [header.as_bytes(), &encode_base64(cms)].concat()
}

/// multipart/signed (RFC 8551 §3.5.3, RFC 1847 §2.1) of `entity` and the detached signature `cms`.
/// Err: MakingFailed.
pub fn clear_signed(letter: &Letter, cms: &[u8], digests: &[&'static Row], random: &dyn Random) -> Result<Pieces> {
    let boundary = boundary(&letter.entity(), random)?;
    let micalg: Vec<_> = digests.iter().map(|row| row.name.to_ascii_lowercase()).collect();
    // A list is no token and needs quotes (RFC 8551 §3.5.3.2).
    let micalg = if micalg.len() == 1 { micalg.concat() } else { format!("\"{}\"", micalg.join(",")) };
    let header = format!(
        "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\";\r\n micalg={micalg};\r\n \
        boundary=\"{boundary}\"\r\n\r\nThis is an S/MIME signed message\r\n\r\n--{boundary}\r\n"
    );
    let between = format!(
        "\r\n--{boundary}\r\nContent-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\n\
        Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let signature = [between.as_bytes(), &encode_base64(cms), end.as_bytes()].concat();
    let begin = [Arc::new(header.into_bytes())];
    Ok(begin.into_iter().chain(letter.pieces().iter().cloned()).chain([Arc::new(signature)]).collect())
}

/// 24 characters of which nobody can foretell one, and which `entity` does not hold.
fn boundary(entity: &[u8], random: &dyn Random) -> Result<String> {
    const SIGNS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    loop {
        let octets = random.octets(24).map_err(|_| Error::new(Code::MakingFailed))?;
        let signs = octets.iter().map(|octet| char::from(SIGNS[usize::from(octet & 31)]));
        let boundary: String = "mailseal-".chars().chain(signs).collect();
        if memmem::find(entity, boundary.as_bytes()).is_none() {
            return Ok(boundary);
        }
    }
}
