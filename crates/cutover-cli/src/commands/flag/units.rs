//! A file of units, one a line.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufRead, BufReader, Read, stdin};
use std::path::Path;

use crate::context::Context;
use crate::exit::Failure;

/// A whole file of units, for what has to go through them more than once.
pub(super) struct Units {
    text: String,
    /// Where each one is in the text.
    places: Vec<(usize, usize)>,
    /// What else was in the file.
    pub(super) oddities: Oddities,
}

impl Units {
    /// Reads all units of a file; `-` is standard input.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let mut units = Self {
            text: String::new(),
            places: Vec::new(),
            oddities: Oddities::default(),
        };
        let oddities = each_unit(open(path)?, |number, line| {
            let unit = unit(&name, number, line)?;
            let start = units.text.len();
            units.text.push_str(unit);
            units.places.push((start, units.text.len()));
            Ok(())
        })?;
        Ok(Self { oddities, ..units })
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

/// What was found in a file of units beside them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Oddities {
    /// Lines without a unit, which were skipped.
    pub(super) empty: u64,
    /// Lines with a unit that was there before, of the first million units.
    pub(super) again: u64,
}

/// So many units are remembered, to tell which come again.
const REMEMBERED: usize = 1_000_000;

impl Oddities {
    /// Says so when people have reason to look at their file again.
    pub(super) fn tell(self, context: &Context, path: &Path) {
        let lines = |count| match count {
            1 => "1 line".to_owned(),
            many => format!("{many} lines"),
        };
        if self.empty > 0 {
            context.output.warn(format_args!(
                "{}: {} without a unit skipped",
                path.display(),
                lines(self.empty)
            ));
        }
        if self.again > 0 {
            context.output.warn(format_args!(
                "{}: {} with a unit that was there before",
                path.display(),
                lines(self.again)
            ));
        }
    }
}

/// Calls `each` with every unit and the number of its line. The end of a line, a byte order mark
/// and a line with nothing on it are no units.
pub(super) fn each_unit(
    mut input: impl BufRead,
    mut each: impl FnMut(usize, io::Result<&[u8]>) -> Result<(), Failure>,
) -> Result<Oddities, Failure> {
    let mut line = Vec::new();
    let mut number = 0;
    let mut found = Oddities::default();
    let hasher = RandomState::new();
    let mut known = HashSet::new();
    loop {
        line.clear();
        number += 1;
        match input.read_until(b'\n', &mut line) {
            Ok(0) => return Ok(found),
            Ok(_) => {
                let unit = match line.strip_suffix(b"\n") {
                    Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
                    None => line.strip_suffix(b"\r").unwrap_or(&line),
                };
                let unit = match number {
                    1 => unit.strip_prefix(b"\xef\xbb\xbf").unwrap_or(unit),
                    _ => unit,
                };
                if unit.is_empty() {
                    found.empty += 1;
                    continue;
                }
                let hash = hasher.hash_one(unit);
                if known.contains(&hash) {
                    found.again += 1;
                } else if known.len() < REMEMBERED {
                    known.insert(hash);
                }
                each(number, Ok(unit))?;
            }
            Err(error) => {
                each(number, Err(error))?;
                return Ok(found);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_ends_of_lines_and_of_the_file_are_no_part_of_a_unit() {
        let mut units = Vec::new();
        let text = b"\xef\xbb\xbfa\n a \nb\r\nc\r\r\n\n\r\na\n\td\r";
        let found = each_unit(&text[..], |number, line| {
            units.push((number, String::from_utf8(line.unwrap().to_vec()).unwrap()));
            Ok(())
        });
        let read: Vec<_> = units.iter().map(|(_, unit)| unit.as_str()).collect();
        assert_eq!(read, ["a", " a ", "b", "c\r", "a", "\td"]);
        assert_eq!(units[4].0, 7, "the lines that are skipped are counted");
        assert_eq!(found.unwrap(), Oddities { empty: 2, again: 1 });
    }

    #[test]
    fn a_file_of_units_can_be_gone_through_again() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "a\n\nżółw\r\n").unwrap();
        let units = Units::read(file.path()).unwrap();
        assert_eq!(units.count(), 2);
        assert_eq!(units.oddities, Oddities { empty: 1, again: 0 });
        for _ in 0..2 {
            assert_eq!(units.iter().collect::<Vec<_>>(), ["a", "żółw"]);
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
