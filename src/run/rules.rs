//! The rules of a turn as sentences: what screens, headless output and reports say about how the
//! team sees, decides, finishes and is limited.
//!
//! Only words: what the rules do is the engine's. Texts of rules (criteria, personas) are as told;
//! whoever shows them cleans them.

use crate::protocol::{
    AgentId, Asking, Finish, Form, Limits, Mode, NoVote, Novelty, Policy, Rules, Seeing, TieBreak,
    Visibility,
};

use super::{Turn, short, usd};

/// A rule by name, and what it says.
pub type Rule = (&'static str, String);

impl Turn {
    /// Whether ballots are cast in this turn at all: not in every mode, and not without others to
    /// vote for.
    #[must_use]
    pub fn votes_are_taken(&self) -> bool {
        let rules = &self.start.rules;
        let quiet = rules.deciding.skip_voting
            || rules.mode.by_agreement()
            || matches!(rules.mode, Mode::Parts(_));
        let none_cast = self
            .decision
            .as_ref()
            .is_some_and(|decision| matches!(decision.by, TieBreak::NoVote(_)));
        !quiet && !none_cast
    }

    /// True when a judge chooses and nobody else votes.
    #[must_use]
    pub fn is_judged(&self) -> bool {
        self.votes_are_taken() && self.start.rules.deciding.policy == Policy::Judge
    }

    /// Why there are no ballots, for the place where they would stand.
    #[must_use]
    pub fn why_no_votes(&self) -> &'static str {
        let settled = self.decision.as_ref().map(|decision| decision.by);
        if self.start.rules.asked.is_some() {
            return "Nobody votes: one agent is asked alone, and its answer is the result.";
        }
        match (&self.start.rules.mode, settled) {
            (Mode::Rounds { .. } | Mode::Samples, _) => {
                "Nobody votes in this mode: the answer that most answers agree with wins."
            }
            (Mode::Parts(_), _) => {
                "Nobody votes in this mode: every answer is a part, and they are put together."
            }
            (_, Some(TieBreak::NoVote(NoVote::OnlyAnswer))) => {
                "Nobody had to vote: there was only one answer."
            }
            _ if self.start.rules.deciding.skip_voting
                && self.start.rules.finishing.finish == Finish::Synthesize =>
            {
                "Nobody votes by the rules of this turn: one agent writes the final answer out of all."
            }
            _ if self.start.rules.deciding.skip_voting => {
                "Nobody votes by the rules of this turn: the latest answer wins."
            }
            _ => "No vote was cast.",
        }
    }

    /// The rules in force, one sentence each, the most asked for first.
    #[must_use]
    pub fn rule_words(&self) -> Vec<Rule> {
        let rules = &self.start.rules;
        if let Some(program) = self.imported() {
            let words = format!("a log of {program}, which does not tell its rules and limits");
            return vec![("from", words)];
        }
        let mut words = vec![
            ("mode", self.mode_words(&rules.mode)),
            ("sees", seeing(rules)),
            ("told", self.hiding_words()),
            ("decides", self.deciding_words(rules)),
            ("improves", improving(rules, &self.start.limits)),
            ("finishes", self.finishing_words(rules)),
        ];
        if rules.talking.ask != Asking::Nobody {
            words.push(("asks", asking(rules)));
        }
        let scaling = scaling(rules);
        if !scaling.is_empty() {
            words.push(("team", scaling));
        }
        if !rules.personas.given.is_empty() || rules.personas.diversity.is_some() {
            let given = rules.personas.given.len();
            words.push((
                "personas",
                format!("{given} given, the others made if asked for"),
            ));
        }
        words.push(("limits", limits(&self.start.limits)));
        words
    }

    /// What agents are shown and not shown, in few words: `sees ring · tally hidden`.
    #[must_use]
    pub fn sight_words(&self) -> String {
        if let Some(program) = self.imported() {
            return format!("log of {program}");
        }
        let rules = &self.start.rules;
        let seeing = &rules.seeing;
        let hidden = match (self.votes_are_taken(), seeing.hide_identities) {
            (true, _) => seeing.hiding().words(),
            (false, true) => "names hidden",
            (false, false) => "names shown",
        };
        format!("agents see {} · {hidden}", sight(rules))
    }

    /// What of it is not the usual: `sees ring, tally shown`; empty when all of it is.
    #[must_use]
    pub fn special_sight(&self) -> String {
        let rules = &self.start.rules;
        let seeing = &rules.seeing;
        let usual = Seeing::default();
        let mut words = Vec::new();
        let by_mode = matches!(rules.mode, Mode::Parts(_) | Mode::Samples);
        if seeing.visibility != usual.visibility && !by_mode {
            words.push(format!("sees {}", seeing.visibility.words()));
        }
        if seeing.hide_tally != usual.hide_tally && self.votes_are_taken() {
            words.push("tally shown".to_owned());
        }
        if seeing.hide_identities != usual.hide_identities {
            words.push("names shown".to_owned());
        }
        words.join(", ")
    }

    fn hiding_words(&self) -> String {
        let seeing = &self.start.rules.seeing;
        let names = if seeing.hide_identities {
            "peers are numbers to them, ballots are secret"
        } else {
            "they see who wrote and voted what"
        };
        if !self.votes_are_taken() {
            return names.to_owned();
        }
        let tally = if seeing.hide_tally {
            "agents never learn the count before the vote is settled"
        } else {
            "agents see the running count"
        };
        format!("{tally}; {names}")
    }

    fn who(&self, id: Option<AgentId>, otherwise: &str) -> String {
        id.map_or_else(|| otherwise.to_owned(), |id| self.name(id).to_owned())
    }

    fn mode_words(&self, mode: &Mode) -> String {
        if let Some(asked) = self.start.rules.asked {
            let who = self.name(asked);
            return format!("only {who} is asked; the others wait for the next turn");
        }
        match mode {
            Mode::Team => "team: everybody answers, improves and votes freely".to_owned(),
            Mode::Layers { layers, aggregator } => {
                let who = self.who(*aggregator, "the winner");
                format!("mixture of agents: {layers} layers, then {who} writes the answer")
            }
            Mode::Rounds { least, most, judge } => {
                let who = self.who(*judge, "whoever published first");
                format!("rounds: {least} to {most}, {who} judges whether to go on")
            }
            Mode::Samples => {
                "self-consistency: one answer each, nobody sees another's, the majority wins"
                    .to_owned()
            }
            Mode::Council { chairman } => {
                let who = self.who(*chairman, "the winner");
                format!("council: answers, anonymous ranking, then {who} writes the answer")
            }
            Mode::Parts(parts) => {
                let who = self.who(parts.presenter, "the last agent");
                let count = match parts.parts.len() {
                    0 => "parts that the team makes itself".to_owned(),
                    count => format!("{count} parts"),
                };
                format!("decomposition: {count}, {who} puts them together")
            }
            Mode::Plan(plan) => {
                let chunks = plan.chunks;
                format!("plan first, then its steps one by one, {chunks} at most")
            }
        }
    }

    fn deciding_words(&self, rules: &Rules) -> String {
        let deciding = &rules.deciding;
        if !self.votes_are_taken() && self.decision.is_none() {
            return self.why_no_votes().to_owned();
        }
        let ballots = match (deciding.policy, deciding.policy.form()) {
            (Policy::Judge, _) => {
                let who = self.who(deciding.judge, "a judge that wrote no answer");
                format!("judge: {who} chooses")
            }
            (policy, Form::One) => format!("{}: one vote each", policy.word()),
            (policy, Form::Several) => {
                format!(
                    "{}: a vote for every answer that is good enough",
                    policy.word()
                )
            }
            (policy, Form::Ranking) => format!("{}: every ballot is a ranking", policy.word()),
            (policy, Form::Scores) => {
                let names: Vec<_> = deciding
                    .criteria()
                    .into_iter()
                    .map(|criterion| format!("{} ×{}", criterion.name, criterion.weight))
                    .collect();
                format!("{} on {}", policy.word(), names.join(", "))
            }
        };
        let mut parts = vec![ballots];
        if let Some(gate) = deciding.gate() {
            let (whole, tenth) = (gate.bar / 10, gate.bar % 10);
            parts.push(format!(
                "an answer needs {whole}.{tenth} of 10 while {} improvements are left",
                gate.budget
            ));
        }
        if deciding.defer_voting {
            parts.push("no vote before everybody has published".to_owned());
        }
        if deciding.early_stop {
            parts.push("voting stops when the winner is certain".to_owned());
        }
        parts.join("; ")
    }

    fn finishing_words(&self, rules: &Rules) -> String {
        let finishing = &rules.finishing;
        let presenter = finishing.presenter.or(rules.mode.presenter());
        let who = self.who(presenter, "the winner");
        let end = match finishing.finish {
            Finish::Reuse => "the winning answer as it is".to_owned(),
            Finish::Present => format!("{who} presents"),
            Finish::Synthesize => format!("{who} writes one answer out of all"),
        };
        let refined = match finishing.refine {
            0 => String::new(),
            times => format!(", after {times} refinements"),
        };
        let verified = match &finishing.verify {
            None => "nobody verifies it".to_owned(),
            Some(verify) => {
                let by = self.who(verify.by, "another agent");
                format!("{by} verifies it, {} restarts", verify.restarts)
            }
        };
        format!("{end}{refined}; {verified}")
    }
}

