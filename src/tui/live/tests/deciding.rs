//! What a person sees of ranked and scored votes, of a runoff, and beside the result.

use super::stage::{Stage, id, label};
use crate::protocol::{
    AgentEvent, Ballot, BallotEvent, Decision, Elimination, Marks, Mode, PlainMajority, Points,
    Policy, RunEvent, Scores, Setback, TallyRow, TieBreak, TurnStart, Visibility,
};

/// Three agents with an answer each, under a policy.
fn stage(policy: Policy) -> Stage {
    let mut stage = Stage::new(&[("ada", "m"), ("ben", "m"), ("cleo", "m")]);
    let start = stage
        .shared
        .run
        .turn
        .as_ref()
        .map(|turn| turn.start.clone())
        .expect("a turn");
    let mut rules = start.rules.clone();
    rules.deciding.policy = policy;
    stage.run(RunEvent::Started(Box::new(TurnStart { rules, ..start })));
    for number in 1..=3 {
        stage.publishes(number, 1, &format!("Answer {number}."));
    }
    stage
}

fn cast(stage: &mut Stage, number: u16, target: u16, marks: Marks) {
    let ballot = Ballot {
        voter: id(number),
        target: Some(label(target, 1)),
        reason: "It is right.".to_owned(),
        epoch: 3,
        marks,
    };
    stage.agent(number, AgentEvent::Ballot(BallotEvent::Cast(ballot)));
}

fn decided(stage: &mut Stage, decision: Decision) {
    stage.run(RunEvent::Decided(decision));
    stage.answers(label(1, 1), "Answer 1.", None);
}

fn row(agent: u16, voters: &[u16]) -> TallyRow {
    TallyRow {
        label: label(agent, 1),
        voters: voters.iter().copied().map(id).collect(),
    }
}

#[test]
fn a_ranked_vote_shows_rankings_counts_and_what_was_struck() {
    let mut stage = stage(Policy::InstantRunoff);
    let rank = |places: &[u16]| Marks::Rank(places.iter().map(|n| label(*n, 1)).collect());
    cast(&mut stage, 1, 1, rank(&[1, 2]));
    cast(&mut stage, 2, 2, rank(&[2, 1, 3]));
    cast(&mut stage, 3, 3, rank(&[3, 1]));
    let tally = vec![row(1, &[1]), row(2, &[2]), row(3, &[3])];
    let plain = Decision::plain(label(1, 1), tally, vec![], TieBreak::Elimination);
    let all = vec![(label(1, 1), 1), (label(2, 1), 1), (label(3, 1), 1)];
    decided(
        &mut stage,
        Decision {
            policy: Policy::InstantRunoff,
            rounds: vec![
                Elimination {
                    counts: all,
                    exhausted: 0,
                    out: Some(label(3, 1)),
                },
                Elimination {
                    counts: vec![(label(1, 1), 2), (label(2, 1), 1)],
                    exhausted: 0,
                    out: None,
                },
            ],
            majority: Some(PlainMajority {
                value: "42".into(),
                labels: vec![label(2, 1), label(3, 1)],
                of: 3,
            }),
            saved_calls: 2,
            ..plain
        },
    );
    let page = stage.screen(120, 40);
    for words in [
        "won by instant runoff (2 of 3 in count 2)",
        "Votes (instant runoff)",
        "count 1: ada 1, ben 1, cleo 1 · struck: cleo",
        "count 2: ada 2, ben 1",
        "Plain majority: \"42\" in 2 of 3 answers, the winner says otherwise.",
        "2 more votes saved",
    ] {
        assert!(page.contains(words), "{words:?} is not in\n{page}");
    }
    stage.act(&["show-votes"]);
    let page = stage.screen(120, 40);
    for words in [
        "decided by instant runoff",
        "ben (own answer) (ranks agent2.1 > agent1.1 > agent3.1)",
    ] {
        assert!(page.contains(words), "{words:?} is not in\n{page}");
    }
}

