use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::Statistic;
use crate::comparison::{Measurements, round};

/// Something that both sides are measured in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// Time from call to answer.
    Wall,
    /// Processor time, user and kernel together.
    Cpu,
    /// Most memory held at one time.
    PeakMemory,
    /// Memory asked for in all.
    Allocated,
    /// What a side counts itself, by name.
    Counter(String),
}

impl Metric {
    /// The ones that need no name.
    pub const STANDARD: [Self; 4] = [Self::Wall, Self::Cpu, Self::PeakMemory, Self::Allocated];

    /// What was measured, in nanoseconds, bytes or counts; absent where it was not.
    #[must_use]
    pub fn of(&self, measurements: &Measurements) -> Option<u64> {
        let nanoseconds =
            |time: std::time::Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        match self {
            Self::Wall => measurements.wall.map(nanoseconds),
            Self::Cpu => measurements.cpu().map(nanoseconds),
            Self::PeakMemory => measurements.peak_memory,
            Self::Allocated => measurements.allocated,
            Self::Counter(name) => measurements.counters.get(name).copied(),
        }
    }

    /// The limits it is held against when nothing else is said: time may be 5 % more, in the mean
    /// and in every quantile; memory and counts may not be more, in the mean.
    fn standard_limits(&self) -> &'static [(Statistic, f64)] {
        const TIME: [(Statistic, f64); 4] = [
            (Statistic::Mean, 1.05),
            (Statistic::P50, 1.05),
            (Statistic::P95, 1.05),
            (Statistic::P99, 1.05),
        ];
        match self {
            Self::Wall => &TIME,
            Self::Cpu => &TIME[..1],
            Self::PeakMemory | Self::Allocated | Self::Counter(_) => &[(Statistic::Mean, 1.0)],
        }
    }
}

impl fmt::Display for Metric {
    /// `wall`, `cpu`, `peak_memory`, `allocated`, `counters.NAME`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wall => f.write_str("wall"),
            Self::Cpu => f.write_str("cpu"),
            Self::PeakMemory => f.write_str("peak_memory"),
            Self::Allocated => f.write_str("allocated"),
            Self::Counter(name) => write!(f, "counters.{name}"),
        }
    }
}

impl Serialize for Metric {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A ratio of new to old that is allowed.
///
/// Written `METRIC[:STATISTIC]=RATIO`, the ratio also as a change in per cent:
///
/// ```
/// use cutover_domain::comparison::performance::{Metric, PerformanceLimit, Statistic};
///
/// let limit: PerformanceLimit = "wall:p95=+5%".parse()?;
/// assert_eq!((limit.metric, limit.statistic, limit.at_most), (Metric::Wall, Statistic::P95, 1.05));
/// let limit: PerformanceLimit = "counters.queries=0.5".parse()?;
/// assert_eq!((limit.statistic, limit.at_most), (Statistic::Mean, 0.5));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct PerformanceLimit {
    /// What is measured.
    pub metric: Metric,
    /// What is compared.
    pub statistic: Statistic,
    /// The ratio that is allowed: positive.
    pub at_most: f64,
}

impl fmt::Display for PerformanceLimit {
    /// As its own parser reads it: `wall:p95=1.05`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            metric,
            statistic,
            at_most,
        } = self;
        write!(f, "{metric}:{}={at_most}", statistic.word())
    }
}

