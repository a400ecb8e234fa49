//! DWARF.