/// Whose answers agents see, in few words: the mode decides where it has barriers or parts.
fn sight(rules: &Rules) -> String {
    let rule = rules.seeing.visibility;
    let from = if rule.is_whole() {
        "all".to_owned()
    } else {
        rule.words()
    };
    match rules.mode {
        Mode::Team | Mode::Plan(_) => rule.words(),
        Mode::Samples => "no other answer".to_owned(),
        Mode::Parts(_) => "what their part builds on".to_owned(),
        Mode::Layers { .. } => format!("{from} of the layer before"),
        Mode::Rounds { .. } => format!("{from} of the round before"),
        Mode::Council { .. } => format!("{from} after the own answer"),
    }
}

fn seeing(rules: &Rules) -> String {
    let seeing = &rules.seeing;
    match rules.mode {
        Mode::Samples => return "nobody sees another agent's answer".to_owned(),
        Mode::Parts(_) => {
            return "the parts that its own builds on, once they are there, and no others"
                .to_owned();
        }
        Mode::Layers { .. } | Mode::Rounds { .. } => {
            return format!("{}; none of the running one", sight(rules));
        }
        Mode::Council { .. } => return format!("{}, to rank them", sight(rules)),
        Mode::Team | Mode::Plan(_) => {}
    }
    let news = match seeing.midstream {
        None => "news arrives at once".to_owned(),
        Some(0) => "news at the beginning of rounds only".to_owned(),
        Some(most) => format!("news at most {most} times in a round"),
    };
    let whom = match seeing.visibility {
        Visibility::All => "everybody's answers from the start".to_owned(),
        Visibility::AfterOwn => "everybody's answers, once it has one of its own".to_owned(),
        Visibility::Ring => "ring: the answers of the agents before and after it".to_owned(),
        Visibility::Islands { .. } => format!(
            "{}: the answers of its own island, the first agent of each also those next to it",
            seeing.visibility.words()
        ),
    };
    format!("{whom}; {news}")
}

