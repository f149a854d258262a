//! Stateless painters that several screens share. They know no model; they get what they paint.

mod badge;
mod figures;
mod hints;
mod marked;
mod paragraph;
mod pen;
mod scrollbar;
mod sought;
mod spinner;
mod window;

pub use badge::demo_badge;
pub use figures::{ago, bytes, took};
pub use hints::{Hint, Weight, hints};
pub use marked::marked;
pub use paragraph::paragraph;
pub use pen::{Edit, Pen, tail};
pub use scrollbar::scrollbar;
pub use sought::{Sought, matches};
pub use spinner::spinner;
pub use window::window;
