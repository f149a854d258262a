//! Who is shown what of the others' work.

use serde::{Deserialize, Serialize};

/// Who is shown what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Seeing {}
