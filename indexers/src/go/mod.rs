//! Go coverage, read without any Go tool.
//!
//! [`covdata`] reads the files that programs built with `go build -cover` or `go test -cover` leave in `GOCOVERDIR`,
//! [`profile`] the text of `-coverprofile`. [`collect`] turns folders of such files into the traces of tests, and
//! [`home`] says where in the repository the files are at home that they name.

pub mod collect;
pub mod covdata;
pub mod home;
pub mod profile;
pub(crate) mod quoted;
