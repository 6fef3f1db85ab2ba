//! A tree inside a stored document: its natural JSON form, lossless both ways.
//!
//! `serde` knows numbers only as machine types. So numbers they would change travel as raw JSON
//! text, which `serde_json` passes through untouched, and a tree read back by `serde_json` is read
//! from its own text. Other formats get the nearest machine number.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Error as _, SerializeMap, SerializeSeq};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::capture::RAW_VALUE;
use super::number::{Number, Repr};
use super::{Kind, Node, Tree, TreeBuilder};

/// Below this depth text formats get raw JSON, so that serialising does not recurse any further.
const RECURSION: usize = 64;

impl Serialize for Tree {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Subtree {
            node: self.root(),
            depth: 0,
        }
        .serialize(serializer)
    }
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Subtree {
            node: *self,
            depth: 0,
        }
        .serialize(serializer)
    }
}

struct Subtree<'a> {
    node: Node<'a>,
    depth: usize,
}

impl Serialize for Subtree<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.node;
        let deeper = |node| Subtree {
            node,
            depth: self.depth + 1,
        };
        if self.depth > RECURSION && node.kind().is_container() && serializer.is_human_readable() {
            return serialize_raw(node.to_json(), serializer);
        }
        match node.kind() {
            Kind::Null => serializer.serialize_unit(),
            Kind::Bool => serializer.serialize_bool(node.as_bool().unwrap_or_default()),
            Kind::Number => match node.number() {
                Some(number) => serialize_number(number, serializer),
                None => serializer.serialize_unit(),
            },
            Kind::String => serializer.serialize_str(node.as_str().unwrap_or_default()),
            Kind::Array => {
                let mut sequence = serializer.serialize_seq(Some(node.len()))?;
                for item in node.items() {
                    sequence.serialize_element(&deeper(item))?;
                }
                sequence.end()
            }
            Kind::Object => {
                let mut map = serializer.serialize_map(Some(node.len()))?;
                for (key, value) in node.entries() {
                    map.serialize_entry(key, &deeper(value))?;
                }
                map.end()
            }
        }
    }
}

fn serialize_raw<S: Serializer>(json: String, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(json)
        .map_err(S::Error::custom)?
        .serialize(serializer)
}

fn serialize_number<S: Serializer>(number: Number<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let text = match number.0 {
        Repr::Integer(value) => return serializer.serialize_i64(value),
        Repr::Lexeme(text) => text,
    };
    let float = number.as_f64();
    if !text.ends_with(|last: char| last.is_ascii_digit()) {
        return serializer.serialize_str(text);
    }
    if let Some(value) = number.as_u64().filter(|_| text != "-0") {
        return serializer.serialize_u64(value);
    }
    // Within this range every writer of shortest decimals agrees on the text.
    let plain = (1e-4..1e15).contains(&float.abs()) && format!("{float:?}") == text;
    if plain || !serializer.is_human_readable() {
        return serializer.serialize_f64(float);
    }
    serialize_raw(text.to_owned(), serializer)
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut builder = TreeBuilder::new();
        // `serde_json` answers this name with the text of the value; every other format takes it
        // for a newtype around the value itself.
        deserializer.deserialize_newtype_struct(RAW_VALUE, IntoBuilder(&mut builder))?;
        builder.finish().map_err(de::Error::custom)
    }
}

/// Adds the next value to a builder.
struct IntoBuilder<'b>(&'b mut TreeBuilder);

impl<'de> DeserializeSeed<'de> for IntoBuilder<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for IntoBuilder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.0.bool(value);
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.0.integer(value);
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.0.number(&value.to_string());
        Ok(())
    }

    fn visit_i128<E>(self, value: i128) -> Result<(), E> {
        self.0.number(&value.to_string());
        Ok(())
    }

    fn visit_u128<E>(self, value: u128) -> Result<(), E> {
        self.0.number(&value.to_string());
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.0.float(value);
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.0.string(value);
        Ok(())
    }

    fn visit_bytes<E>(self, value: &[u8]) -> Result<(), E> {
        self.0.begin_array();
        for byte in value {
            self.0.integer(i64::from(*byte));
        }
        self.0.end_array();
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        self.0.begin_array();
        while access.next_element_seed(IntoBuilder(self.0))?.is_some() {}
        self.0.end_array();
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<(), A::Error> {
        let mut next = access.next_key::<String>()?;
        if next.as_deref() == Some(RAW_VALUE) {
            let json: String = access.next_value()?;
            let tree = Tree::from_json(&json).map_err(de::Error::custom)?;
            self.0.value(tree.root());
            return Ok(());
        }
        self.0.begin_object();
        while let Some(key) = next {
            self.0.key(&key);
            access.next_value_seed(IntoBuilder(self.0))?;
            next = access.next_key()?;
        }
        self.0.end_object().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXACT: &str = r#"{"big":36893488147419103232,"small":1e-400,"cents":10.50,"n":-0,"u":18446744073709551615,"half":0.5,"list":[null,true,"é\n"],"e":1E+2}"#;

    #[test]
    fn every_number_text_survives_serde_json() {
        let tree = Tree::from_json(EXACT).unwrap();
        assert_eq!(serde_json::to_string(&tree).unwrap(), EXACT);
        assert_eq!(serde_json::from_str::<Tree>(EXACT).unwrap(), tree);
        assert_eq!(Tree::from_serialize(&tree).unwrap(), tree);
        assert_eq!(serde_json::to_vec(&tree).unwrap(), EXACT.as_bytes());
    }

    #[test]
    fn a_tree_is_a_field_like_any_other() {
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Outer {
            old: Option<Tree>,
            #[serde(flatten)]
            rest: Inner,
        }
        #[derive(Debug, PartialEq, Serialize, Deserialize)]
        struct Inner {
            new: Option<Tree>,
            gone: Option<Tree>,
        }
        let tree = |json| Some(Tree::from_json(json).unwrap());
        let outer = Outer {
            old: tree("[1,2.50]"),
            rest: Inner {
                new: tree(r#"{"a":{"b":1.5}}"#),
                gone: None,
            },
        };
        let json = serde_json::to_string(&outer).unwrap();
        assert_eq!(
            json,
            r#"{"old":[1,2.50],"new":{"a":{"b":1.5}},"gone":null}"#
        );
        assert_eq!(serde_json::from_str::<Outer>(&json).unwrap(), outer);
        let value = serde_json::to_value(&outer.rest).unwrap();
        assert_eq!(serde_json::from_value::<Inner>(value).unwrap(), outer.rest);
    }

    #[test]
    fn depth_is_no_matter() {
        let json = format!("{}1.50{}", "[".repeat(10_000), "]".repeat(10_000));
        let tree = Tree::from_json(&json).unwrap();
        assert_eq!(serde_json::to_string(&tree).unwrap(), json);
        assert_eq!(serde_json::from_str::<Tree>(&json).unwrap(), tree);
    }
}
