//! Small objects that stand for large ones.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use skiptrace_engine::key::Key;
use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// What a pointer begins with.
const MAGIC: &[u8] = b"skiptrace pointer 1\n";
/// No pointer is larger.
pub(super) const MAX: u64 = 1024;
/// How many pointers to remember.
const REMEMBERED: usize = 4096;

/// Where the bytes of a value are. A line of magic and a line of JSON, so that a person who finds one sees
/// what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pointer {
    /// The name of the blob below `.blobs/`, a hash of key and content.
    pub(super) blob: String,
    /// The size of the value.
    pub(super) size: u64,
    /// The XXH3-128 of the value, in hexadecimal.
    pub(super) xxh3: String,
}

impl Pointer {
    /// Makes the pointer for `value` at `key`.
    pub(super) fn to(key: &Key, value: &[u8]) -> Pointer {
        let mut name = Xxh3::new();
        name.update(key.as_str().as_bytes());
        name.update(&[0]);
        name.update(value);
        Pointer {
            blob: format!("{:032x}", name.digest128()),
            size: value.len() as u64,
            xxh3: format!("{:032x}", xxh3_128(value)),
        }
    }

    /// Returns the object name of the blob, below the store's prefix.
    pub(super) fn object(&self) -> String {
        format!(".blobs/{}", self.blob)
    }

    /// Returns whether readers would take `value` for a pointer.
    pub(super) fn is_mimicked_by(value: &[u8]) -> bool {
        value.len() as u64 <= MAX && value.starts_with(MAGIC)
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let json = serde_json::to_string(self).expect("strings and numbers are valid JSON");
        [MAGIC, json.as_bytes(), b"\n"].concat()
    }

    /// Reads an object as a pointer: `None` when it is none, an error when it is a damaged one.
    pub(super) fn decode(object: &[u8]) -> Option<Result<Pointer, serde_json::Error>> {
        if !Pointer::is_mimicked_by(object) {
            return None;
        }
        Some(serde_json::from_slice::<Pointer>(&object[MAGIC.len()..]).and_then(|pointer| {
            // What it names becomes part of an object's name.
            let hex = |text: &str| text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
            if hex(&pointer.blob) && hex(&pointer.xxh3) {
                Ok(pointer)
            } else {
                Err(serde::de::Error::custom("a hash should have 32 hexadecimal digits"))
            }
        }))
    }
}

/// The pointers seen so far.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Key, Arc<Pointer>>>);

impl Cache {
    pub(super) fn get(&self, key: &Key) -> Option<Arc<Pointer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    pub(super) fn remember(&self, key: &Key, pointer: Pointer) {
        let mut pointers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pointers.len() >= REMEMBERED {
            pointers.clear();
        }
        pointers.insert(key.clone(), Arc::new(pointer));
    }

    pub(super) fn forget(&self, key: &Key) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips_and_refuses_the_rest() {
        let key = Key::new("a/b").unwrap();
        let pointer = Pointer::to(&key, b"value");
        let object = pointer.encode();
        assert!(object.len() as u64 <= MAX);
        assert_eq!(Pointer::decode(&object).unwrap().unwrap(), pointer);
        assert!(Pointer::decode(b"").is_none());
        assert!(Pointer::decode(b"any other value").is_none());
        assert!(Pointer::decode(&object[..object.len() - 3]).unwrap().is_err());
        let elsewhere = Pointer { blob: "../../x".to_owned(), ..pointer };
        assert!(Pointer::decode(&elsewhere.encode()).unwrap().is_err());
    }

    #[test]
    fn the_blob_depends_on_key_and_content() {
        let (a, b) = (Key::new("a").unwrap(), Key::new("b").unwrap());
        assert_ne!(Pointer::to(&a, b"v").blob, Pointer::to(&b, b"v").blob);
        assert_ne!(Pointer::to(&a, b"v").blob, Pointer::to(&a, b"w").blob);
    }
}
