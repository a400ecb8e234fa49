//! Counters, and what is computed from them.

use crate::llvm::binary::BinaryError;

use super::cursor::Cursor;

/// How often something ran, in terms of a function's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counter {
    /// Never: there is nothing that counts it.
    Zero,
    /// As often as the function's counter of this number says.
    Direct(u32),
    /// The difference of the two terms of the expression of this number.
    Difference(u32),
    /// The sum of the two terms of the expression of this number.
    Sum(u32),
}

/// The terms of a sum or difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Expression {
    /// The first, from which the second is taken in a difference.
    pub left: Counter,
    /// The second.
    pub right: Counter,
}

/// By which rule counts are computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rule {
    /// As `llvm-cov` does: sums and differences that wrap around. A difference below zero is a very large count.
    ///
    /// Where a function may be left in the middle (a panic, an exit) this can say zero of code that ran.
    Exact,
    /// What may have run: a difference is its first term. Never zero of code that ran; how often is meaningless.
    Possible,
}

/// How often a region ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count {
    /// How often; of a branch, how often its condition held.
    pub times: u64,
    /// Of a branch, how often its condition did not hold; otherwise zero.
    pub otherwise: u64,
}

impl Counter {
    /// Takes a counter apart as the map has it: the kind in the two low bits.
    #[inline]
    pub(crate) fn decode(
        value: u32,
        n_expressions: u32,
        cursor: &Cursor<'_>,
    ) -> Result<Counter, BinaryError> {
        let number = value >> 2;
        let counter = match value & 3 {
            0 => return Ok(Counter::Zero),
            1 => return Ok(Counter::Direct(number)),
            2 => Counter::Difference(number),
            _ => Counter::Sum(number),
        };
        if number >= n_expressions {
            return Err(cursor.damaged("a counter is computed by an expression that is not there"));
        }
        Ok(counter)
    }

    #[inline]
    pub(crate) fn read(cursor: &mut Cursor<'_>, n_expressions: u32) -> Result<Counter, BinaryError> {
        let value = cursor.leb_u32()?;
        Counter::decode(value, n_expressions, cursor)
    }
}

/// Computes counts, each expression once.
pub(crate) struct Evaluator<'a> {
    counters: &'a [u64],
    expressions: &'a [Expression],
    rule: Rule,
    /// Of each expression its difference, then its sum.
    known: Vec<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Pending,
    Known(u64),
}

impl<'a> Evaluator<'a> {
    pub(crate) fn new(counters: &'a [u64], expressions: &'a [Expression], rule: Rule) -> Self {
        Evaluator { counters, expressions, rule, known: vec![State::Unknown; expressions.len() * 2] }
    }

    /// Returns the count; `None` if a counter is not there or an expression needs itself.
    pub(crate) fn evaluate(&mut self, counter: Counter) -> Option<u64> {
        // A stack of our own, because expressions may be nested as deeply as the section is long.
        let mut stack = vec![counter];
        while let Some(counter) = stack.last().copied() {
            let Some(place) = place_of(counter) else {
                stack.pop();
                continue;
            };
            let Expression { left, right } = *self.expressions.get(place / 2)?;
            let (left_count, right_count) = (self.known(left)?, self.known(right)?);
            if let (Some(left), Some(right)) = (left_count, right_count) {
                self.known[place] = State::Known(self.combine(counter, left, right));
                stack.pop();
                continue;
            }
            if self.known[place] == State::Pending {
                // Both terms were worked on and one is still not known: it waits for this one.
                return None;
            }
            self.known[place] = State::Pending;
            stack.extend(
                [(left_count, left), (right_count, right)]
                    .iter()
                    .filter_map(|(count, term)| count.is_none().then_some(*term)),
            );
        }
        self.known(counter)?
    }

    /// Returns the count if it is known by now; `None` if there is no such counter.
    fn known(&self, counter: Counter) -> Option<Option<u64>> {
        match counter {
            Counter::Zero => Some(Some(0)),
            Counter::Direct(number) => self.counters.get(number as usize).copied().map(Some),
            Counter::Difference(_) | Counter::Sum(_) => match *self.known.get(place_of(counter)?)? {
                State::Known(count) => Some(Some(count)),
                State::Unknown | State::Pending => Some(None),
            },
        }
    }

    fn combine(&self, counter: Counter, left: u64, right: u64) -> u64 {
        match (self.rule, counter) {
            (Rule::Exact, Counter::Sum(_)) => left.wrapping_add(right),
            (Rule::Exact, _) => left.wrapping_sub(right),
            (Rule::Possible, Counter::Sum(_)) => left | right,
            (Rule::Possible, _) => left,
        }
    }
}

