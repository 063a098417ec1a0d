//! The guests are in the examples of this package, and in `constant.wat`.
