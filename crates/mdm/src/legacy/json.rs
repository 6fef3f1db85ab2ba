//! Records of a JSON file, as a table of strings.

use std::path::Path;

use serde_json::{Map, Value};

use crate::error::DatasetError;

type Records = (Vec<String>, Vec<Vec<String>>);

/// The columns of the first record, and every record's values for them.
pub(super) fn records(path: &Path, text: &str) -> Result<Records, DatasetError> {
    let document: Value =
        serde_json::from_str(text).map_err(|error| DatasetError::json(path, &error))?;
    let list = match &document {
        Value::Array(list) => Some(list),
        Value::Object(members) => members.values().find_map(|member| match member {
            Value::Array(list) if list.first().is_some_and(Value::is_object) => Some(list),
            _ => None,
        }),
        _ => None,
    };
    let no_records = || DatasetError::NoRecords {
        path: path.to_owned(),
    };
    let mut flat = Vec::new();
    for record in list.ok_or_else(no_records)? {
        let mut cells = Vec::new();
        flatten("", record.as_object().ok_or_else(no_records)?, &mut cells);
        flat.push(cells);
    }
    let names: Vec<String> = flat
        .first()
        .ok_or_else(no_records)?
        .iter()
        .map(|(name, _)| name.clone())
        .collect();
    let rows = flat
        .iter()
        .map(|cells| {
            let value = |name: &String| {
                let found = cells.iter().find(|(known, _)| known == name);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            };
            names.iter().map(value).collect()
        })
        .collect();
    Ok((names, rows))
}

fn flatten(prefix: &str, record: &Map<String, Value>, cells: &mut Vec<(String, String)>) {
    for (key, value) in record {
        let name = if prefix.is_empty() {
            key.clone()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Object(members) => flatten(&name, members, cells),
            Value::Null => cells.push((name, String::new())),
            Value::String(text) => cells.push((name, text.trim().to_owned())),
            other => cells.push((name, other.to_string())),
        }
    }
}
