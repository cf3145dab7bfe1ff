//! Signatures over the bytes of a component, and the keys that make and check them.
//!
//! A signature is detached: a small text beside the component.
//!
//! ```text
//! mortise-signature v1 ed25519 3b1f…            (algorithm, key id)
//! MEUCIQDx…                                     (base64 of the raw signature)
//! ```
//!
//! The raw signature is over the component's bytes as they are: 64 bytes of Ed25519 (RFC 8032), or the 64 bytes
//! `r || s` of ECDSA on P-256 with SHA-256. A key's id is the SHA-256 of its public half (SPKI, DER), in
//! hexadecimal, so that whoever has the key can tell which it is without a register. Private keys are PKCS#8,
//! public keys SPKI, both in PEM, as `openssl genpkey` writes and reads them.

mod keys;
mod pem;

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

pub use keys::{KeyError, PrivateKey, PublicKey};

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on the curve P-256 with SHA-256 (FIPS 186-5).
    EcdsaP256,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::EcdsaP256];

    /// Its name in signature files and on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256 => "ecdsa-p256",
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Algorithm {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|algorithm| algorithm.as_str() == text).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            format!("the algorithm {text:?} is not known; known are {known}")
        })
    }
}

/// A signature as it stands in its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// How it was made.
    pub algorithm: Algorithm,
    /// Id of the key that made it: 64 hexadecimal digits. A claim until the key has verified the bytes.
    pub key: String,
    /// The signature itself.
    pub raw: Vec<u8>,
}

/// The media type of a signature file, and the artifact type of one in a registry.
pub const MEDIA_TYPE: &str = "application/vnd.mortise.signature.v1";

/// Bytes of a signature file at the most.
pub const MOST_BYTES: usize = 1024;

/// What the first line begins with.
const HEADER: &str = "mortise-signature v1";

/// Bytes of a raw signature, of both algorithms.
const RAW_BYTES: usize = 64;

impl Signature {
    /// Reads a signature file.
    ///
    /// # Errors
    /// What is wrong with it, in one sentence.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes.len() > MOST_BYTES {
            return Err(format!("a signature file has at most {MOST_BYTES} bytes, this one has {}", bytes.len()));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "a signature file is text".to_owned())?;
        let mut lines = text.lines().map(str::trim_end);
        let header = lines.next().unwrap_or_default();
        let shape = || format!("the first line is not `{HEADER} ALGORITHM KEY-ID`");
        let named = header.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix(' ')).ok_or_else(shape)?;
        let (algorithm, key) = named.split_once(' ').ok_or_else(shape)?;
        let algorithm = algorithm.parse()?;
        if !is_key_id(key) {
            return Err(format!("the key id {key:?} is not 64 hexadecimal digits in small letters"));
        }
        let raw = lines.next().unwrap_or_default();
        let raw = BASE64.decode(raw).map_err(|e| format!("the second line is not base64: {e}"))?;
        if raw.len() != RAW_BYTES {
            return Err(format!("a signature of {algorithm} has {RAW_BYTES} bytes, this one has {}", raw.len()));
        }
        if lines.any(|line| !line.is_empty()) {
            return Err("a signature file has two lines".to_owned());
        }
        Ok(Self { algorithm, key: key.to_owned(), raw })
    }
}

/// The text of the file, two lines.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER} {} {}", self.algorithm, self.key)?;
        writeln!(f, "{}", BASE64.encode(&self.raw))
    }
}

/// Whether a text has the form of a key's id.
#[must_use]
pub fn is_key_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_signature_goes_through_its_file_and_holds() {
        for algorithm in Algorithm::ALL {
            let key = PrivateKey::generate(algorithm).unwrap();
            let key = PrivateKey::from_pem(&key.to_pem()).unwrap();
            let public = PublicKey::from_pem(&key.public().to_pem()).unwrap();
            assert_eq!(&public, key.public());
            let file = key.sign(b"bytes").unwrap().to_string();
            let signature = Signature::parse(file.as_bytes()).unwrap();
            assert_eq!(signature.to_string(), file);
            assert_eq!((signature.algorithm, signature.key.as_str()), (algorithm, public.id()));
            assert!(public.verify(b"bytes", &signature));
            assert!(!public.verify(b"bytez", &signature));
            let other = PrivateKey::generate(algorithm).unwrap();
            assert!(!other.public().verify(b"bytes", &signature), "another key");
            let mut bent = signature.clone();
            bent.raw[40] ^= 1;
            assert!(!public.verify(b"bytes", &bent));
            let mut claimed = signature;
            claimed.key = other.public().id().to_owned();
            assert!(!public.verify(b"bytes", &claimed), "says that another key made it");
        }
    }

    #[test]
    fn files_that_are_no_signatures_are_told_apart() {
        let id = "a".repeat(64);
        let raw = BASE64.encode([7; 64]);
        let why = |text: String| Signature::parse(text.as_bytes()).unwrap_err();
        assert!(why(String::new()).contains("first line"));
        assert!(why(format!("mortise-signature v2 ed25519 {id}\n{raw}\n")).contains("first line"));
        assert!(why(format!("mortise-signature v1 rsa {id}\n{raw}\n")).contains("rsa"));
        assert!(why(format!("mortise-signature v1 ed25519 {}\n{raw}\n", "A".repeat(64))).contains("key id"));
        assert!(why(format!("mortise-signature v1 ed25519 {id}\n")).contains("64 bytes"));
        assert!(why(format!("mortise-signature v1 ed25519 {id}\n***\n")).contains("base64"));
        assert!(why(format!("mortise-signature v1 ed25519 {id}\n{raw}\nmore\n")).contains("two lines"));
        assert!(why("x".repeat(2000)).contains("at most"));
        let crlf = format!("mortise-signature v1 ed25519 {id}\r\n{raw}\r\n");
        assert_eq!(Signature::parse(crlf.as_bytes()).unwrap().raw, [7; 64]);
    }

    /// Made with `openssl genpkey`, `openssl pkey -pubout`.
    #[test]
    fn keys_of_other_tools_are_read() {
        let private = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n\
            -----END PRIVATE KEY-----\n";
        let public = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n\
            -----END PUBLIC KEY-----\n";
        // RFC 8032, section 7.1, test 1: the empty message.
        let key = PrivateKey::from_pem(private).unwrap();
        assert_eq!(key.public(), &PublicKey::from_pem(public).unwrap());
        let signature = key.sign(b"").unwrap();
        assert_eq!(signature.raw[..8], [0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72]);
        assert_eq!(key.to_pem(), private);
        assert_eq!(key.public().to_pem(), public);
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        for text in ["", "-----BEGIN PUBLIC KEY-----\n", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"]
        {
            assert!(PublicKey::from_pem(text).is_err(), "{text}");
            assert!(PrivateKey::from_pem(text).is_err(), "{text}");
        }
        let key = PrivateKey::generate(Algorithm::Ed25519).unwrap();
        let why = PublicKey::from_pem(&key.to_pem()).unwrap_err().to_string();
        assert!(why.contains("PUBLIC KEY"), "{why}");
        assert!(!format!("{key:?}").contains("PRIVATE"), "a private key is not written by accident");
    }
}
