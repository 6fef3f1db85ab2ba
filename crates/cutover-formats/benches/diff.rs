//! Reading and comparing lists of records of which one in a hundred changed, beside `serde_json`
//! reading the same two documents, which is the floor every target is a ratio to.

#![allow(clippy::expect_used, reason = "a benchmark that cannot run stops")]

use cutover_domain::comparison::{Comparator, Rules};
use cutover_domain::tree::Tree;
use cutover_formats::{Document, Format};
use divan::Bencher;
use divan::black_box;

const SIZES: [usize; 2] = [10_000, 100_000];

fn main() {
    divan::main();
}

fn record(id: usize, changed: bool) -> String {
    let price = (id * 37 % 10_000) as f64 / 100.0 + if changed { 0.5 } else { 0.0 };
    format!(
        "{{\"id\":{id},\"name\":\"customer {id}\",\"kind\":\"{}\",\"price\":{price:?},\"active\":{},\
         \"tags\":[\"t{}\",\"t{}\"],\"address\":{{\"street\":\"{} Main Street\",\"zip\":\"{:05}\"}}}}",
        ["basic", "plus", "pro"][id % 3],
        id.is_multiple_of(2),
        id % 11,
        id % 13,
        id % 977,
        id * 7 % 99_999,
    )
}

fn document(order: impl Iterator<Item = usize>, changed: impl Fn(usize) -> bool) -> String {
    let records: Vec<_> = order.map(|id| record(id, changed(id))).collect();
    format!("[{}]", records.join(","))
}

/// Old in order; new with one in a hundred changed, in order or shuffled.
fn documents(count: usize, shuffled: bool) -> (String, String) {
    let mut order: Vec<_> = (0..count).collect();
    if shuffled {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for at in (1..count).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            order.swap(at, state as usize % (at + 1));
        }
    }
    let old = document(0..count, |_| false);
    (old, document(order.into_iter(), |id| id % 100 == 37))
}

fn read(text: &str) -> Tree {
    Document::new(text.as_bytes())
        .format(Format::Json)
        .read()
        .expect("a document")
}

/// Compares two trees, and checks that exactly what was changed is found.
fn compare(bencher: Bencher<'_, '_>, count: usize, shuffled: bool, rules: &Rules) {
    let (old, new) = documents(count, shuffled);
    let (old, new) = (read(&old), read(&new));
    let comparator: Comparator = rules.build().expect("rules");
    let found = comparator.compare(&old, &new).counts;
    assert_eq!(
        (found.value, found.total()),
        (count as u64 / 100, count as u64 / 100)
    );
    bencher.bench_local(|| comparator.compare(black_box(&old), black_box(&new)));
}

#[divan::bench(args = SIZES)]
fn floor_serde_json_reads_both(bencher: Bencher<'_, '_>, count: usize) {
    let (old, new) = documents(count, false);
    bencher.bench_local(|| {
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
        (value(black_box(&old)), value(black_box(&new)))
    });
}

#[divan::bench(args = SIZES)]
fn floor_serde_json_values_equal(bencher: Bencher<'_, '_>, count: usize) {
    let (old, _) = documents(count, false);
    let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect("JSON");
    let (old, twin) = (value(&old), value(&old));
    bencher.bench_local(|| black_box(&old) == black_box(&twin));
}

#[divan::bench(args = SIZES)]
fn read_both(bencher: Bencher<'_, '_>, count: usize) {
    let (old, new) = documents(count, false);
    bencher.bench_local(|| (read(black_box(&old)), read(black_box(&new))));
}

#[divan::bench(args = SIZES)]
fn diff_equal(bencher: Bencher<'_, '_>, count: usize) {
    let (old, _) = documents(count, false);
    let (old, twin) = (read(&old), read(&old));
    let comparator = Comparator::default();
    bencher.bench_local(|| comparator.compare(black_box(&old), black_box(&twin)));
}

#[divan::bench(args = SIZES)]
fn diff_ordered(bencher: Bencher<'_, '_>, count: usize) {
    compare(bencher, count, false, &Rules::new());
}

#[divan::bench(args = SIZES)]
fn diff_keyed(bencher: Bencher<'_, '_>, count: usize) {
    compare(bencher, count, true, &Rules::new().key("$", ["id"]));
}

#[divan::bench(args = SIZES)]
fn diff_unordered(bencher: Bencher<'_, '_>, count: usize) {
    compare(bencher, count, true, &Rules::new().unordered("$"));
}

#[divan::bench(args = SIZES)]
fn diff_unordered_everywhere_tolerant(bencher: Bencher<'_, '_>, count: usize) {
    compare(
        bencher,
        count,
        true,
        &Rules::new().unordered_everywhere().relative(1e-9),
    );
}

/// What `cutover diff` does: read both, compare without order.
#[divan::bench(args = SIZES)]
fn whole_unordered(bencher: Bencher<'_, '_>, count: usize) {
    let (old, new) = documents(count, true);
    let comparator = Rules::new().unordered("$").build().expect("rules");
    bencher.bench_local(|| comparator.compare(&read(black_box(&old)), &read(black_box(&new))));
}

#[divan::bench]
fn half_of_400_records_changed_unordered(bencher: Bencher<'_, '_>) {
    let old = read(&document(0..400, |_| false));
    let new = read(&document((0..400).rev(), |id| id % 2 == 1));
    let comparator = Rules::new().unordered_everywhere().build().expect("rules");
    assert_eq!(comparator.compare(&old, &new).counts.value, 200);
    bencher.bench_local(|| comparator.compare(black_box(&old), black_box(&new)));
}

#[divan::bench]
fn small_answers_equal(bencher: Bencher<'_, '_>) {
    let (old, new) = (read(&record(1, false)), read(&record(1, false)));
    let comparator = Comparator::default();
    bencher.bench_local(|| comparator.compare(black_box(&old), black_box(&new)));
}

#[divan::bench]
fn small_answers_different(bencher: Bencher<'_, '_>) {
    let (old, new) = (read(&record(1, false)), read(&record(1, true)));
    let comparator = Comparator::default();
    bencher.bench_local(|| comparator.compare(black_box(&old), black_box(&new)));
}
