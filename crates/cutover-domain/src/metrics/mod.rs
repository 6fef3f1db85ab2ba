//! Counters, gauges, timers and their summaries.
