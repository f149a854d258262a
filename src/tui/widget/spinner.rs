//! The turning sign of something under way.

/// Pictures of the spinner, in order.
const FRAMES: [&str; 8] = ["⠋", "⠙", "⠸", "⠴", "⠦", "⠇", "⠏", "⠛"];

/// The picture at this tick.
pub fn spinner(tick: u64) -> &'static str {
    let place = usize::try_from(tick % 8).unwrap_or(0);
    FRAMES.get(place).copied().unwrap_or("⠋")
}
