//! HMAC-SHA256 (RFC 2104) over parts, and its check in constant time.

use sha2::{Digest, Sha256};

/// Bytes of a key and of a code.
pub(super) const LEN: usize = 32;
/// Block of SHA-256, to which the key is padded.
const BLOCK: usize = 64;

/// The code of a message given in parts. The parts are joined as they are, so a
/// caller with parts of varying length puts their lengths in.
pub(super) fn hmac(key: &[u8; LEN], parts: &[&[u8]]) -> [u8; LEN] {
    let keyed = |pad: u8| {
        let mut block = [pad; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        Sha256::new_with_prefix(block)
    };
    let mut inner = keyed(0x36);
    parts.iter().for_each(|part| inner.update(part));
    keyed(0x5c).chain_update(inner.finalize()).finalize().into()
}

/// Whether two codes are equal, in a time that does not depend on where they differ.
pub(super) fn equal(a: &[u8; LEN], b: &[u8; LEN]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |difference, (a, b)| difference | (a ^ b))) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// RFC 4231 (test cases 1 and 2), whose keys are shorter than a digest and
    /// therefore padded with zeros, as they would be inside the block.
    #[test]
    fn agrees_with_the_published_vectors() {
        let mut key = [0; LEN];
        key[..20].fill(0x0b);
        assert_eq!(
            hex(&hmac(&key, &[b"Hi ", b"There"])),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        );
        let mut key = [0; LEN];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex(&hmac(&key, &[b"what do ya want for nothing?"])),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn equality_sees_every_bit() {
        let a = hmac(&[1; LEN], &[b"x"]);
        let mut b = a;
        assert!(equal(&a, &b));
        b[LEN - 1] ^= 1;
        assert!(!equal(&a, &b));
    }
}
