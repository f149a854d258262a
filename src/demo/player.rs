//! Plays a reply as a paced stream of wire bytes.
//!
//! The pace follows elapsed time, not a sum of sleeps: tokens that are due together (a fast script, a
//! late timer) leave in one write, each in its own frame, as real servers do. A slow reader slows the
//! player: nothing is made before it is asked for.

use std::{fmt, time::Duration, vec};

use futures_util::stream::{self, Stream};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};

use super::{
    cast::{Commit, Reply},
    director::Ledger,
    pace::Speed,
    score::{Score, Step},
    wire::{Frames, KEEP_ALIVE, Tokens},
};

/// Shortest timer period; faster scripts send several tokens a tick.
const TICK: Duration = Duration::from_millis(1);

/// Most tokens in one write.
const BATCH: usize = 64;

/// Time between comment lines while a script is silent.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// Wait before a cut: what was written before must have left, or the server would drop it together
/// with the connection.
const FLUSH: Duration = Duration::from_millis(20);

/// The script cuts the connection here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the script cuts the connection here")
    }
}

impl std::error::Error for Cut {}

/// What frames a reply: how frames look, how long the prompt was, who is told at the end.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Frame writer.
    pub frames: Frames,
    /// Prompt tokens, for the usage chunk.
    pub prompt_tokens: u64,
    /// Told when the reply was sent.
    pub ledger: Ledger,
    /// The speed setting.
    pub speed: Speed,
}

/// The bytes of a reply. After an `Err` the connection must be closed without an end mark.
pub fn play(reply: Reply, setting: Setting) -> impl Stream<Item = Result<Vec<u8>, Cut>> + Send {
    stream::unfold(Player::new(reply, setting), |mut player| async move {
        let bytes = player.next().await?;
        Some((bytes, player))
    })
}

/// Waits as long as a reply would take to stream.
pub async fn wait_out(score: &Score, speed: Speed) {
    sleep(speed.wait(score.seconds())).await;
}

struct Player {
    steps: vec::IntoIter<Step>,
    stage: Stage,
    silence: Duration,
    clock: Option<Clock>,
    /// Tokens until the cut.
    left: Option<usize>,
    commit: Commit,
    finish: &'static str,
    tokens: Tokens,
    setting: Setting,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Nothing sent.
    Before,
    /// The first chunk was sent.
    Speaking,
    /// All was sent.
    Over,
}

/// Tells how many tokens are due.
struct Clock {
    rate: f64,
    ticks: Interval,
    start: Option<Instant>,
    sent: u64,
}

impl Clock {
    fn new(rate: f64) -> Self {
        let period = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(TICK);
        let mut ticks = interval(period.max(TICK));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        Self {
            rate,
            ticks,
            start: None,
            sent: 0,
        }
    }

    /// Waits for the next tick; the number of tokens due then, at least one.
    async fn due(&mut self) -> usize {
        loop {
            let now = self.ticks.tick().await;
            let start = *self.start.get_or_insert(now);
            // The small addition keeps a tick on the very boundary from being counted as before it.
            let elapsed = now.duration_since(start).as_secs_f64();
            let total = (elapsed * self.rate + 1e-6) as u64 + 1;
            if total > self.sent {
                let due = (total - self.sent).min(BATCH as u64);
                self.sent += due;
                return due as usize;
            }
        }
    }

    /// Starts counting anew, after a wait.
    fn restart(&mut self) {
        self.ticks.reset_immediately();
        self.start = None;
        self.sent = 0;
    }
}

impl Player {
    fn new(reply: Reply, setting: Setting) -> Self {
        let tokens = reply.score.tokens(setting.prompt_tokens);
        Self {
            clock: setting.speed.rate(reply.score.speed).map(Clock::new),
            stage: Stage::Before,
            silence: Duration::ZERO,
            left: reply.cut,
            commit: reply.commit,
            finish: reply.score.finish(),
            tokens,
            steps: reply.score.steps.into_iter(),
            setting,
        }
    }

    /// The next bytes; `None` at the end.
    async fn next(&mut self) -> Option<Result<Vec<u8>, Cut>> {
        loop {
            if self.stage == Stage::Over {
                return None;
            }
            if self.silence > HEARTBEAT {
                self.silence -= HEARTBEAT;
                sleep(HEARTBEAT).await;
                return Some(Ok(KEEP_ALIVE.to_vec()));
            }
            if self.silence > Duration::ZERO {
                sleep(std::mem::take(&mut self.silence)).await;
                if let Some(clock) = &mut self.clock {
                    clock.restart();
                }
            }
            let due = match &mut self.clock {
                Some(clock) if !self.steps.as_slice().is_empty() => clock.due().await,
                _ => BATCH,
            };
            let mut out = Vec::with_capacity(256 * due.min(8));
            if let Err(cut) = self.speak(due, &mut out) {
                // The bytes before the cut go out first; the cut comes with the next call.
                if out.is_empty() {
                    self.stage = Stage::Over;
                    sleep(FLUSH).await;
                    return Some(Err(cut));
                }
                return Some(Ok(out));
            }
            if self.steps.as_slice().is_empty() && self.silence.is_zero() {
                self.end(&mut out).await;
            }
            if !out.is_empty() {
                return Some(Ok(out));
            }
        }
    }