fn improving(rules: &Rules, limits: &Limits) -> String {
    let novelty = match rules.improving.novelty {
        Novelty::Off => "only equal answers are refused".to_owned(),
        level => format!("an answer must bring something new ({})", level.word()),
    };
    let lead = match rules.improving.lead {
        None => String::new(),
        Some(lead) => format!("; {lead} answers ahead of the slowest at most"),
    };
    let each = limits.answers_per_agent;
    let noun = if each == 1 { "answer" } else { "answers" };
    format!(
        "{each} {noun} each, {} in all; {novelty}{lead}",
        limits.answers_total
    )
}

fn asking(rules: &Rules) -> String {
    let talking = &rules.talking;
    let whom = match talking.ask {
        Asking::Nobody => "nobody",
        Asking::Agents => "agents ask each other",
        Asking::Person => "agents ask you (F3)",
        Asking::Both => "agents ask each other and you (F3)",
    };
    format!(
        "{whom}; {} questions each, {} for an answer",
        talking.asks_per_agent,
        time(talking.ask_seconds)
    )
}

fn scaling(rules: &Rules) -> String {
    let scaling = &rules.scaling;
    let mut words = Vec::new();
    if scaling.add_on_split > 0 {
        words.push(format!(
            "grows by up to {} when votes are split",
            scaling.add_on_split
        ));
    }
    if let Some(seconds) = scaling.stall_seconds {
        words.push(format!("an agent silent for {seconds} s is out"));
    }
    words.join("; ")
}

fn limits(limits: &Limits) -> String {
    let budget = &limits.budget;
    let mut words = vec![
        format!("{} for the turn", time(limits.turn_seconds)),
        format!("{} a round", time(limits.round_seconds)),
        format!("{} rounds each", limits.rounds_per_agent),
    ];
    words.extend(budget.usd.map(usd));
    words.extend(
        budget
            .tokens
            .map(|tokens| format!("{} tokens", short(tokens))),
    );
    words.extend(budget.calls.map(|calls| format!("{calls} calls")));
    words.extend(budget.tool_calls.map(|calls| format!("{calls} tool calls")));
    if budget.is_open() {
        words.push("no limit of money or tokens".to_owned());
    }
    words.join(", ")
}

/// Seconds as minutes where nothing is lost.
fn time(seconds: u64) -> String {
    if seconds >= 60 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}
