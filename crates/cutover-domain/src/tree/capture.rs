//! From anything serialisable to a tree, without a detour through text.

use std::fmt::{self, Display};

use serde::{Serialize, ser};

use super::{DuplicateKey, Tree, TreeBuilder};

/// The name by which `serde_json` marks JSON text that is to be taken as it is. A test below fails
/// should it ever change.
pub(super) const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// Why a value cannot be a tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the value cannot be captured for comparison: {0}")]
pub struct CaptureError(String);

impl ser::Error for CaptureError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl From<DuplicateKey> for CaptureError {
    fn from(duplicate: DuplicateKey) -> Self {
        Self(duplicate.to_string())
    }
}

impl Tree {
    /// The tree of a value, in the form `serde_json` would write it: structs and maps as objects,
    /// enums by their variant's name, bytes as arrays of numbers.
    ///
    /// Integers of any width, the shortest text of a binary fraction, `NaN` and infinities are kept.
    ///
    /// # Errors
    ///
    /// [`CaptureError`] if the value's own serialisation fails, a map's key is not text, number,
    /// boolean or character, or an object has a key twice.
    pub fn from_serialize<T: Serialize + ?Sized>(value: &T) -> Result<Self, CaptureError> {
        let mut builder = TreeBuilder::new();
        value.serialize(Capture {
            builder: &mut builder,
        })?;
        builder
            .finish()
            .map_err(|error| CaptureError(error.to_string()))
    }
}

struct Capture<'a> {
    builder: &'a mut TreeBuilder,
}

/// How a compound value is closed.
enum Close {
    Array,
    Object,
    /// An object of one member, the variant's name, around the array or object.
    VariantArray,
    VariantObject,
    /// JSON text: its only field is parsed and put in place.
    Raw,
}

struct Compound<'a> {
    builder: &'a mut TreeBuilder,
    close: Close,
}

impl<'a> Capture<'a> {
    fn array(self) -> Compound<'a> {
        self.builder.begin_array();
        Compound {
            builder: self.builder,
            close: Close::Array,
        }
    }

    fn object(self) -> Compound<'a> {
        self.builder.begin_object();
        Compound {
            builder: self.builder,
            close: Close::Object,
        }
    }

    fn variant(self, name: &str) -> &'a mut TreeBuilder {
        self.builder.begin_object();
        self.builder.key(name);
        self.builder
    }
}

impl Compound<'_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CaptureError> {
        value.serialize(Capture {
            builder: self.builder,
        })
    }

    fn member<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), CaptureError> {
        if matches!(self.close, Close::Raw) {
            let text = Tree::from_serialize(value)?;
            let text = text.root().as_str().unwrap_or_default();
            let tree = Tree::from_json(text).map_err(|error| CaptureError(error.to_string()))?;
            self.builder.value(tree.root());
            return Ok(());
        }
        self.builder.key(key);
        self.element(value)
    }

    fn finish(self) -> Result<(), CaptureError> {
        match self.close {
            Close::Array => self.builder.end_array(),
            Close::Object => self.builder.end_object()?,
            Close::VariantArray => {
                self.builder.end_array();
                self.builder.end_object()?;
            }
            Close::VariantObject => {
                self.builder.end_object()?;
                self.builder.end_object()?;
            }
            Close::Raw => {}
        }
        Ok(())
    }
}

impl<'a> ser::Serializer for Capture<'a> {
    type Ok = ();
    type Error = CaptureError;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), CaptureError> {
        self.builder.bool(value);
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), CaptureError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i16(self, value: i16) -> Result<(), CaptureError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i32(self, value: i32) -> Result<(), CaptureError> {
        self.serialize_i64(value.into())
    }

    fn serialize_i64(self, value: i64) -> Result<(), CaptureError> {
        self.builder.integer(value);
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<(), CaptureError> {
        self.builder.number(&value.to_string());
        Ok(())
    }

    fn serialize_u8(self, value: u8) -> Result<(), CaptureError> {
        self.serialize_i64(value.into())
    }

    fn serialize_u16(self, value: u16) -> Result<(), CaptureError> {
        self.serialize_i64(value.into())
    }

    fn serialize_u32(self, value: u32) -> Result<(), CaptureError> {
        self.serialize_i64(value.into())
    }

    fn serialize_u64(self, value: u64) -> Result<(), CaptureError> {
        match i64::try_from(value) {
            Ok(value) => self.builder.integer(value),
            Err(_) => self.builder.number(&value.to_string()),
        }
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<(), CaptureError> {
        self.builder.number(&value.to_string());
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<(), CaptureError> {
        if value.is_finite() {
            // Its own shortest text: 0.1_f32 is 0.1, not 0.10000000149011612.
            self.builder.lexeme(&format!("{value:?}"));
        } else {
            self.builder.float(value.into());
        }
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<(), CaptureError> {
        self.builder.float(value);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), CaptureError> {
        self.builder.string(value.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<(), CaptureError> {
        self.builder.string(value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), CaptureError> {
        self.builder.begin_array();
        for byte in value {
            self.builder.integer(i64::from(*byte));
        }
        self.builder.end_array();
        Ok(())
    }

    fn serialize_none(self) -> Result<(), CaptureError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), CaptureError> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), CaptureError> {
        self.builder.null();
        Ok(())
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<(), CaptureError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result<(), CaptureError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<(), CaptureError> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), CaptureError> {
        let builder = self.variant(variant);
        value.serialize(Capture { builder })?;
        Ok(builder.end_object()?)
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Compound<'a>, CaptureError> {
        Ok(self.array())
    }

    fn serialize_tuple(self, _len: usize) -> Result<Compound<'a>, CaptureError> {
        Ok(self.array())
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Compound<'a>, CaptureError> {
        Ok(self.array())
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'a>, CaptureError> {
        let builder = self.variant(variant);
        builder.begin_array();
        Ok(Compound {
            builder,
            close: Close::VariantArray,
        })
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Compound<'a>, CaptureError> {
        Ok(self.object())
    }

    fn serialize_struct(
        self,
        name: &'static str,
        _len: usize,
    ) -> Result<Compound<'a>, CaptureError> {
        if name == RAW_VALUE {
            return Ok(Compound {
                builder: self.builder,
                close: Close::Raw,
            });
        }
        Ok(self.object())
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Compound<'a>, CaptureError> {
        let builder = self.variant(variant);
        builder.begin_object();
        Ok(Compound {
            builder,
            close: Close::VariantObject,
        })
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), CaptureError> {
        self.serialize_str(&value.to_string())
    }
}

macro_rules! sequences {
    ($($trait:ident::$method:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = CaptureError;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CaptureError> {
                self.element(value)
            }

            fn end(self) -> Result<(), CaptureError> {
                self.finish()
            }
        }
    )*};
}

sequences!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! structs {
    ($($trait:ident),*) => {$(
        impl ser::$trait for Compound<'_> {
            type Ok = ();
            type Error = CaptureError;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), CaptureError> {
                self.member(key, value)
            }

            fn end(self) -> Result<(), CaptureError> {
                self.finish()
            }
        }
    )*};
}

