//! What something took.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What something took, on the wall and on all processors.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Took {
    /// From beginning to end.
    pub wall: Duration,
    /// Of this process, all of its threads.
    pub own: Duration,
    /// Of the processes that it started and waited for, and theirs.
    pub children: Duration,
}

impl Took {
    /// Measures what `work` takes.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Took) {
        let (wall, own, children) = (Instant::now(), own_cpu(), children_cpu());
        let done = work();
        let took = Took { wall: wall.elapsed(), own: own_cpu() - own, children: children_cpu() - children };
        (done, took)
    }

    /// Returns the time on processors, whoever's.
    pub fn cpu(&self) -> Duration {
        self.own + self.children
    }

    /// Returns as much `times` over.
    pub fn scaled(&self, times: f64) -> Took {
        let scale = |duration: Duration| duration.mul_f64(times);
        Took { wall: scale(self.wall), own: scale(self.own), children: scale(self.children) }
    }

    /// Returns the one in the middle, by CPU time.
    pub fn median(mut all: Vec<Took>) -> Took {
        all.sort_by_key(Took::cpu);
        all.get(all.len() / 2).copied().unwrap_or_default()
    }
}

fn own_cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Returns what the system says in `/proc`, which is exact to a hundredth of a second; elsewhere nothing.
fn children_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name of the program may hold anything; what follows its last bracket are numbers.
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    // Fields 16 and 17 of the file, user and system; the first after the bracket is the third.
    Duration::from_millis((ticks(13) + ticks(14)) * 10)
}