#[test]
fn scores_are_shown_by_criterion_and_as_means() {
    let mut stage = stage(Policy::Score);
    let scores = |n: u8| {
        let row = |agent| Scores {
            label: label(agent, 1),
            scores: vec![n, 7, 6],
        };
        Marks::Score(vec![row(1), row(2)])
    };
    cast(&mut stage, 1, 1, scores(9));
    let tally = vec![row(1, &[1]), row(2, &[]), row(3, &[])];
    let plain = Decision::plain(label(1, 1), tally, vec![], TieBreak::Score);
    let points = |agent, hundredths| Points {
        label: label(agent, 1),
        hundredths,
    };
    decided(
        &mut stage,
        Decision {
            policy: Policy::Score,
            points: vec![points(1, 780), points(2, 645)],
            ..plain
        },
    );
    let page = stage.screen(120, 40);
    for words in [
        "won by highest score (7.8 of 10)",
        "Mean scores",
        "agent2.1 ben 6.45",
    ] {
        assert!(page.contains(words), "{words:?} is not in\n{page}");
    }
    stage.act(&["show-votes"]);
    let page = stage.screen(120, 40);
    assert!(
        page.contains("agent1.1: correct 9, complete 7, clear 6"),
        "{page}"
    );
}

#[test]
fn a_vote_that_came_too_early_is_no_refusal() {
    let mut stage = stage(Policy::Plurality);
    let event = |setback, reason: &str| AgentEvent::Refused {
        act: "vote".to_owned(),
        reason: reason.to_owned(),
        setback,
    };
    stage.agent(1, event(Setback::LooksAgain, "New answers arrived."));
    stage.agent(2, event(Setback::Refused, "No such answer."));
    let page = stage.screen(200, 40);
    assert!(page.contains("looks again: New answers"), "{page}");
    assert!(page.contains("vote not accepted: No such"), "{page}");
    assert_eq!(page.matches("not accepted").count(), 1, "{page}");
}

/// A turn whose rules were changed before its first event.
fn under(change: impl Fn(&mut crate::protocol::Rules)) -> Stage {
    let mut stage = Stage::new(&[("ada", "m"), ("ben", "m"), ("cleo", "m")]);
    let turn = stage.shared.run.turn.as_ref().expect("a turn");
    let mut start = turn.start.clone();
    change(&mut start.rules);
    stage.run(RunEvent::Started(Box::new(start)));
    stage
}

#[test]
fn what_agents_see_and_do_not_see_is_said_in_words() {
    let mut usual = under(|_| {});
    let page = usual.screen(160, 48);
    let words = "agents see all after the own answer · tally and names hidden";
    assert!(page.contains(words), "{page}");
    assert!(!usual.screen(80, 24).contains("hidden"));
    let mut special = under(|rules| {
        rules.seeing.visibility = Visibility::Islands { neighbours: 1 };
        rules.seeing.hide_tally = false;
        rules.seeing.hide_identities = false;
    });
    let page = special.screen(120, 30);
    assert!(
        page.contains("sees islands of 2, tally shown, names shown"),
        "{page}"
    );
    special.act(&["show-votes"]);
    let page = special.screen(80, 24);
    assert!(page.contains("tally and names shown"), "{page}");
    special.act(&["show-team"]);
    let page = special.screen(160, 48);
    for words in [
        "agents see the running count",
        "they see who wrote",
        "of its own island",
    ] {
        assert!(page.contains(words), "{words:?} is not in\n{page}");
    }
}

#[test]
fn where_nobody_votes_no_vote_is_missing() {
    let mut stage = under(|rules| rules.mode = Mode::Samples);
    for number in 1..=3 {
        stage.publishes(number, 1, "42");
    }
    let page = stage.screen(120, 30);
    assert!(page.contains("answers, no votes agent1.1 ada"), "{page}");
    assert!(!page.contains("votes 0 of"), "{page}");
    stage.act(&["show-votes"]);
    let page = stage.screen(120, 30);
    assert!(page.contains("Nobody votes in this mode"), "{page}");
    assert!(!page.contains("has not voted"), "{page}");
}

#[test]
fn where_a_judge_decides_no_other_vote_is_missing() {
    let mut stage = stage(Policy::Judge);
    let page = stage.screen(120, 30);
    assert!(page.contains("a judge decides"), "{page}");
    stage.act(&["show-votes"]);
    let page = stage.screen(120, 30);
    assert!(page.contains("the judge has not decided yet"), "{page}");
    cast(&mut stage, 3, 1, Marks::Single);
    let page = stage.screen(120, 30);
    assert!(
        page.contains("judged") && page.contains("agent1.1 ada 1"),
        "{page}"
    );
    assert!(!page.contains("has not voted"), "{page}");
}
