//! What a call pays for flags and operations, beside the least it could pay: `cargo xtask bench`.

#![allow(
    clippy::unwrap_used,
    reason = "a benchmark stops at the first surprise"
)]

use std::sync::Arc;

use arc_swap::ArcSwap;
use cutover_app::execution::{BlockingOperation, Cutover, Operation};
use cutover_app::flags::Live;
use cutover_domain::Percentage;
use cutover_domain::flags::{Context, Definition, FlagDocument, Rollout, State};
use cutover_domain::metrics::ProcessIdentity;
use cutover_ports::metrics::Recorder;
use divan::{Bencher, black_box};
use xxhash_rust::xxh3::xxh3_64_with_seed;

fn main() {
    divan::main();
}

const UNIT: &str = "customer-12345";

fn document() -> FlagDocument {
    let mut document = FlagDocument::empty(jiff::Timestamp::UNIX_EPOCH);
    let rollout = Rollout {
        percentage: Percentage::from_percent(25),
        ..Rollout::default()
    };
    let rolling = Definition {
        rollout: Some(rollout),
        ..Definition::boolean()
    };
    let killed = Definition {
        state: State::Killed,
        ..Definition::boolean()
    };
    for (key, flag) in [
        ("rolling", rolling),
        ("static", Definition::boolean()),
        ("killed", killed),
    ] {
        document.flags.insert(key.parse().unwrap(), flag);
    }
    for filler in 0..200 {
        document.flags.insert(
            format!("flag-{filler}").parse().unwrap(),
            Definition::boolean(),
        );
    }
    document
}

fn live() -> Live {
    Live::with_defaults(&document())
}

mod flags {
    use super::*;

    #[divan::bench]
    fn floor_hash_of_the_unit(bencher: Bencher<'_, '_>) {
        bencher.bench(|| xxh3_64_with_seed(black_box(UNIT).as_bytes(), black_box(7)));
    }

    #[divan::bench]
    fn floor_snapshot_load_and_hash(bencher: Bencher<'_, '_>) {
        let shared = ArcSwap::from_pointee(7_u64);
        bencher.bench(|| xxh3_64_with_seed(black_box(UNIT).as_bytes(), **shared.load()));
    }

    #[divan::bench(threads = [1, 2])]
    fn percentage_by_handle(bencher: Bencher<'_, '_>) {
        let flag = live().flag("rolling");
        bencher.bench(|| flag.decide(&Context::unit(black_box(UNIT))));
    }

    #[divan::bench]
    fn percentage_by_reader(bencher: Bencher<'_, '_>) {
        let live = live();
        let flag = live.flag("rolling");
        let mut reader = live.reader();
        bencher.bench_local(|| reader.decide(&flag, &Context::unit(black_box(UNIT))));
    }

    #[divan::bench(threads = [1, 2])]
    fn percentage_by_key(bencher: Bencher<'_, '_>) {
        let live = live();
        bencher.bench(|| live.decide(black_box("rolling"), &Context::unit(black_box(UNIT)), false));
    }

    #[divan::bench]
    fn killed_by_handle(bencher: Bencher<'_, '_>) {
        let flag = live().flag("killed");
        bencher.bench(|| flag.decide(&Context::unit(black_box(UNIT))));
    }

    #[divan::bench]
    fn killed_by_reader(bencher: Bencher<'_, '_>) {
        let live = live();
        let flag = live.flag("killed");
        let mut reader = live.reader();
        bencher.bench_local(|| reader.decide(&flag, &Context::unit(black_box(UNIT))));
    }
}

mod operations {
    use super::*;

    type Never = std::convert::Infallible;

    fn cutover() -> Cutover {
        let recorder = Recorder::new(ProcessIdentity::new("bench", "1"));
        Cutover::new(live()).with_metrics(Arc::new(recorder))
    }

    fn old(input: &u64) -> Result<u64, Never> {
        Ok(input.wrapping_mul(3))
    }

    fn new(input: &u64) -> Result<u64, Never> {
        Ok(input.wrapping_add(*input).wrapping_add(*input))
    }

    #[divan::bench]
    fn floor_the_function_alone(bencher: Bencher<'_, '_>) {
        let function: cutover_app::execution::BlockingSide<u64, u64, Never> = Arc::new(old);
        bencher.bench(|| function(&black_box(7)));
    }

    #[divan::bench]
    fn floor_two_clock_readings(bencher: Bencher<'_, '_>) {
        bencher.bench(|| std::time::Instant::now().elapsed());
    }

    #[divan::bench]
    fn blocking_with_the_candidate_sampled_out(bencher: Bencher<'_, '_>) {
        let operation = BlockingOperation::<u64, u64, Never>::builder("triple")
            .old(old)
            .new(new)
            .flag("rolling")
            .sample(Percentage::ZERO)
            .build(&cutover())
            .unwrap();
        bencher.bench(|| operation.run(&Context::unit(black_box(UNIT)), black_box(7)));
    }

    #[divan::bench]
    fn blocking_untimed_with_the_candidate_sampled_out(bencher: Bencher<'_, '_>) {
        let operation = BlockingOperation::<u64, u64, Never>::builder("triple")
            .old(old)
            .new(new)
            .flag("rolling")
            .sample(Percentage::ZERO)
            .measure_time_when(cutover_app::execution::Switch::OFF)
            .build(&cutover())
            .unwrap();
        bencher.bench(|| operation.run(&Context::unit(black_box(UNIT)), black_box(7)));
    }

    #[divan::bench]
    fn asynchronous_with_the_candidate_sampled_out(bencher: Bencher<'_, '_>) {
        let operation = Operation::<u64, u64, Never>::builder("triple")
            .old(|input: Arc<u64>| async move { old(&input) })
            .new(|input: Arc<u64>| async move { new(&input) })
            .flag("rolling")
            .sample(Percentage::ZERO)
            .build(&cutover())
            .unwrap();
        bencher.bench(|| {
            pollster::block_on(operation.run(&Context::unit(black_box(UNIT)), black_box(7)))
        });
    }
}
