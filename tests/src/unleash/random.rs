//! Random features and contexts of Unleash.
