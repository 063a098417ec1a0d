//! Timing of tasks that take turns. Libraries for benchmarks time one task after the other, which a busy machine turns
//! into differences that are none.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// How long a sample takes at least, so that the clock and the caches of the processor hardly show in it.
const SAMPLE: Duration = Duration::from_millis(2);

/// How many samples are taken of each task. The more the better, but those of slow tasks are enough after [`PATIENCE`].
pub(crate) const ROUNDS: RangeInclusive<usize> = 9..=101;
const PATIENCE: Duration = Duration::from_secs(4);

/// The time that a task takes, measured again and again. There is one sample at least.
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    /// The fastest sample, in microseconds.
    pub(crate) fn fastest(&self) -> f64 {
        self.microseconds().fold(f64::INFINITY, f64::min)
    }

    /// How many times as long as the other task this one takes. Samples of one round are compared with each other, since
    /// a machine that is slow for a while is slow for both; the median of these ratios counts.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        median(self.microseconds().zip(other.microseconds()).map(|(one, other)| one / other))
    }

    /// How many microseconds more than the other task this one takes: the median of what samples of one round differ.
    pub(crate) fn more_than(&self, other: &Self) -> f64 {
        median(self.microseconds().zip(other.microseconds()).map(|(one, other)| one - other))
    }

    /// How many times as much this task takes more than `base` as `other` takes more than `other_base`.
    pub(crate) fn ratio_of_differences(&self, base: &Self, other: &Self, other_base: &Self) -> f64 {
        let more = self.microseconds().zip(base.microseconds()).map(|(one, base)| one - base);
        let other = other.microseconds().zip(other_base.microseconds()).map(|(one, base)| one - base);
        median(more.zip(other).map(|(more, other)| more / other))
    }

    fn microseconds(&self) -> impl Iterator<Item = f64> {
        self.0.iter().map(|sample| sample.as_secs_f64() * 1e6)
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The samples of the next tasks; `None` where there are fewer tasks.
pub(crate) fn next<const N: usize>(samples: &mut impl Iterator<Item = Samples>) -> Option<[Samples; N]> {
    samples.take(N).collect::<Vec<_>>().try_into().ok()
}

/// Takes samples of each task, one of each in turn.
pub(crate) fn take_turns(tasks: &mut [Box<dyn FnMut() + '_>]) -> Vec<Samples> {
    let repetitions: Vec<u32> = tasks.iter_mut().map(repetitions).collect();
    let mut samples: Vec<_> = tasks.iter().map(|_| Samples(Vec::with_capacity(*ROUNDS.end()))).collect();
    let start = Instant::now();
    for round in 0..*ROUNDS.end() {
        if round >= *ROUNDS.start() && start.elapsed() > PATIENCE {
            break;
        }
        for ((task, repetitions), samples) in tasks.iter_mut().zip(&repetitions).zip(&mut samples) {
            samples.0.push(time(task, *repetitions) / *repetitions);
        }
    }
    samples
}

/// How often a task must be repeated to take as long as a sample should.
fn repetitions(task: &mut Box<dyn FnMut() + '_>) -> u32 {
    let mut repetitions = 1;
    while time(task, repetitions) < SAMPLE {
        repetitions *= 2;
    }
    repetitions
}

fn time(task: &mut Box<dyn FnMut() + '_>, repetitions: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..repetitions {
        task();
    }
    start.elapsed()
}
