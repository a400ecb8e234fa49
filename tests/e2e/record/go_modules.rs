//! Several modules, and what does not compile.
