//! The README's figures come out of this package, and its examples are compiled by it.

#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
