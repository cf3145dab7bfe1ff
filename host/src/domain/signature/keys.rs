//! Keys: reading, writing, signing, verifying.

use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use sha2::{Digest as _, Sha256};

use super::{Algorithm, Signature, pem};
use crate::domain::canonical::hex;

/// What stands before the 32 bytes of an Ed25519 key in an SPKI (RFC 8410).
const ED25519_PUBLIC: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
/// What stands before the 32 bytes of an Ed25519 seed in a PKCS#8 (RFC 8410).
const ED25519_PRIVATE: &[u8] =
    &[0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
/// What stands before the 65 bytes of a point on P-256 in an SPKI (RFC 5480).
const P256_PUBLIC: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Labels of the two kinds of PEM files.
const PUBLIC: &str = "PUBLIC KEY";
const PRIVATE: &str = "PRIVATE KEY";

/// Why a text is no key, or a key cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

/// The half of a key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: Algorithm,
    /// 32 bytes of Ed25519, or an uncompressed point on P-256.
    raw: Vec<u8>,
    id: String,
}

impl PublicKey {
    /// Reads a key: SPKI in PEM.
    ///
    /// # Errors
    /// When the text is none, or of another algorithm.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem::read(PUBLIC, text).ok_or_else(|| KeyError(format!("not a PEM file with a {PUBLIC}")))?;
        let found = [(Algorithm::Ed25519, ED25519_PUBLIC, 32), (Algorithm::EcdsaP256, P256_PUBLIC, 65)]
            .into_iter()
            .find_map(|(algorithm, prefix, length)| {
                let raw = der.strip_prefix(prefix).filter(|raw| raw.len() == length)?;
                // A compressed point would have another length; this rules out the hybrid form.
                (algorithm == Algorithm::Ed25519 || raw[0] == 4).then(|| Self::new(algorithm, raw.to_vec()))
            });
        found.ok_or_else(|| KeyError("neither an Ed25519 key nor one on P-256 with an uncompressed point".to_owned()))
    }

    fn new(algorithm: Algorithm, raw: Vec<u8>) -> Self {
        let id = hex(&Sha256::digest(spki(algorithm, &raw)));
        Self { algorithm, raw, id }
    }

    /// The key as a file.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write(PUBLIC, &spki(self.algorithm, &self.raw))
    }

    /// SHA-256 of the key (SPKI, DER), 64 hexadecimal digits.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it verifies.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this key made the signature, over these bytes.
    #[must_use]
    pub fn verify(&self, bytes: &[u8], signature: &Signature) -> bool {
        let by_this_key = signature.algorithm == self.algorithm && signature.key == self.id;
        by_this_key
            && match self.algorithm {
                Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, &self.raw).verify(bytes, &signature.raw),
                Algorithm::EcdsaP256 => {
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.raw).verify(bytes, &signature.raw)
                }
            }
            .is_ok()
    }
}

fn spki(algorithm: Algorithm, raw: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::Ed25519 => [ED25519_PUBLIC, raw].concat(),
        Algorithm::EcdsaP256 => [P256_PUBLIC, raw].concat(),
    }
}

/// The half of a key that signs. A partner keeps it; a server never sees one.
pub struct PrivateKey {
    pair: Pair,
    /// PKCS#8, DER.
    der: Vec<u8>,
    public: PublicKey,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    EcdsaP256(Box<EcdsaKeyPair>),
}

impl PrivateKey {
    /// Makes a key. The one place here that asks the system for randomness, with [`Self::sign`].
    ///
    /// # Errors
    /// When the system has none.
    pub fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let none = |_| KeyError("the system gives no random numbers".to_owned());
        let der = match algorithm {
            Algorithm::Ed25519 => {
                let mut seed = [0; 32];
                random.fill(&mut seed).map_err(none)?;
                [ED25519_PRIVATE, &seed].concat()
            }
            Algorithm::EcdsaP256 => {
                let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(none)?;
                pair.as_ref().to_vec()
            }
        };
        Self::from_der(der)
    }

    /// Reads a key: PKCS#8 in PEM, not encrypted.
    ///
    /// # Errors
    /// When the text is none, or of another algorithm.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let der = pem::read(PRIVATE, text)
            .ok_or_else(|| KeyError(format!("not a PEM file with a {PRIVATE} (PKCS#8, not encrypted)")))?;
        Self::from_der(der)
    }

    fn from_der(der: Vec<u8>) -> Result<Self, KeyError> {
        if let Ok(pair) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der) {
            let public = PublicKey::new(Algorithm::Ed25519, pair.public_key().as_ref().to_vec());
            return Ok(Self { pair: Pair::Ed25519(pair), der, public });
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new())
            .map_err(|_| KeyError("neither an Ed25519 key nor one on P-256 (PKCS#8)".to_owned()))?;
        let public = PublicKey::new(Algorithm::EcdsaP256, pair.public_key().as_ref().to_vec());
        Ok(Self { pair: Pair::EcdsaP256(Box::new(pair)), der, public })
    }

    /// The key as a file, for its owner's eyes only.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::write(PRIVATE, &self.der)
    }

    /// The half that verifies.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Signs bytes.
    ///
    /// # Errors
    /// When the system has no random numbers, which ECDSA needs.
    pub fn sign(&self, bytes: &[u8]) -> Result<Signature, KeyError> {
        let raw = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(bytes).as_ref().to_vec(),
            Pair::EcdsaP256(pair) => pair
                .sign(&SystemRandom::new(), bytes)
                .map_err(|_| KeyError("the system gives no random numbers".to_owned()))?
                .as_ref()
                .to_vec(),
        };
        Ok(Signature { algorithm: self.public.algorithm, key: self.public.id.clone(), raw })
    }
}

/// Without the key.
impl std::fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PrivateKey").field("public", &self.public.id).finish_non_exhaustive()
    }
}
