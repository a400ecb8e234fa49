//! What a profile says, and its bytes in every version, word size and byte order.

use proptest::prelude::*;
use skiptrace_engine::fingerprint::Fingerprint;

use crate::llvm::layout::{CounterWidth, Layout, Slot};
use crate::llvm::profile::{ByteOrder, Shape, WordSize};

#[derive(Debug, Clone)]
pub(super) struct Model {
    pub(super) shape: Shape,
    pub(super) width: CounterWidth,
    pub(super) build_ids: Vec<Vec<u8>>,
    pub(super) functions: Vec<Function>,
    /// Counters lie in the opposite order of the functions.
    pub(super) backwards: bool,
    pub(super) counters_delta: u64,
    pub(super) padding_before: u64,
    pub(super) padding_after: u64,
    pub(super) bitmap: Vec<u8>,
    pub(super) n_uniform: u64,
    pub(super) names: Vec<u8>,
    pub(super) n_vtables: u64,
    pub(super) vtable_names: Vec<u8>,
    /// Value data is there, if any function has sites.
    pub(super) has_values: bool,
    /// Neither data nor names.
    pub(super) correlated: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Function {
    pub(super) name_hash: u64,
    pub(super) structure_hash: u64,
    pub(super) counts: Vec<u64>,
    pub(super) value_sites: [u16; 3],
    pub(super) value_blocks: u64,
}

pub(super) struct Written {
    pub(super) bytes: Vec<u8>,
    /// Where value data begins, or would begin.
    pub(super) values_at: usize,
}

impl Model {
    fn n_counters(&self) -> u64 {
        self.functions.iter().map(|function| function.counts.len() as u64).sum()
    }

    /// Where each function's counters begin.
    fn firsts(&self) -> Vec<u64> {
        let mut at = 0;
        let mut firsts: Vec<u64> = Vec::new();
        for function in &self.functions {
            firsts.push(at);
            at += function.counts.len() as u64;
        }
        if self.backwards {
            for (first, function) in firsts.iter_mut().zip(&self.functions) {
                *first = at - *first - function.counts.len() as u64;
            }
        }
        firsts
    }

    pub(super) fn layout(&self) -> Layout {
        let slots = self.firsts().into_iter().zip(&self.functions).map(|(first, function)| Slot {
            first: first as u32,
            n_counters: function.counts.len() as u32,
            function: None,
        });
        let data = if self.correlated { Vec::new() } else { self.data() };
        Layout {
            build_id: self.build_ids.first().cloned().unwrap_or_default().into(),
            data_hash: (!data.is_empty()).then(|| Fingerprint::of(&data)),
            data_bytes: data.len() as u64,
            n_data: self.functions.len() as u64,
            n_counters: self.n_counters(),
            counter_width: self.width,
            slots: slots.collect(),
        }
    }

    pub(super) fn hits(&self) -> Vec<u32> {
        let counted = |function: &Function| function.counts.iter().any(|count| *count != 0);
        (0..).zip(&self.functions).filter(|(_, function)| counted(function)).map(|(place, _)| place).collect()
    }

    fn data(&self) -> Vec<u8> {
        let version = self.shape.version;
        let width = if self.width == CounterWidth::One { 1 } else { 8 };
        let mut out = Out { bytes: Vec::new(), shape: self.shape };
        for (function, first) in self.functions.iter().zip(self.firsts()) {
            let here = if version >= 8 { out.bytes.len() as u64 } else { 0 };
            out.u64(function.name_hash);
            out.u64(function.structure_hash);
            out.word(self.counters_delta.wrapping_sub(here).wrapping_add(first * width));
            if version >= 11 {
                out.word(0xabad_1dea);
            }
            if version >= 9 {
                out.word(0x0bad_cafe);
            }
            out.word(0x1234_5678);
            out.word(0);
            out.u32(function.counts.len() as u32);
            let n_kinds = if version >= 10 { 3 } else { 2 };
            function.value_sites[..n_kinds].iter().for_each(|n_sites| out.u16(*n_sites));
            if version >= 11 {
                out.u16(0x4141);
            }
            if version >= 9 {
                out.align(4);
                out.u32(77);
            }
            out.align(8);
        }
        out.bytes
    }

