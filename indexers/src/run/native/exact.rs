//! Which tests a filter can name alone.
//!
//! A filter is a pattern, and some names cannot be written as one that matches nothing else: `a*b` beside `axb`, or
//! two tests of one name. A process must never run more than the test it is named for, so such tests become one.

use std::collections::BTreeMap;

use petgraph::unionfind::UnionFind;

use crate::run::native::ListError;

/// How long the filter of a group may get: an argument holds 128 KiB.
const MAX_FILTER: usize = 96 << 10;

/// How many tests may be looked at for what their filter matches, beyond which they run with the whole program.
const MAX_LOOKS: usize = 2048;

/// How many tests one filter may make one. A name that is taken for something else, as `exclude:this` is by some
/// releases of Catch2, must not make all tests one; it rather runs with the whole program.
const MAX_JOINED: usize = 16;

/// The tests of a program, as filters can tell them apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Picks {
    /// Tests that are run together, mostly just one, by the filter that runs them and no other.
    pub(super) groups: Vec<Group>,
    /// Whether there are tests that no filter reaches, which only running all brings about.
    pub(super) needs_all: bool,
}

/// Tests that a filter runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Group {
    /// Where they are in the listing.
    pub(super) members: Vec<usize>,
    /// The filter.
    pub(super) filter: String,
}

/// A test as a filter sees it.
pub(super) struct Named {
    /// Its name, as the framework compares it.
    pub(super) name: String,
    /// The filter made for it.
    pub(super) filter: String,
    /// Whether the name has nothing in it that a filter could take for anything but itself.
    pub(super) is_plain: bool,
}

/// Finds what each test's filter runs: for plain names all tests of that name, for others what `selects` says.
pub(super) fn picks(
    tests: &[Named],
    separator: char,
    mut selects: impl FnMut(usize) -> Result<Vec<usize>, ListError>,
) -> Result<Picks, ListError> {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, test) in tests.iter().enumerate() {
        places.entry(&test.name).or_default().push(place);
    }
    let mut joined = UnionFind::<usize>::new(tests.len());
    let mut lost = vec![false; tests.len()];
    let mut looks = 0;
    for (place, test) in tests.iter().enumerate() {
        if test.is_plain {
            joined.union(place, places[test.name.as_str()][0]);
            continue;
        }
        looks += 1;
        let selected = if looks <= MAX_LOOKS { selects(place)? } else { Vec::new() };
        if selected.contains(&place) && selected.len() <= MAX_JOINED {
            for other in selected {
                joined.union(place, other);
            }
        } else {
            lost[place] = true;
        }
    }
    let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for place in 0..tests.len() {
        groups.entry(joined.find(place)).or_default().push(place);
    }
    let mut picks = Picks { groups: Vec::new(), needs_all: false };
    for members in groups.into_values() {
        let mut filters: Vec<&str> = members.iter().map(|&place| tests[place].filter.as_str()).collect();
        filters.sort_unstable();
        filters.dedup();
        let length: usize = filters.iter().map(|filter| filter.len() + 1).sum();
        // A test that its own filter misses may still be among those that another's matches.
        if length > MAX_FILTER || members.iter().any(|&place| lost[place]) {
            picks.needs_all = true;
        } else {
            picks.groups.push(Group { members, filter: filters.join(&separator.to_string()) });
        }
    }
    picks.groups.sort_by_key(|group| group.members[0]);
    Ok(picks)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(name: &str) -> Named {
        Named { name: name.to_owned(), filter: name.to_owned(), is_plain: !name.contains('*') }
    }

    /// Picks among names where `*` matches anything that begins as the name does.
    fn pick(names: &[String]) -> Picks {
        let tests: Vec<Named> = names.iter().map(|name| named(name)).collect();
        let matching = |place: usize| {
            let head = names[place].split('*').next().unwrap();
            (0..names.len()).filter(|&other| names[other].starts_with(head)).collect()
        };
        picks(&tests, ',', |place| Ok(matching(place))).unwrap()
    }

    #[test]
    fn clashing_names_become_one() {
        let picks = pick(&["a".into(), "b*".into(), "bc".into(), "d".into(), "d".into(), "e*".into()]);
        let groups: Vec<(&str, &[usize])> =
            picks.groups.iter().map(|group| (group.filter.as_str(), group.members.as_slice())).collect();
        assert_eq!(groups, [("a", &[0][..]), ("b*,bc", &[1, 2]), ("d", &[3, 4]), ("e*", &[5])]);
        assert!(!picks.needs_all);
    }

    #[test]
    fn a_filter_that_means_everything_joins_nothing() {
        let mut names: Vec<String> = (0..30).map(|n| format!("a{n}")).collect();
        names.push("a*".to_owned());
        let picks = pick(&names);
        assert!(picks.needs_all);
        assert_eq!(picks.groups.len(), 30);
        assert!(picks.groups.iter().all(|group| group.members.len() == 1));
    }

    #[test]
    fn what_its_own_filter_misses_needs_all() {
        let picks = picks(&[named("x*"), named("y")], ',', |_| Ok(Vec::new())).unwrap();
        assert!(picks.needs_all);
        assert_eq!(picks.groups, [Group { members: vec![1], filter: "y".to_owned() }]);
    }

    proptest! {
        #[test]
        fn every_test_is_in_one_group_and_no_filter_reaches_into_another(
            names in prop::collection::vec("[ab]{0,2}\\*?", 0..12),
        ) {
            let picks = pick(&names);
            let mut members: Vec<usize> = picks.groups.iter().flat_map(|group| group.members.clone()).collect();
            members.sort_unstable();
            prop_assert_eq!(members, (0..names.len()).collect::<Vec<_>>());
            for group in &picks.groups {
                for part in group.filter.split(',') {
                    let runs = |name: &str| match part.split_once('*') {
                        Some((head, _)) => name.starts_with(head),
                        None => name == part,
                    };
                    for (place, name) in names.iter().enumerate() {
                        prop_assert!(!runs(name) || group.members.contains(&place));
                    }
                }
            }
        }
    }
}
