//! Times as SQLite sorts them.

use jiff::Timestamp;

/// Nanoseconds since 1970. Times before 1677 and past 2262 count as the first and last of them; the
/// record itself has them as they are.
pub(super) fn nanoseconds(time: Timestamp) -> i64 {
    let nanoseconds = time.as_nanosecond();
    i64::try_from(nanoseconds).unwrap_or(if nanoseconds < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_times_is_that_of_numbers() {
        let times = [
            Timestamp::MIN,
            Timestamp::from_nanosecond(-1).unwrap(),
            Timestamp::UNIX_EPOCH,
            Timestamp::from_nanosecond(1).unwrap(),
            "2026-01-01T00:00:00.000000001Z".parse().unwrap(),
            Timestamp::MAX,
        ];
        assert!(times.map(nanoseconds).is_sorted());
        assert_eq!(nanoseconds(times[3]), 1);
    }
}
