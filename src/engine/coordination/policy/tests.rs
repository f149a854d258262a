//! The counts against references that are written in another way, and the laws of each policy.
