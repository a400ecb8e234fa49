//! Sets of dense ids, as compressed bitmaps. The only file that names `roaring`.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::Range;

use roaring::RoaringBitmap;

use crate::id::{DenseId, TestId, UnitId};

/// A set of tests of one index.
pub type TestSet = IdSet<TestId>;
/// A set of units of one index.
pub type UnitSet = IdSet<UnitId>;

/// A set of dense ids. Equality, hash and order of iteration depend on its members alone.
pub struct IdSet<T> {
    bits: RoaringBitmap,
    of: PhantomData<fn() -> T>,
}

impl<T: DenseId> IdSet<T> {
    /// Makes the empty set.
    pub fn new() -> Self {
        IdSet { bits: RoaringBitmap::new(), of: PhantomData }
    }

    /// Makes the set of all ids in `range`.
    pub fn range(range: Range<T>) -> Self {
        let mut set = IdSet::new();
        set.bits.insert_range(range.start.number()..range.end.number());
        set
    }

    /// Makes a set of ids that come sorted and without repetition; `None` when they do not.
    pub fn from_sorted(numbers: impl IntoIterator<Item = u32>) -> Option<Self> {
        let bits = RoaringBitmap::from_sorted_iter(numbers).ok()?;
        Some(IdSet { bits, of: PhantomData })
    }

    /// Adds `id`.
    pub fn insert(&mut self, id: T) {
        self.bits.insert(id.number());
    }

    /// Removes `id`.
    pub fn remove(&mut self, id: T) {
        self.bits.remove(id.number());
    }

    /// Returns whether `id` is a member.
    pub fn contains(&self, id: T) -> bool {
        self.bits.contains(id.number())
    }

    /// Returns how many members there are.
    pub fn len(&self) -> usize {
        self.bits.len() as usize
    }

    /// Returns whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// Returns the largest member.
    pub fn max(&self) -> Option<T> {
        self.bits.max().map(T::new)
    }

    /// Returns the members in order.
    pub fn iter(&self) -> impl Iterator<Item = T> + '_ {
        self.bits.iter().map(T::new)
    }

    /// Returns the members in order, as ranges that neither touch nor overlap.
    pub fn ranges(&self) -> impl Iterator<Item = Range<u64>> + '_ {
        let mut members = self.bits.iter();
        std::iter::from_fn(move || {
            members.next_range().map(|range| u64::from(*range.start())..u64::from(*range.end()) + 1)
        })
    }

    /// Adds all members of `other`.
    pub fn union_with(&mut self, other: &Self) {
        self.bits |= &other.bits;
    }

    /// Keeps only the members that `other` has too.
    pub fn intersect_with(&mut self, other: &Self) {
        self.bits &= &other.bits;
    }

    /// Removes all members of `other`.
    pub fn subtract(&mut self, other: &Self) {
        self.bits -= &other.bits;
    }

    /// Returns the members that both have.
    #[must_use]
    pub fn intersection(&self, other: &Self) -> Self {
        IdSet { bits: &self.bits & &other.bits, of: PhantomData }
    }

    /// Returns the members that `other` has not.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        IdSet { bits: &self.bits - &other.bits, of: PhantomData }
    }

    /// Returns whether the two have a member in common.
    pub fn intersects(&self, other: &Self) -> bool {
        !self.bits.is_disjoint(&other.bits)
    }

    /// Returns whether every member of this set is one of `other`.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.bits.is_subset(&other.bits)
    }

    /// Brings the representation into the one form that depends on the members alone, the smallest there is.
    pub fn canonicalize(&mut self) {
        self.bits.remove_run_compression();
        self.bits.optimize();
    }

    /// Returns the bytes of the canonical form, as the RoaringFormatSpec has them.
    pub(crate) fn to_roaring_bytes(&self) -> Vec<u8> {
        let mut canonical = self.clone();
        canonical.canonicalize();
        let mut bytes = Vec::with_capacity(canonical.bits.serialized_size());
        canonical.bits.serialize_into(&mut bytes).expect("writing to a Vec cannot fail");
        bytes
    }

    /// Reads what [`IdSet::to_roaring_bytes`] wrote; `None` when it is anything else.
    pub(crate) fn from_roaring_bytes(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes;
        let bits = RoaringBitmap::deserialize_from(&mut rest).ok()?;
        rest.is_empty().then_some(IdSet { bits, of: PhantomData })
    }
}

impl<T: DenseId> FromIterator<T> for IdSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(ids: I) -> Self {
        IdSet { bits: ids.into_iter().map(T::number).collect(), of: PhantomData }
    }
}

impl<T> Clone for IdSet<T> {
    fn clone(&self) -> Self {
        IdSet { bits: self.bits.clone(), of: PhantomData }
    }
}

impl<T: DenseId> Default for IdSet<T> {
    fn default() -> Self {
        IdSet::new()
    }
}

impl<T> PartialEq for IdSet<T> {
    fn eq(&self, other: &Self) -> bool {
        self.bits == other.bits
    }
}

impl<T> Eq for IdSet<T> {}

impl<T: DenseId> Hash for IdSet<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for range in self.ranges() {
            state.write_u32(range.start as u32);
            state.write_u32(range.end as u32);
        }
    }
}

impl<T> fmt::Debug for IdSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.bits.iter().take(20)).finish()?;
        if self.bits.len() > 20 { write!(f, "({} in all)", self.bits.len()) } else { Ok(()) }
    }
}
