//! A write is done once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cutover_app::execution::BlockingWrite;
use cutover_domain::flags::{Change, Context};

use crate::fixture::{Answer, Application, Failed, answer, key};

struct Writes {
    operation: BlockingWrite<u32, Answer, Failed>,
    old: Arc<AtomicUsize>,
    new: Arc<AtomicUsize>,
}

impl Writes {
    /// New fails as its input says: 0 before it wrote, 1 after it may have written, 2 by panic.
    fn of(application: &Application) -> Self {
        let (old, new) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let (old_writes, new_writes) = (Arc::clone(&old), Arc::clone(&new));
        let operation = BlockingWrite::builder("double")
            .old(move |_: &u32| {
                old_writes.fetch_add(1, Ordering::SeqCst);
                answer("old", 7)
            })
            .new(move |input: &u32| {
                new_writes.fetch_add(1, Ordering::SeqCst);
                match input {
                    0 => Err(Failed::NotFound),
                    1 => Err(Failed::Broken),
                    2 => panic!("new panics"),
                    _ => answer("new", 7),
                }
            })
            .flag("use_new")
            .not_applied_on(|error| *error == Failed::NotFound)
            .build(&application.cutover)
            .unwrap();
        Self {
            operation,
            old,
            new,
        }
    }

    fn counts(&self) -> (usize, usize) {
        (
            self.old.load(Ordering::SeqCst),
            self.new.load(Ordering::SeqCst),
        )
    }
}

#[test]
fn one_side_writes() {
    let application = Application::new();
    let writes = Writes::of(&application);
    assert_eq!(
        writes.operation.run(&Context::unit("u"), &9),
        answer("old", 7)
    );
    application.set("use_new", true);
    assert_eq!(
        writes.operation.run(&Context::unit("u"), &9),
        answer("new", 7)
    );
    application.change(Change::Kill {
        key: key("use_new"),
    });
    assert_eq!(
        writes.operation.run(&Context::unit("u"), &9),
        answer("old", 7)
    );
    assert_eq!(writes.counts(), (2, 1));
}

#[test]
fn old_writes_after_new_only_where_new_promises_that_it_wrote_nothing() {
    let application = Application::new();
    application.set("use_new", true);
    let writes = Writes::of(&application);
    assert_eq!(
        writes.operation.run(&Context::unit("u"), &0),
        answer("old", 7)
    );
    assert_eq!(application.fallbacks("error"), 1);
    assert_eq!(
        writes.operation.run(&Context::unit("u"), &1),
        Err(Failed::Broken)
    );
    catch_unwind(AssertUnwindSafe(|| {
        writes.operation.run(&Context::unit("u"), &2)
    }))
    .unwrap_err();
    assert_eq!(writes.counts(), (1, 3));
}
