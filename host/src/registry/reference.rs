//! Names of artifacts: `oci://registry.example:5000/team/name:tag@sha256:…`.

use std::fmt;
use std::str::FromStr;

use super::Error;

/// Where an artifact is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// Host, with a port if one is given.
    pub host: String,
    /// Name of the repository, e.g. `team/sla-vip`.
    pub name: String,
    /// Its tag, if one is given.
    pub tag: Option<String>,
    /// The digest of its manifest, `sha256:` and 64 hexadecimal digits. Wins over the tag.
    pub digest: Option<String>,
}

/// The scheme, which may be left out.
const SCHEME: &str = "oci://";
/// What a tag is when nothing is said.
const LATEST: &str = "latest";

impl Reference {
    /// The tag or digest to ask for; `latest` if neither is given.
    #[must_use]
    pub fn wanted(&self) -> &str {
        self.digest.as_deref().or(self.tag.as_deref()).unwrap_or(LATEST)
    }

    /// The same artifact by its digest.
    #[must_use]
    pub fn at(&self, digest: &str) -> Self {
        Self { tag: None, digest: Some(digest.to_owned()), ..self.clone() }
    }

    /// Whether the host is this machine, where plain HTTP is allowed.
    #[must_use]
    pub fn is_local(&self) -> bool {
        let host = match self.host.strip_prefix('[') {
            Some(rest) => rest.split(']').next().unwrap_or_default(),
            None => self.host.split(':').next().unwrap_or_default(),
        };
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

impl FromStr for Reference {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Reference { text: text.to_owned(), why: why.to_owned() };
        let rest = text.strip_prefix(SCHEME).unwrap_or(text);
        let (host, rest) = rest.split_once('/').ok_or_else(|| wrong("it has no name after the host"))?;
        let (rest, digest) = match rest.split_once('@') {
            Some((rest, digest)) if is_digest(digest) => (rest, Some(digest.to_owned())),
            Some(_) => return Err(wrong("what follows @ is not sha256: and 64 hexadecimal digits in small letters")),
            None => (rest, None),
        };
        let (name, tag) = match rest.split_once(':') {
            Some((name, tag)) if is_tag(tag) => (name, Some(tag.to_owned())),
            Some(_) => return Err(wrong("the tag has a sign that no tag has, or is longer than 128 signs")),
            None => (rest, None),
        };
        if !is_host(host) {
            return Err(wrong("the host is none"));
        }
        if !name.split('/').all(is_part) || name.len() > 255 {
            return Err(wrong("the name is made of small letters, digits and single . _ - between them, joined by /"));
        }
        Ok(Self { host: host.to_owned(), name: name.to_owned(), tag, digest })
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}/{}", self.host, self.name)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Whether a text is a digest as this client reads them.
pub(super) fn is_digest(text: &str) -> bool {
    let small_hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(small_hex))
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    (1..=128).contains(&text.len())
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

fn is_host(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']'))
}

/// One part of a name: runs of letters and digits with separators between them.
fn is_part(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let edges = bytes.first().zip(bytes.last()).is_some_and(|(first, last)| word(*first) && word(*last));
    let separated = text.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit()).all(|separator| {
        matches!(separator, "" | "." | "_" | "__") || (!separator.is_empty() && separator.bytes().all(|b| b == b'-'))
    });
    edges && separated
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn references_read_back() {
        let digest = format!("sha256:{}", "0a".repeat(32));
        for (text, wanted) in [
            ("oci://localhost:5000/sla-vip".to_owned(), "latest"),
            ("oci://registry.example/team/sla-vip:1.0.0".to_owned(), "1.0.0"),
            (format!("oci://[::1]:5000/a/b__c/d--e:v1@{digest}"), digest.as_str()),
            (format!("oci://registry.example/a@{digest}"), digest.as_str()),
        ] {
            let reference: Reference = text.parse().unwrap();
            assert_eq!(reference.to_string(), text);
            assert_eq!(reference.wanted(), wanted);
            assert_eq!(text["oci://".len()..].parse::<Reference>().unwrap(), reference);
        }
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in [
            "",
            "oci://",
            "oci://host",
            "oci://host/",
            "oci://host/Upper",
            "oci://host/a//b",
            "oci://host/../a",
            "oci://host/a:",
            "oci://host/a:b c",
            "oci://host/a@sha256:abc",
            "oci://user@host/a",
            "https://host/a",
            "oci://ho st/a",
            "oci://host/a?x=1",
            "oci://host/-a",
            "oci://host/a._b",
        ] {
            assert!(text.parse::<Reference>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        let local = |host: &str| format!("oci://{host}/a").parse::<Reference>().unwrap().is_local();
        assert!(local("localhost") && local("localhost:5000") && local("127.0.0.1:5000") && local("[::1]:5000"));
        assert!(!local("localhost.example") && !local("registry.example:5000") && !local("10.0.0.1"));
    }
}
