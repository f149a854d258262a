//! Situations that every screen test starts from.

use super::stage::{Stage, ballot, id, label};
use crate::protocol::{
    AgentEvent, CallEvent, Channel, Failure, FailureKind, Level, NoAnswerReason, Outcome, Phase,
    Purpose, RoundEnd, RunEvent, SteerId, SteerState, Target, TieBreak,
};

pub const TEAM: [(&str, &str); 3] = [
    ("mia", "gpt-5-mini"),
    ("ravi", "claude-haiku-4.5"),
    ("静香", "qwen3-8b"),
];

const FIRST: &str = "# Why the sky is blue\n\nSunlight holds **all colours**. Air scatters *short* \
waves far more than long ones, so blue light reaches your eye from everywhere.\n\n\
- violet is scattered even more, but the eye sees it badly\n- at sunset the way is longer: red is \
left over\n";
const SECOND: &str = "# Blue, and why\n\nThe cross section grows with the fourth power of the \
frequency:\n\n```python\ndef rayleigh(wavelength):\n    return wavelength ** -4\n```\n\n\
| colour | nm | relative |\n|---|---|---|\n| red | 700 | 1.0 |\n| blue | 450 | 5.9 |\n\n你好 🌤 — \
that is all.\n";

/// Before the first reply.
pub fn starting() -> Stage {
    let mut stage = Stage::new(&TEAM);
    stage.wait(1_200);
    stage.round(1, 1, Purpose::Work, &[]);
    stage
}

/// Thinking, writing, drafting.
pub fn streaming() -> Stage {
    let mut stage = starting();
    stage.round(2, 1, Purpose::Work, &[]);
    stage.round(3, 1, Purpose::Work, &[]);
    stage.wait(900);
    stage.says(
        1,
        Channel::Thinking,
        "The person wants two explanations. First for a child: use a ball game. Then Rayleigh \
         scattering with the fourth power. I should keep the numbers right.",
    );
    stage.wait(600);
    stage.says(1, Channel::Text, "Let me write this down.");
    stage.says(1, Channel::Draft, FIRST);
    stage.says(
        2,
        Channel::Thinking,
        "Scattering depends on the size of the particle. Nitrogen is far smaller than the wave, so \
         Rayleigh applies and not Mie.",
    );
    stage.says(
        3,
        Channel::Text,
        "空の色について考えます。まず子供向けに、それから物理学者向けに説明します。",
    );
    stage.pays(1, 420, 96, 0.0031);
    stage.wait(400);
    stage
}

/// A tool runs, one is done, one has failed.
pub fn tool() -> Stage {
    let mut stage = streaming();
    stage.calls(2, "c1", "read_file", r#"{"path":"notes/optics.md"}"#);
    stage.wait(400);
    stage.returns(2, "c1", true, "# Optics\nRayleigh 1871\nMie 1908\n", 412);
    stage.calls(2, "c2", "shell", r#"{"command":"python3 -c 'print(5.9)'"}"#);
    stage.returns(2, "c2", false, "python3: command not found", 1_240);
    stage.calls(2, "c3", "grep", r#"{"pattern":"scatter(ing)?","path":"."}"#);
    stage.wait(4_100);
    stage
}

/// One agent waits to try again.
pub fn retrying() -> Stage {
    let mut stage = streaming();
    stage.agent(
        3,
        AgentEvent::Call(CallEvent::Retrying {
            attempt: 2,
            wait_ms: 4_000,
            failure: Failure::new(
                FailureKind::Overloaded,
                "the server at 127.0.0.1 answered 529: overloaded",
            ),
        }),
    );
    stage.wait(1_000);
    stage
}

/// Two answers, a dropped vote, a standing one, a steering message.
pub fn voted() -> Stage {
    let mut stage = streaming();
    stage.publishes(1, 1, FIRST);
    stage.ended(1, 1, RoundEnd::Published);
    stage.round(2, 2, Purpose::Work, &[label(1, 1)]);
    stage.votes(
        3,
        Some(label(1, 1)),
        "clear, correct and short enough for a child",
    );
    stage.ended(3, 1, RoundEnd::Voted);
    stage.wait(2_000);
    stage.says(2, Channel::Draft, SECOND);
    stage.publishes(2, 1, SECOND);
    stage.drops(
        vec![ballot(
            3,
            Some(label(1, 1)),
            "clear, correct and short enough for a child",
        )],
        label(2, 1),
    );
    stage.ended(2, 2, RoundEnd::Published);
    stage.pays(2, 1_890, 640, 0.0);
    stage.round(3, 2, Purpose::Revote, &[label(1, 1), label(2, 1)]);
    stage.round(1, 2, Purpose::Revote, &[label(1, 1), label(2, 1)]);
    stage.run(RunEvent::Steer {
        id: SteerId(1),
        target: Target::All,
        text: "Keep it under 200 words.".to_owned(),
        state: SteerState::Queued,
    });
    stage.run(RunEvent::Steer {
        id: SteerId(1),
        target: Target::All,
        text: String::new(),
        state: SteerState::Delivered(id(1)),
    });
    stage.votes(1, Some(label(2, 1)), "it has the numbers");
    stage.ended(1, 2, RoundEnd::Voted);
    stage.wait(700);
    stage
}

/// One agent is out for good.
pub fn benched() -> Stage {
    let mut stage = voted();
    stage.fails(
        3,
        Failure::new(
            FailureKind::Auth,
            "the server answered 401: invalid api key (key …3f9a)",
        )
        .hint("Set OPENAI_API_KEY to a valid key and start again."),
    );
    stage
}

/// The winner presents.
pub fn presenting() -> Stage {
    let mut stage = benched();
    stage.votes(2, Some(label(1, 1)), "mine is too long for a child");
    stage.decides(
        label(2, 1),
        &[(label(2, 1), &[1]), (label(1, 1), &[2])],
        TieBreak::OtherVoters,
    );
    stage.run(RunEvent::Phase(Phase::Presenting));
    stage.round(2, 3, Purpose::Present, &[label(1, 1), label(2, 1)]);
    stage.says(2, Channel::Final, SECOND);
    stage.wait(800);
    stage
}

/// The end of a turn, with everything on the final page.
pub fn finished() -> Stage {
    let mut stage = presenting();
    stage.says(2, Channel::Final, "\nAsk again when the sun sets.\n");
    stage.ended(2, 3, RoundEnd::Presented);
    stage.pays(2, 3_100, 410, 0.0);
    stage.run(RunEvent::Notice {
        level: Level::Warning,
        text: "qwen3-8b has no known price, the cost is a lower bound.".to_owned(),
    });
    stage.answers(
        label(2, 1),
        &format!("{SECOND}\nAsk again when the sun sets.\n"),
        Some(2),
    );
    stage
}

/// Every agent failed.
pub fn no_answer() -> Stage {
    let mut stage = starting();
    for number in 1..=3 {
        stage.fails(
            number,
            Failure::new(
                FailureKind::Transient,
                "could not connect to http://127.0.0.1:8000/v1: connection refused",
            )
            .hint("Start the model server, or choose another one with --base-url."),
        );
    }
    stage.run(RunEvent::Ended(Outcome::NoAnswer {
        reason: NoAnswerReason::AllFailed,
        message: "All three agents failed before anyone published an answer.".to_owned(),
    }));
    stage
}
