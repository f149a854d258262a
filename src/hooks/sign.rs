//! Signatures of payloads: whoever knows the secret can tell that a payload comes from this program, was
//! not changed on its way and is not one of yesterday.

use crate::export::{hex, hmac};

/// The header with the signature.
pub const SIGNATURE: &str = "x-massgen-signature";
/// The header with the time of the try, in seconds since 1970.
pub const TIMESTAMP: &str = "x-massgen-timestamp";
/// The header with the name of the delivery.
pub const DELIVERY: &str = "x-massgen-delivery";

/// `v1=` and HMAC-SHA256 over the time, a dot and the body, in hexadecimal digits.
#[must_use]
pub fn signature(secret: &str, seconds: u64, body: &str) -> String {
    let text = format!("{seconds}.{body}");
    format!("v1={}", hex(&hmac(secret.as_bytes(), text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_what_others_compute() {
        // Computed with Python's hmac and hashlib.
        assert_eq!(
            signature("topsecret", 1_795_000_000, "{\"a\":1}"),
            "v1=644a57960095c63e5d285229f118843f6673ace72ee0e81436d7e79cb5b6b6d5"
        );
    }
}
