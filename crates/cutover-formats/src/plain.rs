//! Plain text, line by line.

use cutover_domain::tree::{BuildError, Tree, TreeBuilder};

/// A text as an array of its lines, the one way in which texts are compared.
///
/// Nothing is lost: a line end at the very end makes a last, empty line, so that a missing one is
/// a difference; a carriage return belongs to its line. A line that is not UTF-8 is an object with
/// its bytes, escaped, which no line of text equals.
///
/// ```
/// let tree = cutover_formats::text_lines(b"one\ntwo\r\n\xFF")?;
/// assert_eq!(tree.to_json(), r#"["one","two\r",{"bytes":"\\xff"}]"#);
/// # Ok::<(), cutover_domain::tree::BuildError>(())
/// ```
///
/// # Errors
///
/// [`BuildError::TooLarge`] past 4 GiB of text.
pub fn text_lines(bytes: &[u8]) -> Result<Tree, BuildError> {
    let mut builder = TreeBuilder::with_capacity(bytes.len() / 32 + 1, bytes.len());
    builder.begin_array();
    for line in bytes.split(|byte| *byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(text) => builder.string(text),
            Err(_) => {
                builder.begin_object();
                builder.key("bytes");
                builder.string(&line.escape_ascii().to_string());
                // One member cannot be there twice.
                builder.end_object().ok();
            }
        }
    }
    builder.end_array();
    builder.finish()
}
