use std::io::Write;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::flag::{Answer, Variants};
use crate::Percentage;
use crate::flags::condition::check::{Subject, Symbols};
use crate::flags::{Attribute, Bucket, Bucketing, Context, ErrorCode, FlagKey, Weight};

/// How units are divided over answers: a percentage, or a split over several variants.
#[derive(Debug)]
pub(super) struct Division {
    pub(super) way: Way,
    /// Ascending; the last one reaches past every bucket.
    parts: Box<[Part]>,
    /// The answer of everybody, if there is but one: it needs no unit.
    pub(super) sole: Option<Answer>,
}

/// How a unit is found and bucketed.
#[derive(Debug)]
pub(super) struct Way {
    pub(super) bucketing: Bucketing,
    /// What is bucketed.
    pub(super) by: Subject,
    pub(super) salt: Arc<str>,
    pub(super) seed: u64,
}

/// The buckets below `until`, and not of the part before, get `answer`.
#[derive(Clone, Copy, Debug)]
struct Part {
    until: u32,
    answer: Answer,
}

const ALL: u32 = Percentage::FULL.thousandths();

impl Division {
    pub(super) fn percentage(
        percentage: Percentage,
        inside: Answer,
        outside: Answer,
        way: Way,
    ) -> Self {
        let until = percentage.thousandths();
        let sole = match until {
            0 => Some(outside),
            ALL => Some(inside),
            _ => None,
        };
        let inside = Part {
            until,
            answer: inside,
        };
        let outside = Part {
            until: ALL,
            answer: outside,
        };
        Self {
            way,
            parts: [inside, outside].into(),
            sole,
        }
    }

    /// `None` for a split of nobody, or over a variant that is not there.
    pub(super) fn split(weights: &[Weight], variants: &Variants, way: Way) -> Option<Self> {
        let total: u128 = weights.iter().map(|weight| u128::from(weight.weight)).sum();
        let mut sum = 0;
        let mut parts = Vec::with_capacity(weights.len());
        let mut served = 0;
        let mut sole = None;
        for weight in weights {
            sum += u128::from(weight.weight);
            let until = (sum * u128::from(ALL)).checked_div(total)?;
            let until = u32::try_from(until).ok()?;
            let answer = variants.answer(&weight.variant)?;
            parts.push(Part { until, answer });
            if weight.weight > 0 {
                served += 1;
                sole = Some(answer);
            }
        }
        let parts = parts.into();
        let sole = sole.filter(|_| served == 1);
        Some(Self { way, parts, sole })
    }

    /// The answer and the bucket of the context; no bucket where everybody gets the same.
    #[inline]
    pub(super) fn place(
        &self,
        context: &Context<'_>,
    ) -> (Result<Answer, ErrorCode>, Option<Bucket>) {
        if let Some(sole) = self.sole {
            return (Ok(sole), None);
        }
        match self.way.bucket(context) {
            Ok(bucket) => (self.answer(bucket), Some(bucket)),
            Err(error) => (Err(error), None),
        }
    }

    fn answer(&self, bucket: Bucket) -> Result<Answer, ErrorCode> {
        let bucket = bucket.thousandths();
        let place = self.parts.partition_point(|part| part.until <= bucket);
        let part = self.parts.get(place).ok_or(ErrorCode::General)?;
        Ok(part.answer)
    }

    /// The share of the first of two parts, if one boolean is inside and one outside.
    pub(super) fn two_booleans(&self) -> Option<(u32, bool, bool)> {
        let [inside, outside] = *self.parts else {
            return None;
        };
        Some((inside.until, inside.answer.truth?, outside.answer.truth?))
    }
}

impl Way {
    pub(super) fn new(
        key: &FlagKey,
        by: Option<&str>,
        bucketing: Bucketing,
        salt: Option<&str>,
        symbols: &mut Symbols<'_>,
    ) -> Self {
        let salt = salt.unwrap_or(key.as_str());
        Self {
            bucketing,
            by: Subject::compile(by.unwrap_or("unit"), symbols),
            salt: symbols.text(salt),
            seed: xxh3_64(salt.as_bytes()),
        }
    }

    #[inline]
    fn bucket(&self, context: &Context<'_>) -> Result<Bucket, ErrorCode> {
        self.with_unit(context, |unit| {
            self.bucketing.bucket_seeded(self.seed, &self.salt, unit)
        })
    }

    /// What is hashed for this context, for people.
    pub(super) fn hash_input(&self, context: &Context<'_>) -> Option<String> {
        self.with_unit(context, |unit| self.bucketing.hash_input(&self.salt, unit))
            .ok()
    }

    /// Hands over the text that is bucketed. Whole numbers are bucketed as their decimal text.
    #[inline]
    fn with_unit<R>(
        &self,
        context: &Context<'_>,
        use_unit: impl FnOnce(&str) -> R,
    ) -> Result<R, ErrorCode> {
        match self.by.find(context) {
            Some(Attribute::Text("")) | None => Err(ErrorCode::TargetingKeyMissing),
            Some(Attribute::Text(text)) => Ok(use_unit(text)),
            Some(Attribute::Integer(number)) => {
                let mut text = [0; 20];
                let mut rest = &mut text[..];
                let written = write!(rest, "{number}").map(|()| 20 - rest.len());
                let digits = written
                    .ok()
                    .and_then(|length| str::from_utf8(&text[..length]).ok());
                digits.map(use_unit).ok_or(ErrorCode::InvalidContext)
            }
            Some(_) => Err(ErrorCode::InvalidContext),
        }
    }
}
