//! Timing of tasks that take turns. Libraries for benchmarks time one task after the other, which a busy machine turns
//! into differences that are none.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

/// How long a sample takes at least, so that the clock and the caches of the processor hardly show in it.
const SAMPLE: Duration = Duration::from_millis(2);

/// How many samples are taken of each task. The more the better, but those of slow tasks are enough after [`PATIENCE`].
pub(crate) const ROUNDS: RangeInclusive<usize> = 15..=101;
const PATIENCE: Duration = Duration::from_secs(6);

/// The time that a task takes, measured again and again. There is one sample at least.
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn fastest(&self) -> Duration {
        self.0.iter().copied().min().unwrap_or_default()
    }

    /// How many times as long as the other task this one takes. Samples of one round are compared with each other, since
    /// a machine that is slow for a while is slow for both; the median of these ratios counts.
    pub(crate) fn ratio_to(&self, other: &Self) -> f64 {
        let rounds = self.0.iter().zip(&other.0);
        let mut ratios: Vec<f64> = rounds.map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect();
        ratios.sort_unstable_by(f64::total_cmp);
        ratios.get(ratios.len() / 2).copied().unwrap_or_default()
    }
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
