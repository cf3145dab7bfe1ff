//! Attachments: files that belong to a record, and which files may be.

mod form;
mod types;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::refusal::{Refusal, rule};
use super::time::Instant;
use super::work::{Retraction, Visibility};
use form::Form;

/// First bytes of a file that have to be known to tell its type.
pub const HEAD: usize = 512;
/// Characters that the name of a file may have.
const NAME: usize = 255;
/// The type of a file of which nothing is known.
const BYTES: &str = "application/octet-stream";

/// A file that belongs to a record. Its bytes are kept under their SHA-256, once however often they come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    /// Identifier (UUIDv7); the order of identifiers is the order of attachments.
    pub id: String,
    /// Organisation.
    pub org: String,
    /// Number of the record.
    pub number: String,
    /// When it was attached.
    pub at: Instant,
    /// Who attached it.
    pub author: String,
    /// In which role.
    pub role: String,
    /// Who sees it.
    pub visibility: Visibility,
    /// Name of the file.
    pub name: String,
    /// Media type, for example `application/pdf`.
    pub media_type: String,
    /// Size in bytes.
    pub size: i64,
    /// SHA-256 of the bytes, in lower-case hexadecimal digits.
    pub sha256: String,
    /// Set once it was taken back.
    pub retracted: Option<Retraction>,
}

impl Attachment {
    /// The attachment as it is shown.
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id,
            "record": self.number,
            "at": self.at,
            "author": self.author,
            "role": self.role,
            "visibility": self.visibility,
            "name": self.name,
            "type": self.media_type,
            "size": self.size,
            "sha256": self.sha256,
            "retracted": self.retracted,
        })
    }
}

/// Which files may be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AttachmentPolicy {
    /// Mebibytes that a file may have.
    pub max_mib: u32,
    /// Media types that may be attached, `image/*` for all images; empty for all that are not refused.
    pub allow: Vec<String>,
    /// Media types that may not be attached, whatever is allowed. By default programs and installers.
    pub refuse: Vec<String>,
}

impl Default for AttachmentPolicy {
    fn default() -> Self {
        Self { max_mib: 25, allow: Vec::new(), refuse: types::PROGRAMS.map(str::to_owned).to_vec() }
    }
}

impl AttachmentPolicy {
    /// Bytes that a file may have.
    pub fn max_bytes(&self) -> u64 {
        u64::from(self.max_mib) << 20
    }

    /// The media type of a file, from its name, what its sender calls it, and its first bytes ([`HEAD`] of them, or
    /// all it has).
    ///
    /// # Errors
    ///
    /// `attachment-mismatch` when the bytes are not what the name or the sender says; `attachment-type` for a type
    /// that may not be attached.
    pub fn media_type(&self, name: &str, declared: Option<&str>, head: &[u8]) -> Result<String, Refusal> {
        let form = Form::of(head);
        let by_name = types::by_name(name);
        if let Some((_, expected)) = by_name
            && !form.fits(expected)
        {
            let ending = name.rsplit('.').next().unwrap_or_default();
            let message = format!("the name ends in .{ending}, but the file is {form}");
            return Err(Refusal::invalid("attachment-mismatch", "name", message));
        }
        let declared = declared.map(essence).filter(|declared| !types::SAYS_NOTHING.contains(&declared.as_str()));
        if let Some(declared) = &declared
            && let Some(expected) = types::expected(declared)
            && !form.fits(expected)
        {
            let message = format!("the sender calls the file {declared}, but it is {form}");
            return Err(Refusal::invalid("attachment-mismatch", "Content-Type", message));
        }
        let media_type = match (by_name, form.media_type(), declared) {
            (Some((by_name, _)), _, _) => by_name.to_owned(),
            (None, Some(by_form), _) => by_form.to_owned(),
            (None, None, Some(declared)) => declared,
            (None, None, None) => BYTES.to_owned(),
        };
        // A program is one whatever its name.
        let program = form.media_type().filter(|found| types::PROGRAMS.contains(found));
        for found in [Some(media_type.as_str()), program].into_iter().flatten() {
            let refused = self.refuse.iter().any(|pattern| matches(pattern, found));
            let allowed = self.allow.is_empty() || self.allow.iter().any(|pattern| matches(pattern, found));
            if refused || !allowed {
                let message = format!("files of the type {found} may not be attached");
                return Err(Refusal::invalid("attachment-type", "name", message));
            }
        }
        Ok(media_type)
    }
}