fn place_of(counter: Counter) -> Option<usize> {
    match counter {
        Counter::Zero | Counter::Direct(_) => None,
        Counter::Difference(number) => Some(number as usize * 2),
        Counter::Sum(number) => Some(number as usize * 2 + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn evaluate(counters: &[u64], expressions: &[Expression], counter: Counter, rule: Rule) -> Option<u64> {
        Evaluator::new(counters, expressions, rule).evaluate(counter)
    }

    #[test]
    fn the_two_rules_differ_in_differences() {
        use Counter::{Difference, Direct, Sum, Zero};
        // The body of a loop as rustc has it: how often its head ran, without how often it was come to.
        let expressions = [
            Expression { left: Direct(1), right: Direct(0) },
            Expression { left: Difference(0), right: Direct(2) },
            Expression { left: Zero, right: Sum(1) },
        ];
        let count = |counters: &[u64], counter, rule| evaluate(counters, &expressions, counter, rule);
        assert_eq!(count(&[1, 1, 0], Difference(0), Rule::Exact), Some(0));
        assert_eq!(count(&[1, 1, 0], Difference(0), Rule::Possible), Some(1));
        assert_eq!(count(&[1, 4, 2], Sum(1), Rule::Exact), Some(5));
        assert_eq!(count(&[1, 4, 2], Difference(1), Rule::Exact), Some(1));
        assert_eq!(count(&[5, 4, 0], Difference(0), Rule::Exact), Some(u64::MAX));
        assert_eq!(count(&[1, 0, 2], Sum(2), Rule::Possible), Some(2));
        assert_eq!(count(&[1, 1], Sum(1), Rule::Exact), None, "counter 2 is not there");
    }

    #[test]
    fn what_needs_itself_has_no_count() {
        let expressions = [
            Expression { left: Counter::Sum(1), right: Counter::Zero },
            Expression { left: Counter::Zero, right: Counter::Sum(0) },
            Expression { left: Counter::Sum(2), right: Counter::Sum(2) },
        ];
        for number in 0..3 {
            assert_eq!(evaluate(&[], &expressions, Counter::Sum(number), Rule::Exact), None);
        }
    }

    #[test]
    fn deep_and_shared_expressions_take_no_time() {
        let mut expressions = vec![Expression { left: Counter::Direct(0), right: Counter::Direct(0) }];
        for number in 0..100_000 {
            expressions.push(Expression { left: Counter::Sum(number), right: Counter::Sum(number) });
        }
        assert_eq!(evaluate(&[0], &expressions, Counter::Sum(100_000), Rule::Exact), Some(0));
        assert_eq!(evaluate(&[1], &expressions, Counter::Sum(40), Rule::Exact), Some(1 << 41));
    }

    fn any_counter() -> impl Strategy<Value = Counter> {
        (0u32..4, 0u32..6).prop_map(|(kind, number)| match kind {
            0 => Counter::Zero,
            1 => Counter::Direct(number),
            2 => Counter::Difference(number),
            _ => Counter::Sum(number),
        })
    }

    /// The definition, without memory; `None` where it does not end.
    fn naive(
        counters: &[u64],
        expressions: &[Expression],
        counter: Counter,
        rule: Rule,
        depth: usize,
    ) -> Option<u64> {
        let term = |counter| naive(counters, expressions, counter, rule, depth.checked_sub(1)?);
        let both = |number: u32| {
            let expression = expressions[number as usize];
            Some((term(expression.left)?, term(expression.right)?))
        };
        Some(match (counter, rule) {
            (Counter::Zero, _) => 0,
            (Counter::Direct(number), _) => counters[number as usize],
            (Counter::Sum(number), Rule::Exact) => both(number).map(|(a, b)| a.wrapping_add(b))?,
            (Counter::Sum(number), Rule::Possible) => both(number).map(|(a, b)| a | b)?,
            (Counter::Difference(number), Rule::Exact) => both(number).map(|(a, b)| a.wrapping_sub(b))?,
            (Counter::Difference(number), Rule::Possible) => both(number)?.0,
        })
    }

    proptest! {
        #[test]
        fn evaluating_is_what_the_definition_says(
            counters in prop::collection::vec(0u64..3, 6),
            expressions in prop::collection::vec((any_counter(), any_counter()), 6),
            counter in any_counter(),
            is_exact in any::<bool>(),
        ) {
            let rule = if is_exact { Rule::Exact } else { Rule::Possible };
            let expressions: Vec<Expression> =
                expressions.into_iter().map(|(left, right)| Expression { left, right }).collect();
            let mut evaluator = Evaluator::new(&counters, &expressions, rule);
            let expected = naive(&counters, &expressions, counter, rule, 13);
            prop_assert_eq!(evaluator.evaluate(counter), expected);
        }
    }
}
