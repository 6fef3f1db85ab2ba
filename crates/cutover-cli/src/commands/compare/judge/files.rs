//! The files that both sides wrote, name by name.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::{Duration, Instant};

use cutover_domain::comparison::{Digester, Redaction};
use cutover_domain::tree::{Tree, TreeBuilder};
use cutover_formats::Format;
use serde_json::{Value, json};

use super::reading::{Read, ReadAs, read_alone, read_pair};
#[cfg(feature = "tables")]
use super::table::{TableType, Trouble};
use super::wanted::Wanted;
use crate::commands::compare::quantity::show_size;
use crate::runner::{Execution, OutputFile, Stop};

/// The sizes of so many files are recorded.
const RECORDED: usize = 100;

/// How long reading large files may take.
#[derive(Clone, Copy)]
pub(super) struct Patience<'a> {
    stop: &'a Stop,
    timeout: Duration,
    /// For ever, where there is none.
    until: Option<Instant>,
}

impl<'a> Patience<'a> {
    /// From now on, unless the run is stopped.
    pub(super) fn new(stop: &'a Stop, timeout: Duration) -> Self {
        let until = Instant::now().checked_add(timeout);
        Self {
            stop,
            timeout,
            until,
        }
    }

    /// # Errors
    ///
    /// It is at its end.
    fn check(&self) -> io::Result<()> {
        if self.stop.is_asked() {
            return Err(io::Error::other("the run was stopped"));
        }
        if self.until.is_none_or(|until| Instant::now() < until) {
            return Ok(());
        }
        let problem = format!(
            "it is too large to be compared within {:?}; give it more with --timeout",
            self.timeout
        );
        Err(io::Error::new(io::ErrorKind::TimedOut, problem))
    }
}

/// Reads the files of both sides. `kinds` says what those of each output are read as; `limit` is
/// how much is held in memory of each side.
pub(super) fn read_files(
    kinds: &[Wanted],
    limit: usize,
    patience: Patience<'_>,
    old: &Execution,
    new: &Execution,
) -> Result<Vec<(String, Read)>, String> {
    let side = |name: &str, why: &String| format!("{name}: {why}");
    let old = old.files.as_ref().map_err(|why| side("old", why))?;
    let new = new.files.as_ref().map_err(|why| side("new", why))?;
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut budget = Budget {
        limit,
        left: limit,
        patience,
    };
    let automatic = Wanted::auto();
    let mut parts = Vec::with_capacity(names.len());
    for name in names {
        let kind = |file: &OutputFile| kinds.get(file.output).unwrap_or(&automatic);
        let read = match (old.get(name), new.get(name)) {
            (Some(old), Some(new)) => {
                let wanted = kind(old);
                let read = budget.both(&wanted.read_as, name, &old.path, &new.path)?;
                let read = read.paired(&wanted.pairing);
                read.map_err(|why| format!("{name}: {why}"))?
            }
            (Some(old), None) => {
                let (tree, unread) = budget.alone(&kind(old).read_as, name, &old.path)?;
                Read {
                    old: Some(tree),
                    unread,
                    ..Read::same("none")
                }
            }
            (None, Some(new)) => {
                let (tree, unread) = budget.alone(&kind(new).read_as, name, &new.path)?;
                Read {
                    new: Some(tree),
                    unread,
                    ..Read::same("none")
                }
            }
            (None, None) => continue,
        };
        parts.push((name.clone(), read));
    }
    Ok(parts)
}

/// Sizes of the files, and what they were read as, for the record.
pub(super) fn described(
    redaction: &Redaction,
    parts: &[(String, Read)],
    old: &Execution,
    new: &Execution,
) -> Value {
    let bytes = |side: &Execution, name: &str| {
        let file = side.files.as_ref().ok()?.get(name)?;
        std::fs::metadata(&file.path).ok().map(|file| file.len())
    };
    let files = parts.iter().take(RECORDED).map(|(name, read)| {
        let file = json!({
            "read_as": read.read_as,
            "old_bytes": bytes(old, name),
            "new_bytes": bytes(new, name),
        });
        (redaction.text(name).into_owned(), file)
    });
    Value::Object(files.collect())
}

/// How much may still be held in memory of each side.
struct Budget<'a> {
    limit: usize,
    left: usize,
    patience: Patience<'a>,
}

