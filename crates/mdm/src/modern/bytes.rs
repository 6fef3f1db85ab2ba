//! The first pass: is it text, and in which encoding?

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use crate::error::DatasetError;
use crate::profile::Encoding;

const BLOCK: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads every byte once, in constant memory.
pub(super) fn inspect(path: &Path) -> Result<Encoding, DatasetError> {
    let fail = |error: io::Error| DatasetError::io(path, &error);
    let mut file = File::open(path).map_err(fail)?;
    let mut buffer = vec![0; BLOCK];
    // A sequence that the end of a block cuts is put before the next block.
    let mut kept = 0;
    let mut offset = 0_u64;
    let mut blank = true;
    let mut utf8 = true;
    loop {
        let read = file.read(&mut buffer[kept..]).map_err(fail)?;
        if read == 0 {
            break;
        }
        let fresh = &buffer[kept..kept + read];
        if let Some(at) = fresh.iter().position(|&byte| byte == 0) {
            return Err(DatasetError::Binary {
                path: path.to_owned(),
                offset: offset + at as u64,
            });
        }
        blank &= fresh
            .strip_prefix(BYTE_ORDER_MARK)
            .unwrap_or(fresh)
            .trim_ascii()
            .is_empty();
        offset += read as u64;

        let end = kept + read;
        kept = 0;
        if utf8 && let Err(error) = std::str::from_utf8(&buffer[..end]) {
            if error.error_len().is_some() {
                utf8 = false;
            } else {
                buffer.copy_within(error.valid_up_to()..end, 0);
                kept = end - error.valid_up_to();
            }
        }
    }
    if blank {
        return Err(DatasetError::Empty {
            path: path.to_owned(),
        });
    }
    Ok(if utf8 && kept == 0 {
        Encoding::Utf8
    } else {
        Encoding::Latin1
    })
}

/// Opens the file as UTF-8, without a byte order mark, whatever its encoding is.
pub(super) fn open(path: &Path, encoding: Encoding) -> io::Result<Box<dyn Read>> {
    let mut file = BufReader::with_capacity(BLOCK, File::open(path)?);
    skip_mark(&mut file)?;
    Ok(match encoding {
        Encoding::Utf8 => Box::new(file),
        Encoding::Latin1 => Box::new(Transcoded {
            bytes: file,
            pending: None,
        }),
    })
}

fn skip_mark(file: &mut BufReader<File>) -> io::Result<()> {
    use std::io::BufRead;
    if file.fill_buf()?.starts_with(BYTE_ORDER_MARK) {
        file.consume(BYTE_ORDER_MARK.len());
    }
    Ok(())
}

/// ISO 8859-1 read as UTF-8: a byte from 0x80 on becomes two.
struct Transcoded {
    bytes: BufReader<File>,
    pending: Option<u8>,
}

impl Read for Transcoded {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        if let (Some(byte), Some(first)) = (self.pending, out.first_mut()) {
            *first = byte;
            self.pending = None;
            written = 1;
        }
        // Half of the room is enough even when every byte becomes two.
        let mut raw = [0; 4096];
        let room = (out.len() - written).div_ceil(2).min(raw.len());
        let read = self.bytes.read(&mut raw[..room])?;
        for &byte in &raw[..read] {
            if byte < 0x80 {
                out[written] = byte;
                written += 1;
                continue;
            }
            out[written] = 0xc0 | (byte >> 6);
            written += 1;
            let low = 0x80 | (byte & 0x3f);
            match out.get_mut(written) {
                Some(place) => {
                    *place = low;
                    written += 1;
                }
                None => self.pending = Some(low),
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    #[test]
    fn the_encoding_is_found_also_where_blocks_meet() {
        let mut text = vec![b'x'; BLOCK - 1];
        text.extend("é".as_bytes());
        text.extend(vec![b'y'; BLOCK]);
        assert_eq!(inspect(file(&text).path()), Ok(Encoding::Utf8));
        text.pop();
        text.push(0xe9);
        assert_eq!(inspect(file(&text).path()), Ok(Encoding::Latin1));
    }

    #[test]
    fn what_is_not_text_is_refused() {
        assert!(matches!(
            inspect(file(b"ab\0").path()),
            Err(DatasetError::Binary { offset: 2, .. })
        ));
        assert!(matches!(
            inspect(file(b"").path()),
            Err(DatasetError::Empty { .. })
        ));
        assert!(matches!(
            inspect(file(b"\xef\xbb\xbf \r\n").path()),
            Err(DatasetError::Empty { .. })
        ));
        assert!(matches!(
            inspect(Path::new("no/such.csv")),
            Err(DatasetError::NotFound { .. })
        ));
    }

    #[test]
    fn latin1_is_read_as_utf8_through_a_buffer_of_any_size() {
        let bytes: Vec<u8> = (1..=255).collect();
        let expected: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        let file = file(&bytes);
        for size in [1, 2, 3, 7, 4096] {
            let mut reader = open(file.path(), Encoding::Latin1).unwrap();
            let (mut out, mut buffer) = (Vec::new(), vec![0; size]);
            loop {
                let read = reader.read(&mut buffer).unwrap();
                if read == 0 {
                    break;
                }
                out.extend(&buffer[..read]);
            }
            assert_eq!(
                String::from_utf8(out).unwrap(),
                expected,
                "buffer of {size}"
            );
        }
    }
}
