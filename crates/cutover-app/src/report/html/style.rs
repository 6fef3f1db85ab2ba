//! The style sheet, and the policy that allows it and nothing else.

/// The page's only style.
pub(super) const SHEET: &str = include_str!("sheet.css");

/// The sheet is named by its SHA-256, so that nothing that gets into the page can bring a style of
/// its own; scripts and requests are out altogether. A test holds the digest to the sheet.
pub(super) const POLICY: &str = "default-src 'none'; img-src data:; base-uri 'none'; \
     form-action 'none'; style-src 'sha256-Qk4VlltumXDhTIj2ZEjz9j2Yr+1BFltUip/buzXMYnw='";

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    fn base64(bytes: &[u8]) -> String {
        const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut text = String::new();
        for chunk in bytes.chunks(3) {
            let bits = chunk
                .iter()
                .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
                << (8 * (3 - chunk.len()));
            for place in 0..4 {
                let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
                text.push(if place <= chunk.len() {
                    char::from(letter)
                } else {
                    '='
                });
            }
        }
        text
    }

    #[test]
    fn the_policy_allows_this_sheet() {
        assert_eq!(base64(b"Man"), "TWFu");
        assert_eq!(base64(b"Ma"), "TWE=");
        let digest = base64(&Sha256::digest(SHEET.as_bytes()));
        assert!(
            POLICY.contains(&format!("'sha256-{digest}'")),
            "the sheet's digest is {digest}"
        );
    }
}