impl Budget<'_> {
    fn both(
        &mut self,
        read_as: &ReadAs,
        name: &str,
        old: &Path,
        new: &Path,
    ) -> Result<Read, String> {
        let trouble = |error| format!("{name} cannot be read: {error}");
        #[cfg(feature = "tables")]
        if let Some(table) = read_as.table(name)
            && let Some(read) = self.tables(read_as, &table, name, [old, new])?
        {
            return Ok(read);
        }
        let whole = if *read_as == ReadAs::Bytes {
            None
        } else {
            match (
                self.content(old).map_err(trouble)?,
                self.content(new).map_err(trouble)?,
            ) {
                (Some(old), Some(new)) => Some((old, new)),
                _ => None,
            }
        };
        if let Some((old, new)) = whole {
            self.left -= old.len().max(new.len());
            let unreadable = |why| format!("{name}: {why}");
            let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
            let unnamed = Format::of_file(name).is_none();
            if !(*read_as == ReadAs::Auto && unnamed && !(is_text(&old) && is_text(&new))) {
                return read_pair(read_as, Some(name), &old, &new).map_err(unreadable);
            }
        }
        let parted = parting(old, new, &self.patience).map_err(trouble)?;
        if parted == Parting::Nowhere {
            return Ok(Read::same("bytes"));
        }
        let is_document = match read_as {
            ReadAs::Auto => Format::of_file(name).is_some(),
            ReadAs::Document(_) => true,
            _ => false,
        };
        if is_document {
            // Also of two sizes: a document may be written with more space, and say the same.
            return Err(format!(
                "the bytes of {name} differ, which may say the same; it was not read to tell, as the \
                 files of a side are larger than {} together; allow more with --max-output, or \
                 compare its bytes with --output {name}=bytes",
                show_size(self.limit as u64)
            ));
        }
        let [old_bytes, new_bytes] = [size_of(old), size_of(new)];
        let (old_bytes, new_bytes) = (old_bytes.map_err(trouble)?, new_bytes.map_err(trouble)?);
        // Of two sizes no more is read than is held in memory anyway.
        let digested = match parted {
            Parting::InSize => self.limit as u64,
            _ => DIGESTED.max(self.limit as u64),
        };
        let fingerprints = match parted {
            _ if old_bytes.max(new_bytes) <= digested => [
                Fingerprint::of(old, &self.patience).map_err(trouble)?,
                Fingerprint::of(new, &self.patience).map_err(trouble)?,
            ],
            // What is known already tells them apart; the rest of them is not read for it.
            Parting::At(offset, [old, new]) => [
                Fingerprint::at(old_bytes, offset, old),
                Fingerprint::at(new_bytes, offset, new),
            ],
            Parting::Nowhere | Parting::InSize => [
                Fingerprint::of_size(old_bytes),
                Fingerprint::of_size(new_bytes),
            ],
        };
        let [old, new] = fingerprints;
        if old == new {
            return Err(format!("{name} differs, and its digest cannot say where"));
        }
        Ok(Read {
            old: Some(old.tree()),
            new: Some(new.tree()),
            ..Read::same("bytes")
        })
    }

    /// Two files as tables; nothing where a name alone says that they are, and they are not.
    #[cfg(feature = "tables")]
    fn tables(
        &mut self,
        read_as: &ReadAs,
        table: &TableType,
        name: &str,
        [old, new]: [&Path; 2],
    ) -> Result<Option<Read>, String> {
        let promised = *read_as == ReadAs::Auto;
        if promised {
            let trouble = |error| format!("{name} cannot be read: {error}");
            let parted = parting(old, new, &self.patience).map_err(trouble)?;
            if parted == Parting::Nowhere {
                return Ok(Some(Read::same("bytes")));
            }
            if !(table.fits(old) || table.fits(new)) {
                return Ok(None);
            }
        }
        if table.is_text() {
            // No rows of it would fit, and reading is not broken off.
            for path in [old, new] {
                self.refuse_too_large(name, path)?;
            }
        }
        match table.files(name, old, new, self.memory()) {
            Ok(read) => {
                let size = |tree: &Option<Tree>| tree.as_ref().map_or(0, Tree::heap_bytes);
                let taken = size(&read.old).max(size(&read.new)) / ROOM;
                self.left = self.left.saturating_sub(taken);
                Ok(Some(read))
            }
            Err(Trouble::Neither(_)) if promised && table.is_text() => Ok(None),
            Err(Trouble::Neither(why)) => Err(format!("{name}: {why}")),
            Err(Trouble::Other(why)) => Err(format!(
                "{name}: {why}; --max-output allows more, {name}=bytes compares its bytes"
            )),
        }
    }

    #[cfg(feature = "tables")]
    fn refuse_too_large(&self, name: &str, path: &Path) -> Result<(), String> {
        let size = size_of(path).unwrap_or(0);
        if size <= self.memory() {
            return Ok(());
        }
        Err(format!(
            "{name} has {}, more than its rows may take; --max-output allows more, {name}=bytes \
             compares its bytes",
            show_size(size)
        ))
    }

    /// What the rows of a table may take: values take more room than they do in a file.
    #[cfg(feature = "tables")]
    fn memory(&self) -> u64 {
        (self.left as u64).saturating_mul(ROOM as u64)
    }

    /// A file that the other side does not have, and whether it was to be a document and is none.
    fn alone(&mut self, read_as: &ReadAs, name: &str, path: &Path) -> Result<(Tree, bool), String> {
        let trouble = |error| format!("{name} cannot be read: {error}");
        #[cfg(feature = "tables")]
        if let Some(table) = read_as.table(name)
            && (!table.is_text() || self.refuse_too_large(name, path).is_ok())
            && let Some(tree) = table.file_alone(path, self.memory())
        {
            return Ok((tree, false));
        }
        if *read_as != ReadAs::Bytes
            && let Some(content) = self.content(path).map_err(trouble)?
        {
            return Ok(read_alone(read_as, name, &content));
        }
        let bytes = size_of(path).map_err(trouble)?;
        let fingerprint = if bytes > self.limit as u64 {
            Fingerprint::of_size(bytes)
        } else {
            Fingerprint::of(path, &self.patience).map_err(trouble)?
        };
        Ok((fingerprint.tree(), false))
    }

    /// The whole content, where there is room for it.
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let mut content = Vec::new();
        let room = self.left as u64;
        File::open(path)?.take(room + 1).read_to_end(&mut content)?;
        Ok((content.len() as u64 <= room).then_some(content))
    }
}