/// A media type without its parameters.
fn essence(text: &str) -> String {
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn matches(pattern: &str, media_type: &str) -> bool {
    match pattern.strip_suffix("/*") {
        Some("*") => true,
        Some(group) => media_type.split('/').next().is_some_and(|of| of.eq_ignore_ascii_case(group)),
        None => pattern.eq_ignore_ascii_case(media_type),
    }
}

/// Checks the name of a file: one that any system can keep, and that shows as what it is.
///
/// # Errors
///
/// `required`, `range` or `format`.
pub fn file_name(name: &str) -> Result<(), Refusal> {
    if name.trim().is_empty() {
        return Err(Refusal::invalid(rule::REQUIRED, "name", "name must be the name of the file"));
    }
    if name.chars().count() > NAME {
        return Err(Refusal::invalid(rule::RANGE, "name", format!("name has more than {NAME} characters")));
    }
    let folder = name.contains(['/', '\\']) || matches!(name, "." | "..");
    // Marks of writing direction can make `exe.pdf` out of `fdp.exe`.
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    if folder || name.trim() != name || name.chars().any(hidden) {
        let message =
            "name must be a plain file name: no folders, no spaces around it, no control or direction characters";
        return Err(Refusal::invalid(rule::FORMAT, "name", message));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const EXE: &[u8] = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff";
    const ELF: &[u8] = b"\x7fELF\x02\x01\x01\0";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\x06\0";

    fn found(name: &str, declared: Option<&str>, head: &[u8]) -> Result<String, String> {
        AttachmentPolicy::default().media_type(name, declared, head).map_err(|refusal| refusal.rule.into_owned())
    }

    #[test]
    fn a_file_is_what_its_name_and_its_bytes_agree_on() {
        for (name, declared, head, expected) in [
            ("a.pdf", None, PDF, "application/pdf"),
            ("a.PDF", Some("application/x-www-form-urlencoded"), PDF, "application/pdf"),
            ("图.png", Some("image/png"), PNG, "image/png"),
            ("plan.xlsx", None, ZIP, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("logs.zip", Some("application/octet-stream"), ZIP, "application/zip"),
            ("server.log", None, "错误 at 09:00\n".as_bytes(), "text/plain"),
            ("gbk.txt", None, b"\xc4\xe3\xba\xc3", "text/plain"),
            ("screenshot", None, PNG, "image/png"),
            ("notes", Some("text/plain; charset=utf-8"), b"hello", "text/plain"),
            ("dump", None, b"\0\x01\x02", "application/octet-stream"),
            ("core.xyz", Some("application/x-core"), b"\0\x01\x02", "application/x-core"),
        ] {
            assert_eq!(found(name, declared, head).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn a_lie_is_refused() {
        for (name, declared, head) in [
            ("invoice.pdf", None, EXE),
            ("invoice.pdf", Some("application/pdf"), EXE),
            ("photo.png", None, PDF),
            ("photo.jpg", None, PNG),
            ("readme.txt", None, ELF),
            ("readme.txt", None, b"\0\0\0"),
            ("a.pdf", None, b"hello"),
            ("a.pdf", None, b""),
            ("a", Some("image/png"), PDF),
            ("sheet.xlsx", None, EXE),
        ] {
            assert_eq!(found(name, declared, head).unwrap_err(), "attachment-mismatch", "{name}");
        }
    }

    #[test]
    fn programs_are_refused_under_any_name() {
        for (name, head) in
            [("setup.exe", EXE), ("setup", EXE), ("setup.dat", EXE), ("tool", ELF), ("run.bat", b"del *")]
        {
            assert_eq!(found(name, None, head).unwrap_err(), "attachment-type", "{name}");
        }
        let open = AttachmentPolicy { refuse: Vec::new(), ..AttachmentPolicy::default() };
        assert_eq!(open.media_type("setup.exe", None, EXE).unwrap(), "application/x-msdownload");
    }

    #[test]
    fn an_organisation_says_what_it_allows() {
        let policy = AttachmentPolicy { allow: vec!["image/*".into(), "application/PDF".into()], ..Default::default() };
        policy.media_type("a.png", None, PNG).unwrap();
        policy.media_type("a.pdf", None, PDF).unwrap();
        assert_eq!(policy.media_type("a.zip", None, ZIP).unwrap_err().rule, "attachment-type");
        assert_eq!(policy.media_type("a.txt", None, b"x").unwrap_err().rule, "attachment-type");
        assert_eq!(AttachmentPolicy::default().max_bytes(), 25 << 20);
    }

    #[test]
    fn names_are_plain() {
        for name in ["a.pdf", "年度 报告.pdf", "no ending", ".profile", "a;b\"c.txt"] {
            file_name(name).unwrap();
        }
        for name in ["../a", "a/b", "a\\b", "..", " a", "a\n", "a\0", "invoice\u{202e}fdp.exe"] {
            assert_eq!(file_name(name).unwrap_err().rule, "format", "{name:?}");
        }
        assert_eq!(file_name(" ").unwrap_err().rule, "required");
        assert_eq!(file_name(&"x".repeat(256)).unwrap_err().rule, "range");
    }
}
