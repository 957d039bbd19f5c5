//! Bytes as a source of choices: every input means something, and what is used up gives zeros.

/// What is left of an input.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// Is there nothing left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        self.bytes(1).first().copied().unwrap_or_default()
    }

    /// A number of two bytes.
    pub fn short(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// A number of eight bytes.
    pub fn long(&mut self) -> u64 {
        self.bytes(8).iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    /// At most so many bytes.
    pub fn bytes(&mut self, most: usize) -> &'a [u8] {
        let (taken, left) = self.0.split_at(most.min(self.0.len()));
        self.0 = left;
        taken
    }

    /// A text of at most 255 bytes.
    pub fn text(&mut self) -> String {
        let length = self.byte();
        String::from_utf8_lossy(self.bytes(usize::from(length))).into_owned()
    }

    /// One of `pool`, which is not empty.
    pub fn one_of<'p, T>(&mut self, pool: &'p [T]) -> &'p T {
        &pool[self.short() % pool.len()]
    }
}
