//! Sizes and ages as people say them.

/// `just now`, `5 min ago`, `3 h ago`, `12 d ago`.
pub fn ago(milliseconds: u64) -> String {
    let minutes = milliseconds / 60_000;
    match minutes {
        0 => "just now".to_owned(),
        1..60 => format!("{minutes} min ago"),
        60..1_440 => format!("{} h ago", minutes / 60),
        _ => format!("{} d ago", minutes / 1_440),
    }
}

/// A span of time: `0.4s`, `12.5s`, `3m07s`, `1h02m`.
pub fn took(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..60 => format!("{seconds}.{}s", milliseconds % 1000 / 100),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
    }
}

/// `812 B`, `96 KiB`, `13 MiB`, `2.1 GiB`.
pub fn bytes(count: u64) -> String {
    match count {
        0..1024 => format!("{count} B"),
        1024..1_048_576 => format!("{} KiB", count / 1024),
        1_048_576..1_073_741_824 => format!("{} MiB", count / 1_048_576),
        _ => format!("{:.1} GiB", count as f64 / 1_073_741_824.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (minutes, words) in [
            (0, "just now"),
            (59, "59 min ago"),
            (60, "1 h ago"),
            (1_439, "23 h ago"),
            (14_400, "10 d ago"),
        ] {
            assert_eq!(ago(minutes * 60_000), words);
            assert!(words.len() < 12);
        }
        assert_eq!(took(12_590), "12.5s");
        assert_eq!(took(187_000), "3m07s");
        assert_eq!(took(3_725_000), "1h02m");
        for (count, words) in [
            (1023, "1023 B"),
            (1024, "1 KiB"),
            (13 << 20, "13 MiB"),
            (3 << 30, "3.0 GiB"),
        ] {
            assert_eq!(bytes(count), words);
        }
    }
}
