//! What the built programs do, seen from outside.

mod contention;
mod damage;
mod exit_codes;
mod kills;
mod rollout;
mod vectors;
