//! Requests to S3 and to what speaks like it, signed as AWS describes it (Signature Version 4).
//!
//! Pure: keys, time and the sum of the body come in.

use crate::export::{hex, hmac, sha256};

/// Who asks, and where.
#[derive(Clone)]
pub(super) struct Account {
    pub(super) key: String,
    pub(super) secret: String,
    pub(super) session: Option<String>,
    pub(super) region: String,
    /// An address of its own; without it Amazon's.
    pub(super) endpoint: Option<String>,
}

/// A request that can be sent.
pub(super) struct Signed {
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
}

/// A `PUT` of a file; `at` is the moment as `20261121T101530Z`, `sum` that of the file in hexadecimal.
pub(super) fn put(
    account: &Account,
    (bucket, key): (&str, &str),
    (at, sum): (&str, &str),
    mime: &str,
) -> Signed {
    let (base, host, path) = place(account, bucket, key);
    let mut headers = vec![
        ("content-type".to_owned(), mime.to_owned()),
        ("host".to_owned(), host),
        ("x-amz-content-sha256".to_owned(), sum.to_owned()),
        ("x-amz-date".to_owned(), at.to_owned()),
    ];
    if let Some(session) = &account.session {
        headers.push(("x-amz-security-token".to_owned(), session.clone()));
    }
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).collect();
    let names = names.join(";");
    let lines = headers.iter().fold(String::new(), |lines, (name, value)| {
        lines + name + ":" + value.trim() + "\n"
    });
    let asked = format!("PUT\n{path}\n\n{lines}\n{names}\n{sum}");
    let day = at.get(..8).unwrap_or(at);
    let scope = format!("{day}/{}/s3/aws4_request", account.region);
    let told = format!(
        "AWS4-HMAC-SHA256\n{at}\n{scope}\n{}",
        hex(&sha256(asked.as_bytes()))
    );
    let mut sealed = format!("AWS4{}", account.secret).into_bytes();
    for part in [day, account.region.as_str(), "s3", "aws4_request"] {
        sealed = hmac(&sealed, part.as_bytes()).to_vec();
    }
    let signature = hex(&hmac(&sealed, told.as_bytes()));
    headers.push((
        "authorization".to_owned(),
        format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            account.key
        ),
    ));
    headers.retain(|(name, _)| name != "host");
    Signed {
        url: format!("{base}{path}"),
        headers,
    }
}

/// Address, host and path of an object. An endpoint of its own has the bucket in the path.
fn place(account: &Account, bucket: &str, key: &str) -> (String, String, String) {
    let key = escaped(key);
    match &account.endpoint {
        Some(endpoint) => {
            let base = endpoint.trim_end_matches('/').to_owned();
            let host = base.split("://").nth(1).unwrap_or(&base);
            let (host, before) = host
                .split_once('/')
                .map_or((host, String::new()), |(host, path)| {
                    (host, format!("/{path}"))
                });
            let root = base.strip_suffix(&before).unwrap_or(&base).to_owned();
            (root, host.to_owned(), format!("{before}/{bucket}/{key}"))
        }
        // A dot in a bucket's name does not fit Amazon's certificates.
        None if bucket.contains('.') => {
            let host = format!("s3.{}.amazonaws.com", account.region);
            (format!("https://{host}"), host, format!("/{bucket}/{key}"))
        }
        None => {
            let host = format!("{bucket}.s3.{}.amazonaws.com", account.region);
            (format!("https://{host}"), host, format!("/{key}"))
        }
    }
}

/// A key in an address: what is not unreserved is written as `%XX`, slashes stay.
fn escaped(key: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::new();
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The signature is checked by servers of others in `tests/interop/s3.sh`; here, that it is built from
    /// what it says.
    #[test]
    fn a_request_names_what_it_signs() {
        let account = Account {
            key: "AKIDEXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session: Some("token".into()),
            region: "eu-central-1".into(),
            endpoint: None,
        };
        let signed = put(
            &account,
            ("my-bucket", "a b/ü.html"),
            ("20261121T101530Z", &hex(&sha256(b""))),
            "text/html",
        );
        assert_eq!(
            signed.url,
            "https://my-bucket.s3.eu-central-1.amazonaws.com/a%20b/%C3%BC.html"
        );
        let told = &signed.headers.last().unwrap().1;
        assert!(
            told.contains("Credential=AKIDEXAMPLE/20261121/eu-central-1/s3/aws4_request"),
            "{told}"
        );
        assert!(told.contains(
            "SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
        ));
        assert!(!told.contains("wJalr"));
        let own = Account {
            endpoint: Some("http://127.0.0.1:9000/base/".into()),
            ..account.clone()
        };
        assert_eq!(
            put(&own, ("b", "k"), ("20261121T101530Z", ""), "x").url,
            "http://127.0.0.1:9000/base/b/k"
        );
        let dotted = put(&account, ("my.bucket", "k"), ("20261121T101530Z", ""), "x");
        assert_eq!(
            dotted.url,
            "https://s3.eu-central-1.amazonaws.com/my.bucket/k"
        );
    }
}