impl FromStr for PerformanceLimit {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let how =
            "write METRIC[:STATISTIC]=RATIO, as in `wall:p95=1.05` or `counters.queries=-50%`";
        let (name, ratio) = text
            .rsplit_once('=')
            .ok_or_else(|| format!("`{text}` is no limit: {how}"))?;
        let statistic = |word: &str| {
            Statistic::ALL
                .into_iter()
                .find(|known| known.word() == word)
        };
        let (name, statistic) = match name.rsplit_once(':') {
            // The name of a counter may hold a colon.
            Some((name, word)) if statistic(word).is_some() || !name.starts_with("counters.") => {
                let statistic = statistic(word)
                    .ok_or_else(|| format!("`{word}` is none of mean, p50, p95, p99: {how}"))?;
                (name, statistic)
            }
            _ => (name, Statistic::Mean),
        };
        let standard = Metric::STANDARD
            .into_iter()
            .find(|metric| metric.to_string() == name);
        let metric = match (standard, name.strip_prefix("counters.")) {
            (Some(metric), _) => metric,
            (None, Some(counter)) if !counter.is_empty() => Metric::Counter(counter.to_owned()),
            _ => {
                return Err(format!(
                    "`{name}` is none of wall, cpu, peak_memory, allocated, counters.NAME: {how}"
                ));
            }
        };
        let number = |text: &str| text.parse::<f64>().ok();
        let at_most = match ratio.strip_suffix('%') {
            Some(change) => number(change).map(|change| 1.0 + change / 100.0),
            None => number(ratio),
        };
        match at_most.and_then(round).filter(|at_most| *at_most > 0.0) {
            Some(at_most) => Ok(Self {
                metric,
                statistic,
                at_most,
            }),
            None => Err(format!("`{ratio}` is no ratio above 0: {how}")),
        }
    }
}

/// What every metric is held against.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PerformanceLimits(Vec<PerformanceLimit>);

impl PerformanceLimits {
    /// The usual ones: time at most 5 % more, memory and counts not more.
    #[must_use]
    pub fn standard() -> Self {
        Self::default()
    }

    /// Sets a limit. It takes the place of the usual one of the same metric and statistic.
    #[must_use]
    pub fn with(mut self, limit: PerformanceLimit) -> Self {
        self.0.push(limit);
        self
    }

    /// Whether any limit was set by somebody.
    #[must_use]
    pub fn is_standard(&self) -> bool {
        self.0.is_empty()
    }

    /// The limits that were set.
    #[must_use]
    pub fn set(&self) -> &[PerformanceLimit] {
        &self.0
    }

    /// Whether somebody has set a limit of this metric and statistic.
    #[must_use]
    pub fn is_set(&self, metric: &Metric, statistic: Statistic) -> bool {
        let mut set = self.0.iter();
        set.any(|set| set.metric == *metric && set.statistic == statistic)
    }

    /// What is judged of a metric: what is usual, and what was set.
    #[must_use]
    pub fn of(&self, metric: &Metric) -> Vec<(Statistic, f64)> {
        let mut limits = metric.standard_limits().to_vec();
        for set in self.0.iter().filter(|set| set.metric == *metric) {
            limits.retain(|(statistic, _)| *statistic != set.statistic);
            limits.push((set.statistic, set.at_most));
        }
        limits.sort_by_key(|(statistic, _)| *statistic);
        limits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_limit_says_what_is_wrong_with_it() {
        for (text, complaint) in [
            ("wall", "is no limit"),
            ("wall:p90=1", "`p90` is none of"),
            ("wal=1", "`wal` is none of"),
            ("counters.=1", "none of wall"),
            ("wall=0", "no ratio above 0"),
            ("wall=-100%", "no ratio above 0"),
            ("wall=fast", "no ratio above 0"),
            ("wall=NaN", "no ratio above 0"),
            ("wall=inf", "no ratio above 0"),
        ] {
            let error = text.parse::<PerformanceLimit>().unwrap_err();
            assert!(error.contains(complaint), "{text}: {error}");
        }
        let odd: PerformanceLimit = "counters.a:b=c=-98.3%".parse().unwrap();
        assert_eq!(odd.to_string().parse(), Ok(odd.clone()));
        assert_eq!(
            (odd.metric, odd.at_most),
            (Metric::Counter("a:b=c".to_owned()), 0.017)
        );
    }

    #[test]
    fn what_is_set_takes_the_place_of_what_is_usual() {
        let limits = PerformanceLimits::standard()
            .with("wall=1.2".parse().unwrap())
            .with("peak_memory:p95=1.1".parse().unwrap());
        assert_eq!(limits.of(&Metric::Wall)[0], (Statistic::Mean, 1.2));
        assert_eq!(limits.of(&Metric::Wall).len(), 4);
        assert_eq!(
            limits.of(&Metric::PeakMemory),
            [(Statistic::Mean, 1.0), (Statistic::P95, 1.1)]
        );
        assert!(!limits.is_standard());
    }
}
