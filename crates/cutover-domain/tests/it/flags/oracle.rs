//! Evaluation as the documentation tells it, slow and plain: it walks the definition, and shares
//! nothing with the compiled form but the formulas of buckets.

use std::cmp::Ordering;

use cutover_domain::flags::{
    Attribute, Bound, Bucket, Bucketing, Condition, Context, Definition, ErrorCode, FlagDocument,
    Literal, Operator, Reason, State, Weight,
};

/// What a flag answers.
#[derive(Debug, PartialEq)]
pub(super) struct Answer<'a> {
    pub(super) variant: &'a str,
    pub(super) reason: Reason,
    pub(super) bucket: Option<Bucket>,
}

pub(super) fn evaluate<'a>(
    document: &'a FlagDocument,
    key: &str,
    context: &Context<'_>,
) -> Result<Answer<'a>, ErrorCode> {
    let flag = document.flags.get(key).ok_or(ErrorCode::FlagNotFound)?;
    let say = |variant, reason| Answer {
        variant,
        reason,
        bucket: None,
    };
    if flag.state == State::Killed {
        return Ok(say(&flag.off, Reason::Disabled));
    }
    if !flag
        .requires
        .iter()
        .all(|key| is_on(document, key.as_str(), context))
    {
        return Ok(say(&flag.off, Reason::Disabled));
    }
    for target in [context.unit_id(), context.tenant_id()]
        .into_iter()
        .flatten()
    {
        if let Some(variant) = flag.overrides.get(target) {
            return Ok(say(variant, Reason::TargetingMatch));
        }
    }
    for rule in &flag.rules {
        if holds(&rule.when, context) {
            let (by, salt) = (rule.by.as_deref(), rule.salt.as_deref());
            return match &rule.variant {
                Some(variant) => Ok(say(variant, Reason::TargetingMatch)),
                None => {
                    let way = Way {
                        key,
                        by,
                        bucketing: rule.bucketing,
                        salt,
                    };
                    way.split(&rule.split, Reason::TargetingMatch, context)
                }
            };
        }
    }
    let rollout = flag.rollout.as_ref();
    if let Some(rollout) = rollout {
        let (by, salt) = (rollout.by.as_deref(), rollout.salt.as_deref());
        let way = Way {
            key,
            by,
            bucketing: rollout.bucketing,
            salt,
        };
        if !rollout.split.is_empty() {
            return way.split(&rollout.split, Reason::Split, context);
        }
        if let Some(percentage) = rollout.percentage {
            let inside = flag.rollout_variant();
            if percentage.is_zero() {
                return Ok(say(&flag.default, Reason::Split));
            }
            if percentage.is_full() {
                return Ok(say(inside, Reason::Split));
            }
            let bucket = way.bucket(context)?;
            let variant = if bucket.is_in(percentage) {
                inside
            } else {
                &flag.default
            };
            let bucket = Some(bucket);
            return Ok(Answer {
                variant,
                reason: Reason::Split,
                bucket,
            });
        }
    }
    let nothing_to_decide = flag.overrides.is_empty()
        && flag.rules.is_empty()
        && rollout.is_none_or(|rollout| rollout.percentage.is_none());
    let reason = if nothing_to_decide {
        Reason::Static
    } else {
        Reason::Default
    };
    Ok(say(&flag.default, reason))
}

fn is_on(document: &FlagDocument, key: &str, context: &Context<'_>) -> bool {
    let value = |flag: &Definition, variant: &str| flag.variants[variant].as_bool();
    match (document.flags.get(key), evaluate(document, key, context)) {
        (Some(flag), Ok(answer)) => value(flag, answer.variant) == Some(true),
        _ => false,
    }
}

struct Way<'a> {
    key: &'a str,
    by: Option<&'a str>,
    bucketing: Bucketing,
    salt: Option<&'a str>,
}

impl Way<'_> {
    fn bucket(&self, context: &Context<'_>) -> Result<Bucket, ErrorCode> {
        let unit = match context.attribute(self.by.unwrap_or("unit")) {
            None | Some(Attribute::Text("")) => return Err(ErrorCode::TargetingKeyMissing),
            Some(Attribute::Text(text)) => text.to_owned(),
            Some(Attribute::Integer(number)) => number.to_string(),
            Some(_) => return Err(ErrorCode::InvalidContext),
        };
        Ok(self.bucketing.bucket(self.salt.unwrap_or(self.key), &unit))
    }

    fn split<'a>(
        &self,
        weights: &'a [Weight],
        reason: Reason,
        context: &Context<'_>,
    ) -> Result<Answer<'a>, ErrorCode> {
        let served: Vec<_> = weights.iter().filter(|part| part.weight > 0).collect();
        if let [all] = served[..] {
            return Ok(Answer {
                variant: &all.variant,
                reason,
                bucket: None,
            });
        }
        let bucket = self.bucket(context)?;
        let total: u128 = weights.iter().map(|part| u128::from(part.weight)).sum();
        let mut sum = 0;
        for part in weights {
            sum += u128::from(part.weight);
            if u128::from(bucket.thousandths()) < sum * 100_000 / total {
                return Ok(Answer {
                    variant: &part.variant,
                    reason,
                    bucket: Some(bucket),
                });
            }
        }
        unreachable!("the last part ends at 100 %")
    }
}