/// Length and digest of a file; of a large one, in the place of the digest, the byte in which it parts
/// from the other.
#[derive(PartialEq, Eq)]
struct Fingerprint {
    bytes: u64,
    digest: Option<String>,
    /// An offset, and what is there.
    byte: Option<(u64, u8)>,
}

impl Fingerprint {
    fn of_size(bytes: u64) -> Self {
        Self {
            bytes,
            digest: None,
            byte: None,
        }
    }

    fn at(bytes: u64, offset: u64, byte: u8) -> Self {
        Self {
            byte: Some((offset, byte)),
            ..Self::of_size(bytes)
        }
    }

    fn of(path: &Path, patience: &Patience<'_>) -> io::Result<Self> {
        let (mut digester, mut bytes) = (Digester::default(), 0);
        let mut file = File::open(path)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            patience.check()?;
            let count = file.read(&mut buffer)?;
            if count == 0 {
                break;
            }
            digester.update(&buffer[..count]);
            bytes += count as u64;
        }
        Ok(Self {
            digest: Some(digester.finish()),
            ..Self::of_size(bytes)
        })
    }

    fn tree(&self) -> Tree {
        let mut builder = TreeBuilder::new();
        builder.begin_object();
        builder.key("bytes");
        builder.integer(i64::try_from(self.bytes).unwrap_or(i64::MAX));
        if let Some(digest) = &self.digest {
            builder.key("digest");
            builder.string(digest);
        }
        if let Some((offset, byte)) = self.byte {
            builder.key("offset");
            builder.integer(i64::try_from(offset).unwrap_or(i64::MAX));
            builder.key("byte");
            builder.integer(byte.into());
        }
        // Members of different names.
        let _ = builder.end_object();
        builder.finish().unwrap_or_else(|_| Tree::null())
    }
}

/// Files up to this size are read once more for their digest, where they are of one size.
const DIGESTED: u64 = 256 << 20;

const CHUNK: usize = 64 * 1024;
/// So many times the room of a file are its values given in memory.
#[cfg(feature = "tables")]
const ROOM: usize = 4;

fn size_of(path: &Path) -> io::Result<u64> {
    Ok(path.metadata()?.len())
}

/// Where two files part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Parting {
    Nowhere,
    /// One is longer; nothing was read.
    InSize,
    /// At this offset, with these bytes.
    At(u64, [u8; 2]),
}

