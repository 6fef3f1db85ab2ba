//! Measurements whose truth is known, to see how often a verdict on them is wrong.

/// Numbers that look random, the same in every run.
pub(crate) struct Lot(u64);

impl Lot {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(crate) fn uniform(&mut self) -> f64 {
        // xorshift64*, another generator than the one under test.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        (bits as f64 + 0.5) / (1_u64 << 53) as f64
    }

    pub(crate) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Student's distribution with 3 degrees of freedom: now and then something far out.
    fn student(&mut self) -> f64 {
        let squares: f64 = (0..3).map(|_| self.normal().powi(2)).sum();
        self.normal() / (squares / 3.0).sqrt()
    }
}

/// How measurements are spread. In all but the last, old and new are spread alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Shape {
    /// Logarithms are normal, a tenth wide.
    Normal,
    /// The same, as wide as the values themselves: σ = 1.
    Wide,
    /// Logarithms are Student's with 3 degrees of freedom, a tenth wide.
    Tailed,
    /// As the first, in whole milliseconds: around a hundred, or around ten.
    Rounded(f64),
    /// New has a long tail that old has not.
    Lopsided,
}

/// What a set of measurements is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) shape: Shape,
    /// How much of the noise before is still there.
    pub(crate) kept: f64,
    /// How much inputs, which old and new have in common, differ in size, as a logarithm.
    pub(crate) sizes: f64,
}

impl Setting {
    /// Pairs in the order of execution. Where both sides are spread alike, all ratios are truly 1.
    pub(crate) fn pairs(&self, lot: &mut Lot, n: usize) -> Vec<(f64, f64)> {
        const SETTLING: usize = 40;
        let fresh = (1.0 - self.kept * self.kept).sqrt();
        let mut noise = (0.0, 0.0);
        let mut pairs = Vec::with_capacity(n);
        for place in 0..SETTLING + n {
            let mut step = || match self.shape {
                Shape::Tailed => lot.student(),
                _ => lot.normal(),
            };
            noise.0 = self.kept * noise.0 + fresh * step();
            noise.1 = self.kept * noise.1 + fresh * step();
            if place < SETTLING {
                continue;
            }
            let size = if self.sizes > 0.0 {
                (self.sizes * lot.normal()).exp()
            } else {
                1.0
            };
            let (old, new) = noise;
            pairs.push(match self.shape {
                Shape::Normal | Shape::Tailed => {
                    let value = |noise: f64| 1e6 * size * (0.1 * noise).exp();
                    (value(old), value(new))
                }
                Shape::Wide => (1e6 * size * old.exp(), 1e6 * size * new.exp()),
                Shape::Rounded(around) => {
                    let value = |noise: f64| (around * size * (0.1 * noise).exp()).round();
                    (value(old), value(new))
                }
                Shape::Lopsided => (
                    1e6 * size * (1.0 + 0.05 * old.exp()),
                    1e6 * size * (1.0 + 0.5 * new.exp()),
                ),
            });
        }
        pairs
    }
}
