//! As much of JSON Schema as the files in `docs/schema` use: enough to prove that they describe what
//! is really written, field by field.
//!
//! ```
//! use cutover_testkit::json_schema::problems;
//! use serde_json::json;
//!
//! let schema = json!({"type": "object", "properties": {"share": {"type": "number", "maximum": 1}}});
//! assert_eq!(problems(&schema, &json!({"share": 0.5})), [""; 0]);
//! assert_eq!(problems(&schema, &json!({"share": 2})), ["$.share is 2, above 1"]);
//! assert_eq!(problems(&schema, &json!({"shade": 0})), ["$.shade is not described"]);
//! ```

use serde_json::Value;

/// The words of a schema that are known here.
const KNOWN: [&str; 16] = [
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "title",
    "description",
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "minimum",
    "maximum",
    "format",
];

/// Where `value` is not what `schema` describes. A field that the schema does not name is a problem,
/// unless `additionalProperties` allows it: a schema must not fall behind.
///
/// # Panics
///
/// The schema uses a word that is not known here, or refers to nothing.
#[must_use]
pub fn problems(schema: &Value, value: &Value) -> Vec<String> {
    let mut check = Check {
        root: schema,
        problems: Vec::new(),
    };
    check.value(schema, value, "$");
    check.problems
}

struct Check<'a> {
    root: &'a Value,
    problems: Vec<String>,
}

impl Check<'_> {
    fn value(&mut self, schema: &Value, value: &Value, path: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = self.root.pointer(reference.trim_start_matches('#'));
            assert!(target.is_some(), "{reference} refers to nothing");
            return self.value(target.unwrap_or(&Value::Null), value, path);
        }
        for word in schema
            .as_object()
            .into_iter()
            .flat_map(|known| known.keys())
        {
            let known = KNOWN.contains(&word.as_str());
            assert!(known, "{path}: the check does not know `{word}`");
        }
        self.kind(schema, value, path);
        self.range(schema, value, path);
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            self.value(&schema["items"], item, &format!("{path}[{index}]"));
        }
        self.fields(schema, value, path);
    }

    fn kind(&mut self, schema: &Value, value: &Value, path: &str) {
        let kind = kind(value);
        let wanted = match &schema["type"] {
            Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect::<Vec<_>>(),
        };
        let fits = wanted.is_empty()
            || wanted.contains(&kind)
            || (kind == "integer" && wanted.contains(&"number"));
        if !fits {
            self.add(format!("{path} is {kind}, not {}", wanted.join(" or ")));
        }
    }

    fn range(&mut self, schema: &Value, value: &Value, path: &str) {
        let listed = schema["enum"].as_array();
        let is_listed = listed.is_none_or(|listed| listed.contains(value));
        let is_constant = schema.get("const").is_none_or(|constant| constant == value);
        if !is_listed || !is_constant {
            self.add(format!("{path} is {value}, which is not among its values"));
        }
        let Some(number) = value.as_f64() else { return };
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            self.add(format!("{path} is {value}, below {least}"));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
            self.add(format!("{path} is {value}, above {most}"));
        }
    }

    fn fields(&mut self, schema: &Value, value: &Value, path: &str) {
        let Some(fields) = value.as_object() else {
            return;
        };
        for required in schema["required"].as_array().into_iter().flatten() {
            if !required
                .as_str()
                .is_some_and(|name| fields.contains_key(name))
            {
                self.add(format!("{path} lacks {required}"));
            }
        }
        let describes_fields =
            !schema["properties"].is_null() || !schema["additionalProperties"].is_null();
        if !describes_fields {
            return;
        }
        for (name, field) in fields {
            let path = format!("{path}.{name}");
            match (&schema["properties"][name], &schema["additionalProperties"]) {
                (Value::Null, Value::Null | Value::Bool(false)) => {
                    self.add(format!("{path} is not described"));
                }
                (Value::Null, Value::Bool(true)) => {}
                (Value::Null, others) => self.value(others, field, &path),
                (described, _) => self.value(described, field, &path),
            }
        }
    }

    fn add(&mut self, problem: String) {
        self.problems.push(problem);
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