    /// Writes up to `due` tokens; stops before a wait.
    fn speak(&mut self, due: usize, out: &mut Vec<u8>) -> Result<(), Cut> {
        for _ in 0..due {
            if self.left == Some(0) {
                return Err(Cut);
            }
            match self.steps.next() {
                None => return Ok(()),
                Some(Step::Pause(seconds)) => {
                    self.silence = self.setting.speed.wait(seconds);
                    return Ok(());
                }
                Some(Step::Token(delta)) => {
                    if self.stage == Stage::Before {
                        self.stage = Stage::Speaking;
                        self.setting.frames.open(out, self.tokens.prompt);
                    }
                    self.setting.frames.delta(out, &delta);
                    self.left = self.left.map(|left| left.saturating_sub(1));
                }
            }
        }
        Ok(())
    }

    /// The commit goes before the last bytes: when the client has them, the next request finds the
    /// script moved on.
    async fn end(&mut self, out: &mut Vec<u8>) {
        if self.stage == Stage::Before {
            self.setting.frames.open(out, self.tokens.prompt);
        }
        self.stage = Stage::Over;
        self.setting.ledger.commit(self.commit).await;
        self.setting.frames.close(out, self.finish, self.tokens);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;

    use super::*;
    use crate::demo::{
        cast::Cue,
        director::{Director, Part},
        wire::{Ask, Family},
    };

    fn setting(speed: Speed) -> Setting {
        let part = Part {
            session: "s".into(),
            scenario: "quick".into(),
            agent: "birch".into(),
        };
        let ask = br#"{"model": "m", "messages": []}"#;
        let ask = Ask::read(Family::Chat, None, ask).unwrap();
        Setting {
            frames: Frames::new(Family::Chat, &ask, 1),
            prompt_tokens: 0,
            ledger: Director::start().ledger(part),
            speed,
        }
    }

    fn reply(text: &str, cut: Option<usize>) -> Reply {
        let mut score = Score::new(50.0, "call".into());
        score.text(text);
        Reply {
            score,
            commit: Commit::Said(Cue::Present),
            cut,
        }
    }

    /// Plays to the end: the bytes, the number of writes, the time it took, whether it was cut.
    async fn whole(reply: Reply, speed: Speed) -> (String, usize, Duration, bool) {
        let start = Instant::now();
        let mut stream = std::pin::pin!(play(reply, setting(speed)));
        let (mut text, mut writes, mut cut) = (String::new(), 0, false);
        while let Some(item) = stream.next().await {
            match item {
                Ok(bytes) => {
                    writes += 1;
                    text.push_str(std::str::from_utf8(&bytes).unwrap());
                }
                Err(Cut) => cut = true,
            }
        }
        (text, writes, start.elapsed(), cut)
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_come_at_their_pace() {
        let text = "word ".repeat(101);
        let (sent, writes, time, cut) =
            whole(reply(text.trim_end(), None), Speed::Times(1.0)).await;
        assert!(!cut && sent.ends_with("data: [DONE]\n\n"));
        assert_eq!(
            sent.matches("\"content\"").count(),
            102,
            "the first chunk and 101 tokens"
        );
        assert_eq!(writes, 101, "one write per token");
        assert_eq!(time, Duration::from_secs(2));
        let (_, writes, time, _) = whole(reply(text.trim_end(), None), Speed::Times(100.0)).await;
        assert_eq!(time, Duration::from_millis(20));
        assert!(writes <= 21, "tokens due together leave together: {writes}");
        let (_, writes, time, _) = whole(reply(text.trim_end(), None), Speed::Max).await;
        assert_eq!((writes, time), (2, Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn long_silence_is_kept_alive() {
        let (sent, _, time, _) = whole(reply("[[pause 12]]One", None), Speed::Times(1.0)).await;
        assert_eq!(time, Duration::from_secs(12));
        assert!(
            sent.starts_with(": keep-alive\n\n: keep-alive\n\ndata: "),
            "{sent}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_ends_without_an_end_mark() {
        for speed in [Speed::Max, Speed::Times(1.0)] {
            let (sent, _, _, cut) = whole(reply("one two three four", Some(3)), speed).await;
            assert!(cut && !sent.contains("[DONE]"));
            assert_eq!(sent.matches("\"content\"").count(), 4);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_empty_reply_still_has_a_beginning_and_an_end() {
        let (sent, ..) = whole(reply("", None), Speed::Times(1.0)).await;
        assert!(
            sent.contains("\"role\"") && sent.contains("\"stop\"") && sent.ends_with("[DONE]\n\n")
        );
    }
}
