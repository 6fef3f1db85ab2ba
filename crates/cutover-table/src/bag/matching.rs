//! Matching rows within tolerances, as many as possible.
//!
//! Closeness is not transitive, so rows cannot be rounded or counted off; but what is close to a
//! number is an interval that moves with it. With one column, walking both sides in order matches as
//! many as possible (Glover, 1967, for convex graphs of this kind). With several, the interval of
//! the first limits whom to look at, and augmenting paths do the rest (Kuhn, 1955), within a budget
//! of work; past it the answer says that it is not exact.

use std::cmp::Ordering;

use super::near::{Candidate, Candidates};
use crate::Tolerance;
use crate::kernel::Seen;

/// How many pairs of rows are looked at before giving up on the most matches.
const WORK: u64 = 50_000_000;

/// Who found no partner.
pub(super) struct Matched {
    /// Rows of the tables, from 0.
    pub(super) only_old: Vec<u64>,
    pub(super) only_new: Vec<u64>,
    /// Whether no other way of matching leaves fewer.
    pub(super) exact: bool,
    /// What was tolerated, for each column of numbers.
    pub(super) seen: Vec<Seen>,
}

/// Matches the rows of each bucket. Both sides are sorted.
pub(super) fn run(old: &Candidates, new: &Candidates, tolerances: &[Tolerance]) -> Matched {
    let mut run = Run {
        old,
        new,
        tolerances,
        work: WORK,
        matched: Matched {
            only_old: Vec::new(),
            only_new: Vec::new(),
            exact: true,
            seen: vec![Seen::default(); tolerances.len()],
        },
    };
    let (mut old_rows, mut new_rows) = (&old.rows[..], &new.rows[..]);
    while let Some(bucket) = least(old_rows.first(), new_rows.first()) {
        let bucket_old;
        let bucket_new;
        (bucket_old, old_rows) = split(old_rows, bucket);
        (bucket_new, new_rows) = split(new_rows, bucket);
        run.bucket(bucket_old, bucket_new);
    }
    run.matched
}

fn least(old: Option<&Candidate>, new: Option<&Candidate>) -> Option<u128> {
    let bucket = |row: &Candidate| row.bucket;
    match (old.map(bucket), new.map(bucket)) {
        (Some(old), Some(new)) => Some(old.min(new)),
        (old, new) => old.or(new),
    }
}

fn split(rows: &[Candidate], bucket: u128) -> (&[Candidate], &[Candidate]) {
    let length = rows.iter().take_while(|row| row.bucket == bucket).count();
    rows.split_at(length)
}

struct Run<'a> {
    old: &'a Candidates,
    new: &'a Candidates,
    tolerances: &'a [Tolerance],
    work: u64,
    matched: Matched,
}

/// No partner yet.
const NOBODY: usize = usize::MAX;

