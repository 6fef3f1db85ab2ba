//! Runs one kind of call so and so often, for counting instructions:
//!
//! ```text
//! cargo build --release --package cutover-app --example hot_path_cost
//! valgrind --tool=callgrind target/release/examples/hot_path_cost handle 1000000
//! ```
//!
//! The difference between two counts, divided by the difference of the rounds, is the cost of one
//! call. The kinds are `loop` (nothing) and `hash` (floors); `handle`, `reader` and `key` (a
//! percentage flag); `killed` and `killed-reader`; `clock`, `operation` and `untimed`.

#![allow(clippy::unwrap_used, reason = "an example stops at the first surprise")]

use std::hint::black_box;
use std::sync::Arc;

use cutover_app::execution::{BlockingOperation, Cutover, Switch};
use cutover_app::flags::Live;
use cutover_domain::Percentage;
use cutover_domain::flags::{Context, Definition, FlagDocument, Rollout, State};
use cutover_domain::metrics::ProcessIdentity;
use cutover_ports::metrics::{Moment, Recorder};
use xxhash_rust::xxh3::xxh3_64_with_seed;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or_default();
    let rounds: u64 = arguments
        .next()
        .and_then(|text| text.parse().ok())
        .unwrap_or(1_000_000);

    let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
    let rollout = Rollout {
        percentage: Percentage::from_percent(25),
        ..Rollout::default()
    };
    let rolling = Definition {
        rollout: Some(rollout),
        ..Definition::boolean()
    };
    document
        .flags
        .insert("use_new_registrar".parse().unwrap(), rolling);
    let killed = Definition {
        state: State::Killed,
        ..Definition::boolean()
    };
    document
        .flags
        .insert("use_new_backend".parse().unwrap(), killed);

    let live = Live::with_defaults(&document);
    let rolling = live.flag("use_new_registrar");
    let killed = live.flag("use_new_backend");
    let mut reader = live.reader();
    let cutover = Cutover::new(live.clone()).with_metrics(Arc::new(Recorder::new(
        ProcessIdentity::new("example", "1"),
    )));
    let operation = |timed| {
        BlockingOperation::<u64, u64, std::convert::Infallible>::builder("triple")
            .old(|input: &u64| Ok(input * 3))
            .new(|input: &u64| Ok(input + input + input))
            .flag("use_new_registrar")
            .sample(Percentage::ZERO)
            .measure_time_when(timed)
            .build(&cutover)
            .unwrap()
    };
    let (timed, untimed) = (operation(Switch::ON), operation(Switch::OFF));
    let units: Vec<String> = (0..1024)
        .map(|number| format!("customer-{number:05}"))
        .collect();

    let repeat = |work: &mut dyn FnMut(&str)| {
        for round in 0..rounds {
            work(black_box(&units[round as usize & 1023]));
        }
    };
    match kind.as_str() {
        "loop" => repeat(&mut |_| ()),
        "hash" => repeat(&mut |unit| _ = black_box(xxh3_64_with_seed(unit.as_bytes(), 7))),
        "handle" => repeat(&mut |unit| _ = black_box(rolling.decide(&Context::unit(unit)))),
        "reader" => repeat(&mut |unit| {
            _ = black_box(reader.decide(&rolling, &Context::unit(unit)));
        }),
        "key" => repeat(&mut |unit| {
            _ = black_box(live.decide("use_new_registrar", &Context::unit(unit), false));
        }),
        "killed" => repeat(&mut |unit| _ = black_box(killed.decide(&Context::unit(unit)))),
        "killed-reader" => repeat(&mut |unit| {
            _ = black_box(reader.decide(&killed, &Context::unit(unit)));
        }),
        "clock" => repeat(&mut |_| _ = black_box(Moment::now())),
        "operation" => repeat(&mut |unit| _ = black_box(timed.run(&Context::unit(unit), 7))),
        "untimed" => repeat(&mut |unit| _ = black_box(untimed.run(&Context::unit(unit), 7))),
        other => eprintln!("no kind is called `{other}`"),
    }
}
