use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::super::Literal;
use super::super::number::Number;
use super::Symbols;
use super::ask::Value;
use crate::flags::Attribute;

/// Up to so many values are compared one after the other, which is as fast as hashing.
const FEW: usize = 8;

/// The values of an `in`, found in constant time and kept in their order.
#[derive(Debug)]
pub(crate) struct Set {
    values: Box<[Value]>,
    /// Where a value stands, for more than a few of them.
    places: Option<Box<(DefaultHashBuilder, HashTable<u32>)>>,
}

impl Set {
    pub(super) fn compile(literals: &[Literal], symbols: &mut Symbols<'_>) -> Self {
        let values: Box<[_]> = literals
            .iter()
            .map(|literal| Value::compile(literal, symbols))
            .collect();
        let places = (values.len() > FEW).then(|| Box::new(index(&values)));
        Self { values, places }
    }

    pub(super) fn contains(&self, wanted: Attribute<'_>) -> bool {
        match &self.places {
            None => self.values.iter().any(|value| value.equals(wanted)),
            Some(places) => {
                let (hasher, places) = &**places;
                hash(hasher, wanted).is_some_and(|hash| {
                    places
                        .find(hash, |place| self.values[*place as usize].equals(wanted))
                        .is_some()
                })
            }
        }
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &Value> {
        self.values.iter()
    }
}

fn index(values: &[Value]) -> (DefaultHashBuilder, HashTable<u32>) {
    let hasher = DefaultHashBuilder::default();
    let mut places = HashTable::with_capacity(values.len());
    let hash_of = |value: &Value| hash(&hasher, value.attribute()).unwrap_or_default();
    for (place, value) in (0..).zip(values) {
        places.insert_unique(hash_of(value), place, |place: &u32| {
            hash_of(&values[*place as usize])
        });
    }
    (hasher, places)
}

/// The same for values that are equal; `None` for what equals nothing.
fn hash(hasher: &DefaultHashBuilder, attribute: Attribute<'_>) -> Option<u64> {
    match attribute {
        Attribute::Text(text) => Some(hasher.hash_one(text)),
        Attribute::Boolean(value) => Some(hasher.hash_one(value)),
        Attribute::Integer(_) | Attribute::Number(_) => {
            let number = Number::of_attribute(attribute)?;
            Some(hasher.hash_one(number.identity()))
        }
        Attribute::List(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Around every size at which the way of finding changes.
    #[test]
    fn a_value_is_found_among_few_and_among_many() {
        for count in [0, 1, 7, 8, 9, 1_000] {
            let texts = (0..count).map(|number| Literal::Text(format!("t{number}")));
            let numbers = (0..count).map(Literal::Integer);
            let literals: Vec<_> = texts.chain(numbers).collect();
            let set = Set::compile(&literals, &mut Symbols::default());
            for number in 0..count {
                assert!(set.contains(Attribute::Text(&format!("t{number}"))));
                assert!(set.contains(Attribute::Integer(number)));
                assert!(set.contains(Attribute::Number(number as f64)));
            }
            for absent in [
                Attribute::Text("t"),
                Attribute::Text("1000000"),
                Attribute::Integer(-1),
                Attribute::Number(0.5),
                Attribute::Number(f64::NAN),
                Attribute::Boolean(true),
                Attribute::List(&[Attribute::Integer(0)]),
            ] {
                assert!(!set.contains(absent), "{absent:?} of {count}");
            }
        }
    }
}
