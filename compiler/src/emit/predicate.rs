//! Predicates: trees of leaves, cut into functions where they are large.

use vexil_abi::record::{SLOT_TAG, tag};
use vexil_abi::verdict::reason;

use super::code::{Code, FunctionId, I32, I64, Var, Wasm, i32_const, i64_const};
use super::routine::Routine;
use super::{Ctx, Emitter};
use crate::program::{Bucketing, FlagTest, Hash, Pred, Reduce};

/// Trees with more nodes become functions of their own.
const IN_PLACE_NODES: usize = 48;
/// More children of one `all` or `any` are cut into groups.
const GROUP: usize = 24;
/// More variants than this are tested by a bitmap.
const IN_PLACE_VARIANTS: usize = 4;

impl Emitter<'_> {
    /// 1 when `pred` holds for the record at `ctx`, else 0.
    pub(super) fn predicate(&mut self, ctx: Ctx, pred: &Pred) -> I32 {
        if pred.nodes() > IN_PLACE_NODES {
            let function = self.predicate_function(pred);
            return I32::call(function, vec![ctx.get().expr()]);
        }
        self.in_place(ctx, pred)
    }

    fn in_place(&mut self, ctx: Ctx, pred: &Pred) -> I32 {
        match pred {
            Pred::Const(value) => i32_const(i32::from(*value)),
            Pred::Not(inner) => self.predicate(ctx, inner).eqz(),
            Pred::All(inner) => self.join(ctx, inner, true),
            Pred::Any(inner) => self.join(ctx, inner, false),
            Pred::Leaf(leaf) => self.leaf(ctx, leaf),
            Pred::Segment(id) => match self.segment_function(*id) {
                Some(function) => I32::call(function, vec![ctx.get().expr()]),
                None => i32_const(0),
            },
            Pred::Flag(test) => self.flag_test(ctx, test),
            Pred::Bucket(bucketing, ranges) => self.in_ranges(ctx, *bucketing, ranges),
        }
    }

    /// `(ctx) -> i32`
    pub(super) fn predicate_function(&mut self, pred: &Pred) -> FunctionId {
        let mut code = Code::new();
        let ctx = code.param();
        let holds = self.in_place(ctx, pred);
        self.assembly.add(code.result(holds))
    }

    fn join(&mut self, ctx: Ctx, inner: &[Pred], all: bool) -> I32 {
        if inner.len() > GROUP {
            let width = inner.len().div_ceil(GROUP).max(GROUP);
            let wrap = |group: &[Pred]| {
                if all { Pred::All(group.to_vec()) } else { Pred::Any(group.to_vec()) }
            };
            let groups: Vec<Pred> = inner.chunks(width).map(wrap).collect();
            return self.join_few(ctx, &groups, all, true);
        }
        self.join_few(ctx, inner, all, false)
    }

    fn join_few(&mut self, ctx: Ctx, inner: &[Pred], all: bool, outlined: bool) -> I32 {
        let mut joined: Option<I32> = None;
        for pred in inner.iter().rev() {
            let holds = if outlined {
                I32::call(self.predicate_function(pred), vec![ctx.get().expr()])
            } else {
                self.predicate(ctx, pred)
            };
            joined = Some(match joined {
                None => holds,
                Some(rest) if all => holds.and_then(rest),
                Some(rest) => holds.or_else(rest),
            });
        }
        joined.unwrap_or_else(|| i32_const(i32::from(all)))
    }

    /// The other flag serves one of the variants, is switched on, and without error.
    pub(super) fn flag_test(&mut self, ctx: Ctx, test: &FlagTest) -> I32 {
        let Some(flag) = self.flag_function(test.flag) else { return i32_const(0) };
        let one_of = self.one_of_variants(test);
        let mut code = Code::new();
        let verdict: Var<I64> = code.param();
        let why = verdict.get().shift_right(i64_const(32)).low() & i32_const(0xFF);
        let refused = why.clone().equals(i32_const(i32::from(reason::DISABLED)))
            | why.equals(i32_const(i32::from(reason::ERROR)));
        let holds = refused.eqz().and_then(one_of(verdict.get().low() & i32_const(0xFFFF)));
        let function = self.assembly.add(code.result(holds));
        let verdict = I64::call(flag, vec![ctx.get().expr()]);
        I32::call(function, vec![verdict.expr()])
    }

    fn one_of_variants(&mut self, test: &FlagTest) -> impl FnOnce(I32) -> I32 + use<> {
        let few = test.variants.len() <= IN_PLACE_VARIANTS;
        let variants: Vec<i32> = test.variants.iter().map(|variant| i32::from(variant.0)).collect();
        let bitmap = if few { 0 } else { self.bitmap(&variants) };
        move |variant: I32| {
            if few {
                let same = variants.iter().map(|wanted| variant.clone().equals(i32_const(*wanted)));
                return same.reduce(|left, right| left | right).unwrap_or_else(|| i32_const(0));
            }
            // Bits for all variants that a flag can have.
            let byte = variant.clone().shift_right(i32_const(3)) + i32_const(bitmap as i32);
            let bit = byte.load_u8(0).shift_right(variant.clone() & i32_const(7)) & i32_const(1);
            let within = variant.below(i32_const(8 * BITMAP_BYTES as i32));
            within.and_then(bit)
        }
    }

    fn bitmap(&mut self, variants: &[i32]) -> u32 {
        let mut bytes = [0u8; BITMAP_BYTES];
        for variant in variants {
            if let Some(byte) = bytes.get_mut(*variant as usize / 8) {
                *byte |= 1 << (variant % 8);
            }
        }
        self.assembly.data.string(&bytes)
    }

    /// Is the unit that is hashed there?
    pub(super) fn has_unit(&self, ctx: Ctx, bucketing: Bucketing) -> I32 {
        let slot = Self::slot_offset(self.unit_slot(bucketing.unit));
        ctx.get().load_u32(slot + SLOT_TAG).equals(i32_const(tag::STRING as i32))
    }

    /// The unit's bucket; meaningless without a unit.
    pub(super) fn bucket(&mut self, ctx: Ctx, bucketing: Bucketing) -> I64 {
        let Hash::Xxh64Split { salt } = bucketing.hash;
        let Reduce::MulShr32 { scale } = bucketing.reduce;
        debug_assert_eq!(scale, crate::lower::BUCKETS, "the routine's scale");
        let hash = ctx.get().load_u64(self.unit_offset(bucketing.unit));
        let routine = self.assembly.routine(Routine::Bucket);
        I64::call(routine, vec![(hash ^ i64_const(salt)).expr()])
    }

    fn in_ranges(&mut self, ctx: Ctx, bucketing: Bucketing, ranges: &[(u64, u64)]) -> I32 {
        let bucket = self.bucket(ctx, bucketing);
        let inside = ranges.iter().map(|(from, to)| {
            // from <= b < to, as one unsigned comparison.
            (bucket.clone() - i64_const(*from)).below(i64_const(to - from))
        });
        let inside = inside.reduce(|left, right| left.or_else(right));
        self.has_unit(ctx, bucketing).and_then(inside.unwrap_or_else(|| i32_const(0)))
    }
}

const BITMAP_BYTES: usize = crate::limits::MAX_VARIANTS.div_ceil(8);
