//! The documents that everybody compares, as JSON text.

/// A record with nested members, about 170 bytes.
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

/// How many of a hundred records differ, and where the records of new stand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// 0, 1 or 50.
    pub(crate) percent: usize,
    pub(crate) shuffled: bool,
}

impl Change {
    /// Whether a record is one that changed; spread evenly.
    fn hits(self, id: usize) -> bool {
        match self.percent {
            0 => false,
            50 => id % 2 == 1,
            percent => id % 100 < percent,
        }
    }

    /// How many of so many records changed.
    pub(crate) fn count(self, records: usize) -> usize {
        (0..records).filter(|id| self.hits(*id)).count()
    }
}

/// Two lists of records, old and new.
pub(crate) fn records(count: usize, change: Change) -> [String; 2] {
    let mut order: Vec<usize> = (0..count).collect();
    let old = list(&order, |_| false);
    if change.shuffled {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for at in (1..count).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            order.swap(at, state as usize % (at + 1));
        }
    }
    [old, list(&order, |id| change.hits(id))]
}

fn list(order: &[usize], changed: impl Fn(usize) -> bool) -> String {
    let mut text = String::with_capacity(order.len() * 180 + 2);
    text.push('[');
    for (at, id) in order.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(&record(*id, changed(*id)));
    }
    text.push(']');
    text
}

/// A thousand chains of a hundred objects within one another; ten of them end differently.
pub(crate) fn deep() -> [String; 2] {
    let chain = |end: usize| format!("{}{end}{}", "{\"next\":".repeat(100), "}".repeat(100));
    let document = |changed: usize| {
        let chains: Vec<String> = (0..1_000)
            .map(|at| chain(if at % 100 == 7 { at + changed } else { at }))
            .collect();
        format!("[{}]", chains.join(","))
    };
    [document(0), document(1)]
}
