//! From observations to an index. What was observed is made beforehand.

use divan::Bencher;
use divan::counter::ItemsCount;
use skiptrace_benches::fixture::workloads;
use skiptrace_benches::workload::Workload;
use skiptrace_engine::recording::Shard;

fn main() {
    divan::main();
}

/// Files first, then test by test; items are tests.
#[divan::bench(args = workloads(&[Workload::SMALL, Workload::LARGE]), sample_count = 3, sample_size = 1)]
fn index(bencher: Bencher<'_, '_>, workload: Workload) {
    let plan = workload.draw();
    let observations = || plan.tests_of(Shard::WHOLE).map(|test| plan.observation(test)).collect::<Vec<_>>();
    bencher
        .counter(ItemsCount::new(workload.tests))
        .with_inputs(|| (plan.start(Shard::WHOLE), observations()))
        .bench_values(|((mut builder, recording), observations)| {
            for observation in observations {
                builder.observe(recording, observation).expect("the job is the recording's");
            }
            builder.finish()
        });
}
