//! What holds for every profile.

use proptest::prelude::*;
use skiptrace_engine::record::Problem;

use crate::llvm::layout::{CounterWidth, Layout};
use crate::llvm::profile::*;

use super::model::{Model, any_model};

/// What reading says: for each profile its binary and its hits, then the errors.
fn read(bytes: &[u8], layouts: &[Layout]) -> (Vec<(usize, Vec<u32>)>, Vec<ProfileError>) {
    let mut seen = Vec::new();
    let layouts = layouts.iter().cloned().map(Into::into).collect();
    let reading = read_profiles(bytes, &layouts, &mut Scratch::default(), |hits| {
        seen.push((hits.binary, hits.slots.to_vec()));
    });
    assert!(reading.n_profiles > 0 || !reading.errors.is_empty(), "a file says nothing at all");
    (seen, reading.errors)
}

/// Several models whose binaries can be told apart.
fn any_models(most: usize) -> impl Strategy<Value = Vec<Model>> {
    prop::collection::vec(any_model(), 1..=most).prop_filter("binaries are told apart", |models| {
        let all = |model: &Model| (model.build_ids.clone(), model.layout().data_hash);
        let known: Vec<_> = models.iter().map(all).collect();
        known.iter().enumerate().all(|(place, (ids, hash))| {
            known[..place].iter().all(|(others, other)| {
                ids.iter().all(|id| !others.contains(id)) && (!ids.is_empty() || hash != other)
            })
        })
    })
}

proptest! {
    #[test]
    fn reading_gives_back_what_was_written(models in any_models(4), gap in 0usize..3) {
        let mut bytes = Vec::new();
        for model in &models {
            bytes.extend(model.write().bytes);
            bytes.resize(bytes.len() + gap * 8, 0);
        }
        let profiles: Vec<_> = RawProfiles::new(&bytes).collect::<Result<_, _>>().unwrap();
        prop_assert_eq!(profiles.len(), models.len());
        for (profile, model) in profiles.iter().zip(&models) {
            let layout = model.layout();
            prop_assert_eq!(profile.header().shape, model.shape);
            prop_assert_eq!(profile.counter_width(), model.width);
            prop_assert!(profile.build_ids.iter().map(|id| id.to_vec()).eq(model.build_ids.iter().cloned()));
            prop_assert_eq!(profile.matches(&layout), Ok(()));
            if !model.correlated {
                prop_assert_eq!(profile.records().unwrap().slots(profile.header()).unwrap(), layout.slots);
                let n_kinds = if model.shape.version >= 10 { 3 } else { 2 };
                for (record, function) in profile.records().unwrap().zip(&model.functions) {
                    prop_assert_eq!(record.name_hash, function.name_hash);
                    prop_assert_eq!(record.structure_hash, function.structure_hash);
                    prop_assert_eq!(record.n_counters as usize, function.counts.len());
                    prop_assert_eq!(&record.n_value_sites[..n_kinds], &function.value_sites[..n_kinds]);
                    prop_assert_eq!(record.n_bitmap_bytes, if model.shape.version >= 9 { 77 } else { 0 });
                }
            }
        }
        let layouts: Vec<Layout> = models.iter().map(Model::layout).collect();
        let (seen, errors) = read(&bytes, &layouts);
        prop_assert!(errors.is_empty(), "{:?}", errors);
        let expected: Vec<_> = models.iter().map(Model::hits).enumerate().collect();
        prop_assert_eq!(seen, expected);
    }

    #[test]
    fn no_bytes_make_it_panic(model in any_model(), noise in prop::collection::vec(any::<u64>(), 0..30)) {
        // A header that is right as far as the version, then anything.
        let mut bytes = model.write().bytes;
        bytes.truncate(16);
        bytes.extend(noise.iter().flat_map(|word| word.to_le_bytes()));
        let _seen = read(&bytes, &[model.layout()]);
        prop_assert!(RawProfiles::new(&bytes).count() > 0);
    }

    #[test]
    fn a_profile_of_another_binary_is_no_answer(model in any_model(), change in 0usize..5) {
        let mut layout = model.layout();
        match change {
            0 => layout.n_counters += 1,
            1 => layout.counter_width = match layout.counter_width {
                CounterWidth::One => CounterWidth::Eight,
                CounterWidth::Eight => CounterWidth::One,
            },
            2 if !model.correlated => layout.n_data += 1,
            3 if !model.correlated => layout.data_bytes += 8,
            _ => layout.slots.last_mut().unwrap().n_counters += layout.n_counters as u32,
        }
        let (seen, errors) = read(&model.write().bytes, &[layout]);
        prop_assert_eq!(seen, vec![]);
        prop_assert_eq!(errors.len(), 1);
        prop_assert_eq!(errors[0].problem(), Problem::ForeignProfile);
    }
}

