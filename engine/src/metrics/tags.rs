//! What tells numbers of one metric apart.

/// Names and values, each name once, in the order in which they were given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Tags(Vec<(Box<str>, Box<str>)>);

impl Tags {
    /// Makes tags with one in them.
    pub fn of(name: &str, value: impl Into<Box<str>>) -> Tags {
        Tags::default().and(name, value)
    }

    /// Returns the same with one more; the last value of a name counts.
    #[must_use]
    pub fn and(mut self, name: &str, value: impl Into<Box<str>>) -> Tags {
        match self.0.iter_mut().find(|(known, _)| **known == *name) {
            Some((_, known)) => *known = value.into(),
            None => self.0.push((name.into(), value.into())),
        }
        self
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| **known == *name).map(|(_, value)| &**value)
    }

    /// Returns each name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }
}
