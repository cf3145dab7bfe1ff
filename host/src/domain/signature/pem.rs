//! Keys as text (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

/// The bytes between the marks of the first part with this label; `None` if there is none.
pub(super) fn read(label: &str, text: &str) -> Option<Vec<u8>> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let inner = &text[text.find(&begin)? + begin.len()..];
    let inner: String = inner[..inner.find(&end)?].split_ascii_whitespace().collect();
    BASE64.decode(inner).ok()
}

/// The text of one part.
pub(super) fn write(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = BASE64.encode(bytes);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII: every index is a boundary.
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}
