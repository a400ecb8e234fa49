//! The laws of the port over S3.

use std::sync::Arc;

use skiptrace_backends::conformance;
use skiptrace_backends::conformance::Subject;
use skiptrace_backends::s3::{S3Settings, S3Store};
use skiptrace_backends::testing::S3Server;
use skiptrace_backends::wrap::Cached;
use skiptrace_engine::key::Key;

use crate::support::{BUCKET, in_parts, settings};

fn on_own_server(choose: fn(&str) -> S3Settings) -> (S3Server, Arc<S3Store>) {
    let server = S3Server::start(BUCKET);
    // Neighbours that must not be seen.
    for neighbour in ["fold", "folder/ours", "folder/our", "folder/ours-too/a", "z"] {
        server.set_object(BUCKET, neighbour, b"a neighbour");
    }
    let settings = S3Settings { prefix: Some(Key::new("folder/ours").unwrap()), ..choose(&server.url()) };
    let store = Arc::new(S3Store::new(settings).unwrap());
    (server, store)
}

fn plain() -> Option<Subject> {
    let (server, store) = on_own_server(settings);
    Some(Subject::new(store).keeping(server))
}

fn behind_a_cache() -> Option<Subject> {
    let (server, store) = on_own_server(settings);
    let folder = tempfile::tempdir().unwrap();
    let cached = Cached::new(store, folder.path().join("cache"), 1 << 30);
    Some(Subject::new(Arc::new(cached)).keeping((server, folder)))
}

conformance!(own_server, all, plain);
conformance!(own_server_behind_a_cache, all, behind_a_cache);

/// Listings tell the size of the pointer, so two laws do not hold.
mod own_server_in_parts {
    use super::*;
    use skiptrace_backends::conformance::{read, write};

    fn subject() -> Subject {
        let (server, store) = on_own_server(in_parts);
        Subject::new(store).keeping(server)
    }

    macro_rules! laws {
        ($($laws:ident::$law:ident)*) => {
            $(
                #[test]
                fn $law() {
                    $laws::$law(&subject());
                }
            )*
        };
    }

    laws! {
        read::round_trips read::odd_keys read::missing_values read::ranges read::empty_ranges
        read::ranges_of_missing_values read::several_ranges read::listing_order read::listing_by_folder
        read::listing_after_a_key read::listing_with_a_limit
        write::created_once write::identical_again write::different_refused write::deleting
        write::racing_writers_of_different_values write::racing_writers_of_one_value write::deleting_beside_writers
    }
}