structs!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = CaptureError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), CaptureError> {
        let key = Tree::from_serialize(key)?;
        let root = key.root();
        let number = root.number().map(|number| number.lexeme().into_owned());
        let truth = root.as_bool().map(|truth| truth.to_string());
        match (root.as_str(), number.or(truth)) {
            (Some(text), _) => self.builder.key(text),
            (None, Some(text)) => self.builder.key(&text),
            (None, None) => {
                let kind = root.kind();
                return Err(CaptureError(format!(
                    "a map's key is text, this one is of kind {kind}"
                )));
            }
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), CaptureError> {
        self.element(value)
    }

    fn end(self) -> Result<(), CaptureError> {
        self.finish()
    }
}

impl fmt::Debug for Compound<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Compound").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Serialize)]
    enum Shape {
        Unit,
        Newtype(u8),
        Tuple(i8, char),
        Struct { a: Option<bool>, b: () },
    }

    #[test]
    fn values_have_the_form_serde_json_gives_them() {
        #[derive(Serialize)]
        struct Everything {
            shapes: Vec<Shape>,
            map: BTreeMap<u16, f32>,
            flags: BTreeMap<bool, &'static str>,
            wide: (u64, i64, f64),
            text: &'static str,
        }
        let value = Everything {
            shapes: vec![
                Shape::Unit,
                Shape::Newtype(7),
                Shape::Tuple(-1, 'é'),
                Shape::Struct {
                    a: Some(true),
                    b: (),
                },
                Shape::Struct { a: None, b: () },
            ],
            map: BTreeMap::from([(1, 0.1), (2, 1.0)]),
            flags: BTreeMap::from([(true, "yes")]),
            wide: (u64::MAX, i64::MIN, 1e-7),
            text: "line\nbreak \"quoted\" \u{1}",
        };
        let tree = Tree::from_serialize(&value).unwrap();
        assert_eq!(tree.to_json(), serde_json::to_string(&value).unwrap());
    }

    #[test]
    fn what_json_cannot_hold_is_kept_apart() {
        let tree =
            Tree::from_serialize(&(f64::NAN, f64::NEG_INFINITY, i128::MIN, u128::MAX)).unwrap();
        let lexemes: Vec<_> = tree
            .root()
            .items()
            .map(|item| item.number().unwrap().lexeme().into_owned())
            .collect();
        assert_eq!(
            lexemes,
            [
                "NaN",
                "-Infinity",
                &i128::MIN.to_string(),
                &u128::MAX.to_string()
            ]
        );
    }

    #[test]
    fn raw_json_is_taken_as_it_is() {
        let raw = serde_json::value::RawValue::from_string("[1.50, 1e400]".to_owned()).unwrap();
        assert_eq!(
            Tree::from_serialize(&("x", raw)).unwrap().to_json(),
            r#"["x",[1.50,1e400]]"#
        );
    }

    #[test]
    fn keys_that_are_no_text_and_duplicates_are_refused() {
        let odd = BTreeMap::from([(vec![1], 1)]);
        let error = Tree::from_serialize(&odd).unwrap_err().to_string();
        assert!(error.contains("of kind array"), "{error}");

        struct Twice;
        impl Serialize for Twice {
            fn serialize<S: ser::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map([("a", 1), ("a", 2)])
            }
        }
        let error = Tree::from_serialize(&Twice).unwrap_err().to_string();
        assert!(error.contains("the key `a` stands twice"), "{error}");
    }
}
