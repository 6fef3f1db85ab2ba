//! All engines, ready for one scenario.

use crate::cutover::Cutover;
use crate::floor;
use crate::launchdarkly::LaunchDarkly;
use crate::scenario::Scenario;
use crate::way::Way;
use crate::yggdrasil::Yggdrasil;

/// The engines with the flags of one scenario.
pub struct World<'a> {
    scenario: &'a Scenario,
    cutover: Cutover<'a>,
    yggdrasil: Yggdrasil<'a>,
    launchdarkly: LaunchDarkly<'a>,
}

impl<'a> World<'a> {
    /// Gives every engine the flags.
    ///
    /// # Errors
    ///
    /// An engine does not take them.
    pub fn new(scenario: &'a Scenario) -> Result<Self, String> {
        Ok(Self {
            scenario,
            cutover: Cutover::new(scenario)?,
            yggdrasil: Yggdrasil::new(scenario)?,
            launchdarkly: LaunchDarkly::new(scenario)?,
        })
    }

    /// Every way of asking, ours first. Always in the same order, so that figures from several
    /// processes can be put together.
    #[must_use]
    pub fn ways(&self) -> Vec<Way<'_>> {
        let mut ways = self.cutover.ways();
        ways.extend(self.yggdrasil.ways());
        ways.extend(self.launchdarkly.ways());
        ways
    }

    /// The same with the floors before them: the loop, then the hash.
    #[must_use]
    pub fn ways_with_floors(&self) -> Vec<Way<'_>> {
        let mut ways = vec![
            floor::the_loop(self.scenario),
            floor::the_hash(self.scenario),
        ];
        ways.extend(self.ways());
        ways
    }
}
