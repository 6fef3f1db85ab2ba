//! Many logical datasets out of the real files: each file as a whole, and cut into parts as a
//! manager of partitioned data holds them. A part has the records of its file, byte for byte.

use std::fs;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder};
use serde_json::Value;

use crate::error::DatasetError;
use crate::modern::{self, Release};
use crate::profile::Format;
use crate::source::{DatasetName, ProfileRequest, format_of};

/// About how many records a part has, and how many parts a file is cut into at most.
const PART: usize = 120;
const PARTS: usize = 24;

/// A dataset of the demonstration: the unit that flags decide about.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// Its name: that of its file, and the number of the part.
    pub name: DatasetName,
    /// Where it is.
    pub file: PathBuf,
}

/// Copies every file of `data` into `folder`, whole and in parts.
///
/// # Errors
///
/// A file that cannot be read or written.
pub fn prepare(data: &Path, folder: &Path) -> Result<Vec<Dataset>, DatasetError> {
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error: std::io::Error| DatasetError::io(&path, &error)
    };
    fs::create_dir_all(folder).map_err(io(folder))?;
    let entries = fs::read_dir(data).map_err(io(data))?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(io(data))?.path();
        if format_of(&file).is_ok() {
            files.push(file);
        }
    }
    files.sort();

    let mut datasets = Vec::new();
    for file in files {
        let name = DatasetName::from_file(&file)?;
        let extension = file
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let bytes = fs::read(&file).map_err(io(&file))?;
        let mut add = |name: String, bytes: &[u8]| {
            let file = folder.join(format!("{name}.{extension}"));
            fs::write(&file, bytes).map_err(io(&file))?;
            datasets.push(Dataset {
                name: name.parse()?,
                file,
            });
            Ok::<(), DatasetError>(())
        };
        // The extension keeps two files of one name apart.
        let name = if extension == "csv" {
            name.to_string()
        } else {
            format!("{name}-{extension}")
        };
        add(name.clone(), &bytes)?;
        let parts = match format_of(&file)? {
            Format::Csv => cut_delimited(&file, &bytes),
            Format::Json => cut_json(&bytes),
        };
        for (number, part) in (1..).zip(parts) {
            add(format!("{name}-{number:02}"), &part)?;
        }
    }
    Ok(datasets)
}

/// The parts of delimited text, each with the header of the whole. None when it is refused as a
/// whole, or too short to be cut.
fn cut_delimited(file: &Path, bytes: &[u8]) -> Vec<Vec<u8>> {
    let Ok(profile) = modern::profile(&ProfileRequest::new(file), Release::default()) else {
        return Vec::new();
    };
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .delimiter(profile.delimiter.map_or(b',', |delimiter| delimiter as u8))
        .from_reader(bytes);
    let mut starts = Vec::new();
    let mut record = ByteRecord::new();
    loop {
        let start = reader.position().byte() as usize;
        if !reader.read_byte_record(&mut record).unwrap_or(false) {
            break;
        }
        starts.push(start);
    }
    starts.push(bytes.len());

    let header = if profile.header {
        &bytes[..starts[1]]
    } else {
        &[]
    };
    let body = &starts[usize::from(profile.header)..];
    spans(body.len() - 1)
        .map(|(from, to)| [header, &bytes[body[from]..body[to]]].concat())
        .collect()
}

fn cut_json(bytes: &[u8]) -> Vec<Vec<u8>> {
    let records = match serde_json::from_slice(bytes) {
        Ok(Value::Array(records)) => records,
        Ok(Value::Object(members)) => members
            .into_iter()
            .find_map(|(_, member)| match member {
                Value::Array(records) if records.first().is_some_and(Value::is_object) => {
                    Some(records)
                }
                _ => None,
            })
            .unwrap_or_default(),
        _ => return Vec::new(),
    };
    spans(records.len())
        .filter_map(|(from, to)| serde_json::to_vec(&records[from..to]).ok())
        .collect()
}

/// Where the parts of so many records begin and end; nothing when there would be only one.
fn spans(records: usize) -> impl Iterator<Item = (usize, usize)> {
    let parts = (records / PART).min(PARTS);
    let parts = if parts < 2 { 0 } else { parts };
    (0..parts).map(move |part| (part * records / parts, (part + 1) * records / parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_all_records_of_the_whole() {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
        let folder = tempfile::tempdir().unwrap();
        let datasets = prepare(&data, folder.path()).unwrap();
        assert!(datasets.len() >= 200, "{}", datasets.len());
        let rows = |dataset: &Dataset| {
            modern::profile(&ProfileRequest::new(&dataset.file), Release::default())
                .unwrap()
                .rows
        };
        for whole in [
            "language-subtags",
            "unicode-characters",
            "earthquakes-json",
            "planes",
        ] {
            let (mut total, mut parts) = (0, 0);
            for dataset in &datasets {
                let part = dataset.name.as_str().strip_prefix(whole);
                if part.is_some_and(|part| part.starts_with('-')) {
                    parts += 1;
                    total += rows(dataset);
                }
            }
            let whole = datasets
                .iter()
                .find(|dataset| dataset.name.as_str() == whole)
                .unwrap();
            assert!(parts > 1, "{whole:?}");
            assert_eq!(total, rows(whole), "{whole:?}");
        }
    }
}
