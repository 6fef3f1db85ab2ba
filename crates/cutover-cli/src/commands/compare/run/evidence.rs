//! What the pairs of a run say together: whether new keeps the limits of its performance.

use cutover_domain::comparison::ComparisonRecord;
use cutover_domain::comparison::performance::{Answer, PerformanceLimit, PerformanceLimits};
use cutover_domain::comparison::report::ReportBuilder;
