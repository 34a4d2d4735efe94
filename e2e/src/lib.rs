//! The tests of the whole, in `tests/e2e_it`. This library is empty: there is nothing to share beyond them.
