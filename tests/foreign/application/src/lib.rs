//! An application that replaces its invoice: the facade and nothing else, without a runtime.

use cutover::execution::BuildError;
use cutover::prelude::*;
use serde::Serialize;

/// An order: prices in cents, and how many.
pub type Order = Vec<(u32, u32)>;

/// What the customer sees.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Invoice {
    /// The sum in cents.
    pub total: u32,
    /// How many positions.
    pub positions: usize,
}

/// The total is larger than any order may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooMuch;

impl std::fmt::Display for TooMuch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the total does not fit")
    }
}

impl std::error::Error for TooMuch {}

fn old(order: &Order) -> Result<Invoice, TooMuch> {
    let total = order.iter().try_fold(0_u32, |sum, (price, count)| {
        sum.checked_add(price.checked_mul(*count)?)
    });
    Ok(Invoice {
        total: total.ok_or(TooMuch)?,
        positions: order.len(),
    })
}

/// Leaves out what costs nothing, and cannot do empty orders.
fn new(order: &Order) -> Result<Invoice, TooMuch> {
    let paid: Vec<u32> = order.iter().map(|(price, count)| price * count).collect();
    let paid: Vec<u32> = paid.into_iter().filter(|total| *total > 0).collect();
    let total = paid
        .iter()
        .copied()
        .reduce(u32::wrapping_add)
        .ok_or(TooMuch)?;
    Ok(Invoice {
        total,
        positions: paid.len(),
    })
}

/// The operation, in a home that the `cutover` command line can look into.
pub fn invoice(home: &Home) -> Result<BlockingOperation<Order, Invoice, TooMuch>, BuildError> {
    BlockingOperation::builder("invoice")
        .old(old)
        .new(new)
        .flag("use_new_invoice")
        .build(home.cutover())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cutover::HomeOptions;
    use cutover::domain::comparison::DifferenceKind;
    use std::time::Duration;

    fn set(home: &Home, percent: &str) {
        let key: FlagKey = "use_new_invoice".parse().unwrap();
        let mut request = Request::by("application");
        if !pollster::block_on(home.flags().document())
            .unwrap()
            .flags
            .contains_key(&key)
        {
            let definition = Box::new(Definition::boolean());
            request = request.change(Change::Create {
                key: key.clone(),
                definition,
            });
        }
        let percentage = percent.parse().unwrap();
        let request = request.change(Change::Rollout {
            key,
            percentage,
            variant: None,
        });
        pollster::block_on(home.flags().apply(&request)).unwrap();
    }

    #[test]
    fn in_the_shadow_old_answers_and_the_difference_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let invoice = invoice(&home).unwrap();
        set(&home, "0");
        let answer = invoice.run(&Context::unit("ann"), vec![(250, 2), (0, 1)]);
        assert_eq!(
            answer,
            Ok(Invoice {
                total: 500,
                positions: 2
            })
        );
        invoice.drain(Duration::from_secs(30));
        let found = pollster::block_on(home.comparisons().records(&Default::default())).unwrap();
        let differences = found.items[0].judgement.differences();
        assert_eq!(differences.len(), 1);
        assert_eq!(differences[0].path, "$.positions");
        assert_eq!(differences[0].kind, DifferenceKind::Value);
    }

    #[test]
    fn a_variable_of_this_process_takes_new_back() {
        use cutover::env::{EnvConfig, Scheme};
        let folder = tempfile::tempdir().unwrap();
        let elsewhere = Home::open(folder.path()).unwrap();
        set(&elsewhere, "100");
        let off = EnvConfig::new(Scheme::Feature).read([("FEATURE_USE_NEW_INVOICE", "false")]);
        let options = HomeOptions::new(folder.path()).overlay(off);
        let here = options.open().unwrap();
        let context = Context::unit("ann");
        let flag = |home: &Home| home.live().flag("use_new_invoice").is_on(&context);
        assert_eq!((flag(&elsewhere), flag(&here)), (true, false));
        let masks = here.live().status().overlay.masks;
        assert_eq!(
            masks[0].to_string(),
            "stored 100 %, but FEATURE_USE_NEW_INVOICE=false in this environment kills it"
        );
        // A variable that is not there leaves everything as it is stored.
        let prefix = EnvConfig::new(Scheme::Feature).with_prefix("NO_VARIABLE_IS_CALLED_SO_");
        let options = HomeOptions::new(folder.path()).variables(&prefix.unwrap());
        assert!(flag(&options.open().unwrap()));
    }

    #[test]
    fn when_new_answers_and_fails_old_answers() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::open(folder.path()).unwrap();
        let invoice = invoice(&home).unwrap();
        set(&home, "100");
        let context = Context::unit("ann");
        let answer = invoice.run(&context, vec![(250, 2), (0, 1)]);
        assert_eq!(
            answer,
            Ok(Invoice {
                total: 500,
                positions: 1
            }),
            "new answers"
        );
        let answer = invoice.run(&context, Vec::new());
        assert_eq!(
            answer,
            Ok(Invoice {
                total: 0,
                positions: 0
            }),
            "old answers for it"
        );
    }
}