/// Byte by byte: a digest is for people to see, not for proof.
fn parting(old: &Path, new: &Path, patience: &Patience<'_>) -> io::Result<Parting> {
    let (old, new) = (File::open(old)?, File::open(new)?);
    if old.metadata()?.len() != new.metadata()?.len() {
        return Ok(Parting::InSize);
    }
    let (mut old, mut new) = (io::BufReader::new(old), io::BufReader::new(new));
    let (mut left, mut right) = (vec![0; CHUNK], vec![0; CHUNK]);
    let mut offset = 0;
    loop {
        patience.check()?;
        let count = old.read(&mut left)?;
        if count == 0 {
            let is_end = new.read(&mut right)? == 0;
            return Ok(if is_end {
                Parting::Nowhere
            } else {
                Parting::InSize
            });
        }
        match new.read_exact(&mut right[..count]) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Ok(Parting::InSize);
            }
            Err(error) => return Err(error),
        }
        let (old, new) = (&left[..count], &right[..count]);
        // Comparing slices is faster than looking for the place.
        if old != new
            && let Some(at) = old.iter().zip(new).position(|(old, new)| old != new)
        {
            return Ok(Parting::At(offset + at as u64, [old[at], new[at]]));
        }
        offset += count as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What two contents of one name were read as and whether both were found the same.
    fn both(
        read_as: ReadAs,
        name: &str,
        limit: usize,
        old: &[u8],
        new: &[u8],
    ) -> Result<Read, String> {
        let folder = tempfile::tempdir().unwrap();
        let (left, right) = (folder.path().join("old"), folder.path().join("new"));
        std::fs::write(&left, old).unwrap();
        std::fs::write(&right, new).unwrap();
        let stop = Stop::default();
        let mut budget = Budget {
            limit,
            left: limit,
            patience: Patience::new(&stop, Duration::MAX),
        };
        budget.both(&read_as, name, &left, &right)
    }

    #[test]
    fn what_nobody_knows_is_text_where_it_is_and_else_a_digest() {
        let read = both(ReadAs::Auto, "data.x", 100, b"a\nb", b"a\nc").unwrap();
        assert_eq!(read.read_as, "text");
        let read = both(ReadAs::Auto, "data.x", 100, b"a\xff", b"a\xfe").unwrap();
        assert_eq!(read.read_as, "bytes");
        assert!(read.old.unwrap().to_json().contains("xxh3:"));
        let read = both(ReadAs::Auto, "data.x", 100, b"\xff", b"\xff").unwrap();
        assert!(read.old.is_none() && read.new.is_none());
    }

    #[test]
    fn the_size_alone_tells_large_files_apart_and_reading_ends_with_the_patience() {
        let folder = tempfile::tempdir().unwrap();
        let sparse = |name: &str, bytes: u64| {
            let path = folder.path().join(name);
            File::create(&path).unwrap().set_len(bytes).unwrap();
            path
        };
        let (huge, other) = (sparse("old", 1 << 40), sparse("new", 1 << 40));
        let longer = sparse("longer", (1 << 40) + 1);
        let stop = Stop::default();
        let budget = |timeout| Budget {
            limit: 1000,
            left: 1000,
            patience: Patience::new(&stop, timeout),
        };
        let whole = Duration::MAX;
        for kind in [ReadAs::Bytes, ReadAs::Auto] {
            let read = budget(whole).both(&kind, "x.bin", &huge, &longer).unwrap();
            assert_eq!(read.old.unwrap().to_json(), r#"{"bytes":1099511627776}"#);
            let alone = budget(whole).alone(&kind, "x.bin", &huge).unwrap();
            assert_eq!(alone.0.to_json(), r#"{"bytes":1099511627776}"#);
            let error = budget(Duration::ZERO).both(&kind, "x.bin", &huge, &other);
            assert!(error.unwrap_err().contains("--timeout"));
        }
        #[cfg(feature = "tables")]
        {
            let error = budget(whole).both(&ReadAs::by_name("csv").unwrap(), "x", &huge, &other);
            assert!(error.unwrap_err().contains("--max-output"));
        }
        // A difference that was found is told at once, however much there is to read after it.
        let changed = sparse("changed", 1 << 40);
        let mut file = File::options().write(true).open(&changed).unwrap();
        std::io::Write::write_all(&mut file, b"..x").unwrap();
        let read = budget(whole)
            .both(&ReadAs::Bytes, "x", &huge, &changed)
            .unwrap();
        let told = [read.old, read.new].map(|side| side.unwrap().to_json());
        assert_eq!(
            told,
            [
                r#"{"bytes":1099511627776,"offset":0,"byte":0}"#,
                r#"{"bytes":1099511627776,"offset":0,"byte":46}"#,
            ]
        );
        stop.ask();
        let error = budget(whole).both(&ReadAs::Bytes, "x", &huge, &other);
        assert!(error.unwrap_err().contains("stopped"));
    }

    #[test]
    fn what_is_too_large_is_compared_byte_by_byte_and_never_guessed() {
        let (large, other) = ([b'1'; 300_000], [&[b'1'; 299_999][..], b"2"].concat());
        let read = both(ReadAs::Bytes, "x", 1, &large, &other).unwrap();
        assert_ne!(read.old, read.new);
        for kind in [ReadAs::Bytes, ReadAs::Auto, ReadAs::Document(Format::Text)] {
            assert!(
                both(kind, "x.json", 1000, &large, &large)
                    .unwrap()
                    .old
                    .is_none()
            );
        }
        let shorter = &large[1..];
        for other in [&other[..], shorter] {
            let error = both(ReadAs::Auto, "x.json", 1000, &large, other).unwrap_err();
            assert!(
                error.contains("may say the same") && error.contains("--max-output"),
                "{error}"
            );
        }
        let shorter = both(ReadAs::Bytes, "x", 1, &large, shorter).unwrap();
        assert!(shorter.old.unwrap().to_json().contains("300000"));
    }
}
