//! The best pairing of two small groups.

/// Pairs rows with columns so that the sum of gains is highest; a pair without gain is not made.
///
/// The Hungarian algorithm with potentials (Kuhn 1955, Munkres 1957; the shortest-path form of
/// Jonker and Volgenant 1987), cubic in the size.
pub(super) fn assign(gain: &[Vec<i64>]) -> Vec<(usize, usize)> {
    let rows = gain.len();
    let columns = gain.first().map_or(0, Vec::len);
    let size = rows.max(columns);
    let cost = |row: usize, column: usize| {
        -gain
            .get(row)
            .and_then(|row| row.get(column))
            .copied()
            .unwrap_or(0)
    };
    // Row and column 0 stand for "none"; the others are counted from 1.
    let (mut of_row, mut of_column) = (vec![0_i64; size + 1], vec![0_i64; size + 1]);
    let mut row_of = vec![0_usize; size + 1];
    for row in 1..=size {
        row_of[0] = row;
        let mut column = 0;
        let mut shortest = vec![i64::MAX; size + 1];
        let mut before = vec![0_usize; size + 1];
        let mut visited = vec![false; size + 1];
        while row_of[column] != 0 {
            visited[column] = true;
            let from = row_of[column];
            let (mut step, mut next) = (i64::MAX, 0);
            for to in 1..=size {
                if visited[to] {
                    continue;
                }
                let reduced = cost(from - 1, to - 1) - of_row[from] - of_column[to];
                if reduced < shortest[to] {
                    shortest[to] = reduced;
                    before[to] = column;
                }
                if shortest[to] < step {
                    step = shortest[to];
                    next = to;
                }
            }
            for at in 0..=size {
                if visited[at] {
                    of_row[row_of[at]] += step;
                    of_column[at] -= step;
                } else if shortest[at] != i64::MAX {
                    shortest[at] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            let from = before[column];
            row_of[column] = row_of[from];
            column = from;
        }
    }
    (1..=size)
        .map(|column| (row_of[column].wrapping_sub(1), column - 1))
        .filter(|(row, column)| cost(*row, *column) < 0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(gain: &[Vec<i64>], pairs: &[(usize, usize)]) -> i64 {
        pairs.iter().map(|(row, column)| gain[*row][*column]).sum()
    }

    /// All pairings tried.
    fn best(gain: &[Vec<i64>], row: usize, taken: &mut Vec<usize>) -> i64 {
        let Some(gains) = gain.get(row) else { return 0 };
        let mut highest = best(gain, row + 1, taken);
        for (column, value) in gains.iter().enumerate() {
            if *value > 0 && !taken.contains(&column) {
                taken.push(column);
                highest = highest.max(value + best(gain, row + 1, taken));
                taken.pop();
            }
        }
        highest
    }

    #[test]
    fn the_best_whole_beats_the_best_first_pair() {
        let gain = vec![vec![5, 4], vec![4, 0]];
        let mut pairs = assign(&gain);
        pairs.sort_unstable();
        assert_eq!(pairs, [(0, 1), (1, 0)]);
        assert!(assign(&[]).is_empty());
        assert!(assign(&[vec![0, 0]]).is_empty());
    }

    proptest::proptest! {
        #[test]
        fn no_pairing_gains_more(
            gain in proptest::collection::vec(proptest::collection::vec(0_i64..9, 4), 0..6)
        ) {
            let pairs = assign(&gain);
            proptest::prop_assert_eq!(total(&gain, &pairs), best(&gain, 0, &mut Vec::new()));
            let mut columns: Vec<_> = pairs.iter().map(|pair| pair.1).collect();
            columns.sort_unstable();
            columns.dedup();
            proptest::prop_assert_eq!(columns.len(), pairs.len());
        }
    }
}