proptest! {
    // Each case is as many files as the profile has bytes.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_file_that_is_cut_is_an_error(models in any_models(2)) {
        let layouts: Vec<Layout> = models.iter().map(Model::layout).collect();
        let mut bytes = Vec::new();
        // Where nothing is missing: at the end of a profile, and before value data, which may be left out.
        let mut whole = Vec::new();
        for model in &models {
            let written = model.write();
            whole.push(bytes.len() + written.values_at);
            bytes.extend(written.bytes);
            whole.push(bytes.len());
        }
        let all: Vec<_> = models.iter().map(Model::hits).enumerate().collect();
        for len in 0..bytes.len() {
            let cut = &bytes[..len];
            let (seen, errors) = read(cut, &layouts);
            prop_assert!(all.starts_with(&seen), "{len}: {seen:?}");
            let n_whole = whole.iter().skip(1).step_by(2).filter(|end| **end <= len).count();
            prop_assert!(seen.len() >= n_whole, "{len}: a whole profile is lost");
            let failed = RawProfiles::new(cut).any(|profile| profile.is_err());
            prop_assert_eq!(failed, !errors.is_empty());
            prop_assert_eq!(failed, !whole.contains(&len), "cut at {}", len);
            if len == 0 {
                prop_assert_eq!(errors[0].problem(), Problem::ProcessKilled);
            } else if failed {
                prop_assert_eq!(errors[0].problem(), Problem::TruncatedProfile, "{:?}", errors);
            }
        }
    }

    #[test]
    fn a_damaged_file_is_an_error_or_an_answer(model in any_model(), flip in 1u8..) {
        let bytes = model.write().bytes;
        let layouts = [model.layout()];
        let most = if bytes.len() > 3000 { 7 } else { 1 };
        for place in (0..bytes.len()).step_by(most) {
            let mut damaged = bytes.clone();
            damaged[place] ^= flip;
            let _seen = read(&damaged, &layouts);
            for profile in RawProfiles::new(&damaged).flatten() {
                let _records = profile.records().map(|records| records.slots(profile.header()));
                let _matches = profile.matches(&layouts[0]);
            }
        }
    }
}

fn some_model() -> Model {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let model = any_model().prop_filter("names its binary", |model| !model.build_ids.is_empty());
    model.new_tree(&mut runner).unwrap().current()
}

#[test]
fn errors_say_what_is_wrong() {
    let model = some_model();
    let bytes = model.write().bytes;
    let says = |bytes: &[u8], layouts: &[Layout]| {
        let (seen, errors) = read(bytes, layouts);
        assert_eq!(seen, []);
        let errors: Vec<_> =
            errors.iter().map(|error| format!("{error} ({})", error.problem().name())).collect();
        errors.join("; ")
    };
    let known = [model.layout()];
    let future = [0x81, b'r', b'f', b'o', b'r', b'p', b'l', 0xff, 12, 0, 0, 0, 0, 0, 0, 0x10];
    let mut never_released = future;
    never_released[8] = 6;
    let unnamed = Model { build_ids: Vec::new(), ..model.clone() };
    let named = Model { build_ids: vec![vec![0xab, 0xcd]], ..model };
    let said = [
        says(&[], &known),
        says(b"\x81rfo", &known),
        says(&bytes[..70], &known),
        says(b"\x7fELF\x02\x01\x01\0 and so on", &known),
        says(&[0; 4096], &known),
        says(&future, &known),
        says(&never_released, &known),
        says(&unnamed.write().bytes, &[]),
        says(&named.write().bytes, &known),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    the profile is empty: its process ended before it could write it (killed process)
    the profile ends inside of the magic (truncated profile)
    the profile ends inside of the header (truncated profile)
    it is no raw profile of LLVM (foreign profile)
    it is no raw profile of LLVM (foreign profile)
    raw profile version 12 (variant bits `10000000`) is unknown (foreign profile)
    raw profile version 6 (variant bits `10000000`) is unknown (foreign profile)
    the profile has no build id, and no binary that was read has its functions (foreign profile)
    the profile is of a binary with build id `abcd`, which was not read (foreign profile)
    ");
}

#[test]
fn a_damaged_second_profile_does_not_take_the_first_with_it() {
    let model = some_model();
    let first = model.write().bytes;
    for tail in [&first[..20], b"garbage that is no profile", &[7]] {
        let (seen, errors) = read(&[&first, tail].concat(), &[model.layout()]);
        assert_eq!(seen, [(0, model.hits())]);
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
}

#[test]
fn a_profile_of_no_known_binary_does_not_hide_the_next() {
    let model = some_model();
    let stranger = Model { build_ids: vec![vec![1, 2, 3]], ..model.clone() };
    let bytes = [stranger.write().bytes, model.write().bytes].concat();
    let (seen, errors) = read(&bytes, &[model.layout()]);
    assert_eq!(seen, [(0, model.hits())]);
    assert!(matches!(errors[..], [ProfileError::UnknownBinary { .. }]));
}

#[test]
fn binaries_with_the_same_functions_are_all_told() {
    let model = Model { build_ids: Vec::new(), correlated: false, ..some_model() };
    let (seen, errors) = read(&model.write().bytes, &[model.layout(), model.layout()]);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(seen, [(0, model.hits()), (1, model.hits())]);
}

#[test]
fn counts_that_overflow_are_errors() {
    let model = some_model();
    let bytes = model.write().bytes;
    for field in 2..10 {
        let mut huge = bytes.clone();
        huge[field * 8..][..8].fill(0xff);
        let errors = read(&huge, &[model.layout()]).1;
        assert!(!errors.is_empty(), "field {field}");
    }
}