pub(super) fn holds(condition: &Condition, context: &Context<'_>) -> bool {
    match condition {
        Condition::All(inner) => !inner.iter().any(|inner| !holds(inner, context)),
        Condition::Any(inner) => inner.iter().any(|inner| holds(inner, context)),
        Condition::Not(inner) => !holds(inner, context),
        Condition::Test {
            attribute,
            operator,
        } => {
            let value = context.attribute(attribute);
            match (operator, value) {
                (Operator::Exists(there), value) => value.is_some() == *there,
                (_, None) => false,
                (Operator::Contains(text), Some(Attribute::List(list))) => {
                    list.contains(&Attribute::Text(text))
                }
                (_, Some(Attribute::List(list))) => {
                    list.iter().any(|element| passes(operator, *element))
                }
                (_, Some(value)) => passes(operator, value),
            }
        }
    }
}

fn passes(operator: &Operator, value: Attribute<'_>) -> bool {
    let text = |ask: &dyn Fn(&str) -> bool| matches!(value, Attribute::Text(text) if ask(text));
    match operator {
        Operator::Equals(literal) => equals(literal, value),
        Operator::In(literals) => literals.iter().any(|literal| equals(literal, value)),
        Operator::StartsWith(start) => text(&|text| text.starts_with(start)),
        Operator::EndsWith(end) => text(&|text| text.ends_with(end)),
        Operator::Contains(part) => text(&|text| text.contains(part)),
        Operator::Matches(pattern) => {
            let regex = regex_lite::Regex::new(pattern.as_str()).unwrap();
            text(&|text| regex.is_match(text))
        }
        Operator::LessThan(bound) => order(value, bound) == Some(Ordering::Less),
        Operator::AtMost(bound) => order(value, bound).is_some_and(|order| order.is_le()),
        Operator::GreaterThan(bound) => order(value, bound) == Some(Ordering::Greater),
        Operator::AtLeast(bound) => order(value, bound).is_some_and(|order| order.is_ge()),
        Operator::Exists(_) => false,
    }
}

fn equals(literal: &Literal, value: Attribute<'_>) -> bool {
    match (literal, value) {
        (Literal::Text(wanted), Attribute::Text(text)) => wanted == text,
        (Literal::Boolean(wanted), Attribute::Boolean(value)) => *wanted == value,
        (Literal::Integer(wanted), Attribute::Integer(number)) => *wanted == number,
        (Literal::Number(wanted), Attribute::Number(number)) => *wanted == number,
        (&Literal::Integer(whole), Attribute::Number(number))
        | (&Literal::Number(number), Attribute::Integer(whole)) => {
            compare(whole, number) == Some(Ordering::Equal)
        }
        _ => false,
    }
}

fn order(value: Attribute<'_>, bound: &Bound) -> Option<Ordering> {
    match (value, bound) {
        (Attribute::Integer(left), Bound::Integer(right)) => Some(left.cmp(right)),
        (Attribute::Number(left), Bound::Number(right)) => left.partial_cmp(right),
        (Attribute::Integer(left), Bound::Number(right)) => compare(left, *right),
        (Attribute::Number(left), Bound::Integer(right)) => {
            compare(*right, left).map(Ordering::reverse)
        }
        (Attribute::Text(text), Bound::Version(bound)) => {
            Some(version(text)?.cmp_precedence(&version(bound).unwrap()))
        }
        _ => None,
    }
}

/// By the exact decimal text of the whole part: no rounding to the other's type.
fn compare(whole: i64, number: f64) -> Option<Ordering> {
    let floor = number.floor();
    match format!("{floor:.0}").parse::<i128>() {
        Ok(exact) => Some(
            i128::from(whole)
                .cmp(&exact)
                .then(floor.partial_cmp(&number)?),
        ),
        // Not a number, or one past all whole ones.
        Err(_) => 0.0.partial_cmp(&number),
    }
}

/// With the other implementation, which wants all three numbers and no `v`.
fn version(text: &str) -> Option<semver::Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let missing = 2_usize.checked_sub(numbers.matches('.').count())?;
    semver::Version::parse(&format!("{numbers}{}{rest}", ".0".repeat(missing))).ok()
}
