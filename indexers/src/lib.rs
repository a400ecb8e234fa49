//! Will run language tools and read what they leave: coverage of LLVM and of Go, units of source files, runners.
//! Nothing is here yet.
