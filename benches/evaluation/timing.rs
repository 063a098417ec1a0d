//! Timing of tasks that take turns. Libraries for benchmarks time one task after the other, which a busy machine turns
//! into differences that are none.

use std::time::{Duration, Instant};

/// How long a sample takes at least, so that the clock and the caches of the processor hardly show in it.
const SAMPLE: Duration = Duration::from_millis(2);

/// The time that a task takes, measured again and again. There is one sample at least.
pub(crate) struct Samples(Vec<Duration>);

impl Samples {
    pub(crate) fn fastest(&self) -> Duration {
        self.0.iter().copied().min().unwrap_or_default()
    }

    pub(crate) fn median(&self) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

/// Takes so many samples of each task, a sample of each in turn.
pub(crate) fn take_turns(tasks: &mut [Box<dyn FnMut() + '_>], rounds: usize) -> Vec<Samples> {
    let repetitions: Vec<u32> = tasks.iter_mut().map(repetitions).collect();
    let mut samples: Vec<_> = tasks.iter().map(|_| Samples(Vec::with_capacity(rounds))).collect();
    for _ in 0..rounds {
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
