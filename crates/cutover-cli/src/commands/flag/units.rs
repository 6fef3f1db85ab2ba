//! A file of units, one a line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::Path;

use crate::exit::Failure;

/// A whole file of units, for what has to go through them more than once.
pub(super) struct Units {
    text: String,
    /// Where each one is in the text.
    places: Vec<(usize, usize)>,
}

impl Units {
    /// Reads all units of a file; `-` is standard input.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let mut units = Self {
            text: String::new(),
            places: Vec::new(),
        };
        each_unit(open(path)?, |number, line| {
            let unit = unit(&name, number, line)?;
            let start = units.text.len();
            units.text.push_str(unit);
            units.places.push((start, units.text.len()));
            Ok(())
        })?;
        Ok(units)
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.places.len()
    }

    /// All of them, in the order of the file.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places
            .iter()
            .map(|(start, end)| &self.text[*start..*end])
    }
}

/// Opens a file to read; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Box<dyn BufRead>, Failure> {
    if path.as_os_str() == "-" {
        return Ok(Box::new(stdin().lock()));
    }
    let file = File::open(path)
        .map_err(|error| Failure::io(format_args!("open {}", path.display()), &error))?;
    Ok(Box::new(BufReader::with_capacity(1 << 16, file)))
}

/// Reads a file whole, up to `limit` bytes; `-` is standard input.
pub(super) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let name = path.display();
    let mut bytes = Vec::new();
    open(path)?
        .take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::io(format_args!("read {name}"), &error))?;
    if bytes.len() as u64 > limit {
        return Err(Failure::trouble(format_args!(
            "{name} is larger than {} MiB",
            limit >> 20
        )));
    }
    Ok(bytes)
}

/// The unit on a line that was read.
pub(super) fn unit<'a>(
    name: &impl std::fmt::Display,
    number: usize,
    line: io::Result<&'a [u8]>,
) -> Result<&'a str, Failure> {
    let line = line.map_err(|error| Failure::io(format_args!("read {name}"), &error))?;
    std::str::from_utf8(line).map_err(|error| {
        let column = error.valid_up_to() + 1;
        Failure::trouble(format_args!(
            "{name}:{number}:{column}: the unit is not UTF-8"
        ))
    })
}

/// Calls `each` with every line and its number. Only `\n` or `\r\n` is no part of a unit.
pub(super) fn each_unit(
    mut input: impl BufRead,
    mut each: impl FnMut(usize, io::Result<&[u8]>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        number += 1;
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(()),
            Ok(_) => {
                let unit = match line.strip_suffix(b"\n") {
                    Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
                    None => &line[..],
                };
                each(number, Ok(unit))?;
            }
            Err(error) => return each(number, Err(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_line_is_stripped() {
        let mut units = Vec::new();
        each_unit(&b" a \nb\r\nc\r\r\n\n\td\r"[..], |_, line| {
            units.push(String::from_utf8(line.unwrap().to_vec()).unwrap());
            Ok(())
        })
        .unwrap();
        assert_eq!(units, [" a ", "b", "c\r", "", "\td\r"]);
    }

    #[test]
    fn a_file_of_units_can_be_gone_through_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n\nżółw\r\n").unwrap();
        let units = Units::read(file.path()).unwrap();
        assert_eq!(units.count(), 3);
        for _ in 0..2 {
            assert_eq!(units.iter().collect::<Vec<_>>(), ["a", "", "żółw"]);
        }
        std::fs::write(file.path(), b"a\nb\xFF\n").unwrap();
        let error = Units::read(file.path()).err().unwrap().to_string();
        assert!(error.ends_with(":2:2: the unit is not UTF-8"), "{error}");
    }

    #[test]
    fn a_file_past_the_limit_is_refused() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![b' '; 1 << 20]).unwrap();
        assert_eq!(read_whole(file.path(), 1 << 20).unwrap().len(), 1 << 20);
        let error = read_whole(file.path(), (1 << 20) - 1).unwrap_err();
        assert!(
            error.to_string().ends_with("is larger than 0 MiB"),
            "{error}"
        );
    }
}