    pub(super) fn write(&self) -> Written {
        let version = self.shape.version;
        let data = if self.correlated { Vec::new() } else { self.data() };
        let names = if self.correlated { &[][..] } else { &self.names };
        let mut ids = Out { bytes: Vec::new(), shape: self.shape };
        for id in &self.build_ids {
            ids.u64(id.len() as u64);
            ids.bytes.extend_from_slice(id);
            ids.align(8);
        }
        let mut out = Out { bytes: Vec::new(), shape: self.shape };
        let letter = if self.shape.word_size == WordSize::Four { b'R' } else { b'r' };
        out.u64(u64::from_be_bytes([255, b'l', b'p', b'r', b'o', b'f', letter, 129]));
        let byte_coverage = if self.width == CounterWidth::One { 1 << 60 } else { 0 };
        out.u64(u64::from(version) | byte_coverage);
        if version >= 7 {
            out.u64(ids.bytes.len() as u64);
        }
        out.u64(if self.correlated { 0 } else { self.functions.len() as u64 });
        out.u64(self.padding_before);
        out.u64(self.n_counters());
        out.u64(self.padding_after);
        if version >= 9 {
            out.u64(self.bitmap.len() as u64);
            out.u64(3);
        }
        if version >= 11 {
            out.u64(self.n_uniform);
            out.u64(16);
            out.u64(99);
        }
        out.u64(names.len() as u64);
        out.u64(match (self.correlated, self.shape.word_size) {
            (true, _) => 0,
            (false, WordSize::Four) => self.counters_delta & 0xffff_ffff,
            (false, WordSize::Eight) => self.counters_delta,
        });
        if version >= 9 {
            out.u64(98);
        }
        out.u64(97);
        if version >= 10 {
            out.u64(self.n_vtables);
            out.u64(self.vtable_names.len() as u64);
        }
        out.u64(2);
        if version >= 7 {
            out.bytes.extend_from_slice(&ids.bytes);
        }
        out.bytes.extend_from_slice(&data);
        out.fill(self.padding_before);
        let mut counters: Vec<(u64, &Function)> = self.firsts().into_iter().zip(&self.functions).collect();
        counters.sort_by_key(|(first, _)| *first);
        for count in counters.iter().flat_map(|(_, function)| &function.counts) {
            match self.width {
                CounterWidth::Eight => out.u64(*count),
                CounterWidth::One => out.bytes.push(if *count == 0 { 0xff } else { 0 }),
            }
        }
        out.fill(self.padding_after);
        if version >= 9 {
            out.bytes.extend_from_slice(&self.bitmap);
            out.fill(3);
        }
        if version >= 11 {
            out.fill(self.n_uniform * 8 + 16);
        }
        let mut padded = |bytes: &[u8]| {
            out.bytes.extend_from_slice(bytes);
            let padding = (8 - bytes.len() % 8) % 8;
            out.fill(padding as u64);
        };
        padded(names);
        if version >= 10 {
            let vtable = if self.shape.word_size == WordSize::Four { 16 } else { 24 };
            padded(&vec![0x5a; self.n_vtables as usize * vtable]);
            padded(&self.vtable_names);
        }
        let values_at = out.bytes.len();
        if self.has_values && !self.correlated {
            let n_kinds = if version >= 10 { 3 } else { 2 };
            for function in &self.functions {
                let kinds = function.value_sites[..n_kinds].iter().filter(|n_sites| **n_sites != 0).count();
                if kinds > 0 {
                    out.u32(8 + 8 * function.value_blocks as u32);
                    out.u32(kinds as u32);
                    // What looks like a profile within value data is none.
                    (0..function.value_blocks).for_each(|_| out.u64(0xff6c_7072_6f66_7281));
                }
            }
        }
        Written { bytes: out.bytes, values_at }
    }
}

struct Out {
    bytes: Vec<u8>,
    shape: Shape,
}

impl Out {
    fn put<const N: usize>(&mut self, little: [u8; N]) {
        match self.shape.order {
            ByteOrder::Little => self.bytes.extend(little),
            ByteOrder::Big => self.bytes.extend(little.into_iter().rev()),
        }
    }

    fn u16(&mut self, number: u16) {
        self.put(number.to_le_bytes());
    }

    fn u32(&mut self, number: u32) {
        self.put(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.put(number.to_le_bytes());
    }

    fn word(&mut self, number: u64) {
        match self.shape.word_size {
            WordSize::Four => self.u32(number as u32),
            WordSize::Eight => self.u64(number),
        }
    }

    fn fill(&mut self, len: u64) {
        self.bytes.resize(self.bytes.len() + len as usize, 0x11);
    }

    fn align(&mut self, to: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(to), 0);
    }
}

pub(super) fn any_shape() -> impl Strategy<Value = Shape> {
    (
        prop::sample::select(vec![5, 7, 8, 9, 10, 11]),
        prop::sample::select(vec![WordSize::Four, WordSize::Eight]),
        prop::sample::select(vec![ByteOrder::Little, ByteOrder::Big]),
    )
        .prop_map(|(version, word_size, order)| Shape { version, word_size, order })
}

fn any_function() -> impl Strategy<Value = Function> {
    let count = prop_oneof![3 => Just(0), 1 => 1u64..4, 1 => Just(1 << 56), 1 => Just(u64::MAX)];
    let sites = prop_oneof![3 => Just([0; 3]), 1 => [0u16..3, 0u16..3, 0u16..3]];
    (any::<u64>(), any::<u64>(), prop::collection::vec(count, 1..12), sites, 0u64..4).prop_map(
        |(name_hash, structure_hash, counts, value_sites, value_blocks)| Function {
            name_hash,
            structure_hash,
            counts,
            value_sites,
            value_blocks,
        },
    )
}

pub(super) fn any_model() -> impl Strategy<Value = Model> {
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
    let ids = prop::collection::vec(prop::collection::vec(any::<u8>(), 1..21), 0..3);
    let paddings = (prop::sample::select(vec![0u64, 4, 72]), prop::sample::select(vec![0u64, 7, 200]));
    (
        (any_shape(), any::<bool>(), ids, prop::collection::vec(any_function(), 1..6), any::<bool>()),
        (any::<u64>(), paddings, bytes(9), 0u64..3, bytes(20), 0u64..3, bytes(9)),
        (any::<bool>(), prop::bool::weighted(0.2)),
    )
        .prop_map(|(first, second, (has_values, correlated))| {
            let (shape, is_byte, build_ids, functions, backwards) = first;
            let (counters_delta, paddings, bitmap, n_uniform, names, n_vtables, vtable_names) = second;
            let build_ids = if shape.version < 7 { Vec::new() } else { build_ids };
            Model {
                shape,
                width: if is_byte { CounterWidth::One } else { CounterWidth::Eight },
                correlated: correlated && !build_ids.is_empty(),
                build_ids,
                functions,
                backwards,
                counters_delta,
                padding_before: paddings.0,
                padding_after: paddings.1,
                bitmap,
                n_uniform,
                names,
                n_vtables,
                vtable_names,
                has_values,
            }
        })
}