impl Run<'_> {
    fn bucket(&mut self, old: &[Candidate], new: &[Candidate]) {
        let partners = if self.tolerances.len() == 1 {
            self.walk(old, new)
        } else {
            self.augment(old, new)
        };
        let mut met = vec![false; new.len()];
        for (row, partner) in old.iter().zip(&partners) {
            match new.get(*partner) {
                Some(other) => {
                    met[*partner] = true;
                    self.note(row, other);
                }
                None => self.matched.only_old.push(row.row),
            }
        }
        let alone = new.iter().zip(met).filter(|(_, met)| !met);
        self.matched.only_new.extend(alone.map(|(row, _)| row.row));
    }

    /// What two partners were tolerated.
    fn note(&mut self, row: &Candidate, other: &Candidate) {
        for (column, seen) in self.matched.seen.iter_mut().enumerate() {
            if let Some(apart) = self.old.apart(row, self.new, other, column) {
                seen.tolerate(Some(apart.distance));
            }
        }
    }

    fn close_in_first(&self, row: &Candidate, other: &Candidate) -> bool {
        self.old
            .is_close(row, self.new, other, 0, self.tolerances[0])
    }

    fn close_in_others(&self, row: &Candidate, other: &Candidate) -> bool {
        let mut others = self.tolerances.iter().enumerate().skip(1);
        others
            .all(|(column, tolerance)| self.old.is_close(row, self.new, other, column, *tolerance))
    }

    /// The partner of each row of old, by one column.
    fn walk(&self, old: &[Candidate], new: &[Candidate]) -> Vec<usize> {
        let mut partners = vec![NOBODY; old.len()];
        let (mut at, mut other) = (0, 0);
        while at < old.len() && other < new.len() {
            if self.close_in_first(&old[at], &new[other]) {
                partners[at] = other;
                at += 1;
                other += 1;
            } else if self.old.order(&old[at], self.new, &new[other]) == Ordering::Less {
                at += 1;
            } else {
                other += 1;
            }
        }
        partners
    }

    /// The partner of each row of old, by all columns.
    fn augment(&mut self, old: &[Candidate], new: &[Candidate]) -> Vec<usize> {
        let friends = self.friends(old, new);
        let mut partners = vec![NOBODY; old.len()];
        let mut taken = vec![NOBODY; new.len()];
        // Who is free is taken first: most rows have one friend.
        for (at, friends) in friends.iter().enumerate() {
            if let Some(other) = friends.iter().find(|other| taken[**other] == NOBODY) {
                (partners[at], taken[*other]) = (*other, at);
            }
        }
        let mut visited = vec![NOBODY; new.len()];
        for at in 0..old.len() {
            if partners[at] == NOBODY && !friends[at].is_empty() {
                self.find_path(at, &friends, &mut partners, &mut taken, &mut visited);
            }
        }
        partners
    }

    /// Whom each row of old is close to.
    fn friends(&mut self, old: &[Candidate], new: &[Candidate]) -> Vec<Vec<usize>> {
        let mut from = 0;
        let mut all = Vec::with_capacity(old.len());
        for row in old {
            let before = |other: &Candidate| {
                !self.close_in_first(row, other)
                    && self.old.order(row, self.new, other) == Ordering::Greater
            };
            while from < new.len() && before(&new[from]) {
                from += 1;
            }
            let mut friends = Vec::new();
            for (at, other) in new.iter().enumerate().skip(from) {
                if !self.close_in_first(row, other) {
                    break;
                }
                if self.work == 0 {
                    self.matched.exact = false;
                    break;
                }
                self.work -= 1;
                if self.close_in_others(row, other) {
                    friends.push(at);
                }
            }
            all.push(friends);
        }
        all
    }

    /// Breadth first, for a way on which everybody changes partners and one more has one.
    fn find_path(
        &mut self,
        start: usize,
        friends: &[Vec<usize>],
        partners: &mut [usize],
        taken: &mut [usize],
        visited: &mut [usize],
    ) {
        let mut queue = vec![start];
        // From which row of old each row of new was reached in this search.
        let mut reached: Vec<(usize, usize)> = Vec::new();
        let mut at = 0;
        while let Some(row) = queue.get(at).copied() {
            at += 1;
            for other in &friends[row] {
                if self.work == 0 {
                    self.matched.exact = false;
                    return;
                }
                self.work -= 1;
                if visited[*other] == start {
                    continue;
                }
                visited[*other] = start;
                reached.push((*other, row));
                if taken[*other] == NOBODY {
                    turn_over(*other, &reached, partners, taken);
                    return;
                }
                queue.push(taken[*other]);
            }
        }
    }
}

/// Gives the free row of new to whoever reached it, and so on back to the start.
fn turn_over(free: usize, reached: &[(usize, usize)], partners: &mut [usize], taken: &mut [usize]) {
    let mut other = free;
    let mut steps = reached.iter().rev();
    while let Some((_, row)) = steps.find(|(reached, _)| *reached == other) {
        let before = partners[*row];
        (partners[*row], taken[other]) = (other, *row);
        if before == NOBODY {
            return;
        }
        other = before;
    }
}
