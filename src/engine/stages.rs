//! Modes that need several turns: what the next one is, and what is known after each.
//!
//! A chain is pure: it says what to run next ([`Chain::next`]) and takes in what came of it. Each stage
//! is a turn of the same reducer with rules of its own. The same steps read back from a log give the
//! same chain, so a session that broke off goes on at the next chunk. Whatever fails has a fallback or
//! is named as missing; a chain has at most [`PLANS`] plans, each chunk once, and one assembly.

mod ending;
mod purse;
mod read;
pub(super) mod run;
#[cfg(test)]
mod tests;
mod words;

pub(super) use self::ending::files_of;
use self::{
    ending::{end_of, label_of, text_of},
    purse::Purse,
};
use crate::protocol::{
    AgentId, Finish, Label, Limits, Mode, NoAnswerReason, Outcome, OutcomeEnd, Policy, Reply,
    Rules, Share, Stage, StageEvent, StageKind,
    rules::{Approval, Part, Persona, Planning},
    stage::{Approved, Chunk, Source, Whole},
};

/// Plans that are made before the last one counts as rejected for good.
const PLANS: u32 = 3;
/// Seconds for making personas.
const CASTING_SECONDS: u64 = 300;

/// One task in several turns.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    prompt: String,
    rules: Rules,
    limits: Limits,
    team: Vec<AgentId>,
    personas: Option<(Vec<Persona>, Source)>,
    parts: Option<(Vec<Part>, Source)>,
    plan: Plan,
    /// What came of each chunk, in order.
    results: Vec<Outcome>,
    /// What came of the last stage.
    last: Option<Outcome>,
    /// The last stage of all has run, or the person has ended the chain.
    over: bool,
    /// Why chunks were left out.
    cut: Option<OutcomeEnd>,
    /// What all stages have used.
    purse: Purse,
    /// Whether the last stage made a call.
    called: bool,
    /// A turn has told what holds for the whole task.
    begun: bool,
    /// Events that the next turn tells first.
    news: Vec<StageEvent>,
}

/// A plan on its way.
#[derive(Clone, Debug, Default)]
struct Plan {
    /// Plans made.
    made: u32,
    /// The latest, as written.
    text: Option<String>,
    /// The answer that it is.
    label: Option<Label>,
    /// What the person said against it.
    objection: Option<String>,
    /// The approved one.
    chunks: Option<Vec<Chunk>>,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Next {
    /// A turn.
    Run(Box<Leg>),
    /// The person looks at a plan.
    Approve(String),
    /// Nothing; the outcome, when the last turn alone does not tell.
    Over(Option<Outcome>),
}

/// What a log tells of a chain.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Mark {
    /// Where the money of a stage went.
    Spent(Vec<Share>),
    /// A stage has ended.
    Ended(StageKind, Outcome),
    /// A step.
    Step(StageEvent),
}

/// One turn of a chain.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leg {
    pub stage: Stage,
    /// Who works alone; `None`: the whole team works.
    pub alone: Option<AgentId>,
    pub rules: Rules,
    pub limits: Limits,
    /// Told after the start.
    pub news: Vec<StageEvent>,
}

impl Chain {
    /// The chain of a task; `None` when one turn is all there is to it.
    pub fn new(prompt: &str, rules: &Rules, limits: &Limits, team: &[AgentId]) -> Option<Self> {
        let chain = Self {
            prompt: prompt.to_owned(),
            rules: rules.clone(),
            limits: limits.clone(),
            team: team.to_vec(),
            personas: None,
            parts: None,
            plan: Plan::default(),
            results: Vec::new(),
            last: None,
            over: false,
            cut: None,
            purse: Purse::default(),
            called: true,
            begun: false,
            news: Vec::new(),
        };
        let several = chain.wants_personas() || chain.wants_parts() || chain.planning().is_some();
        several.then_some(chain)
    }

    /// The task.
    pub fn prompt(&self) -> &str {
        &self.prompt
    }

    /// The personas it has made, to keep them for later tasks.
    pub fn personas(&self) -> Option<&[Persona]> {
        let (personas, _) = self.personas.as_ref()?;
        self.rules.personas.persist.then_some(personas)
    }

    fn planning(&self) -> Option<&Planning> {
        match &self.rules.mode {
            Mode::Plan(planning) => Some(planning),
            _ => None,
        }
    }

    fn wants_personas(&self) -> bool {
        let personas = &self.rules.personas;
        let lacks = |id: &AgentId| personas.of(*id).is_none_or(|one| one.text.is_empty());
        self.personas.is_none()
            && personas.diversity.is_some()
            && self.team.len() > 1
            && self.team.iter().any(lacks)
    }

    fn wants_parts(&self) -> bool {
        matches!(&self.rules.mode, Mode::Parts(given) if given.parts.is_empty())
            && self.parts.is_none()
            && self.team.len() > 1
    }

    /// What comes next.
    pub fn next(&self) -> Next {
        if self.over {
            return Next::Over(self.outcome());
        }
        if self.wants_personas() {
            return self.alone(StageKind::Personas, words::personas(self), CASTING_SECONDS);
        }
        if self.wants_parts() {
            let seconds = match &self.rules.mode {
                Mode::Parts(decomposition) => decomposition.seconds,
                _ => CASTING_SECONDS,
            };
            return self.alone(StageKind::Divide, words::divide(self), seconds);
        }
        let Some(planning) = self.planning() else {
            return self.run(stage(StageKind::Work, String::new()), self.rules_of_work());
        };
        let Some(chunks) = &self.plan.chunks else {
            if let Some(text) = &self.plan.text {
                return Next::Approve(text.clone());
            }
            let step = words::plan(planning, &self.plan);
            return self.run(stage(StageKind::Plan, step), self.rules_of_plan());
        };
        let done = self.results.len();
        if let (Some(chunk), None) = (chunks.get(done), self.cut) {
            let place = Stage {
                kind: StageKind::Chunk,
                title: chunk.title.clone(),
                step: words::chunk(chunks, &self.results),
                number: u32::try_from(done + 1).unwrap_or(u32::MAX),
                of: u32::try_from(chunks.len()).unwrap_or(u32::MAX),
                whole: None,
                settled: Vec::new(),
            };
            return self.run(place, self.rules_of_chunk());
        }
        self.alone(
            StageKind::Assemble,
            words::assemble(chunks, &self.results),
            self.limits.turn_seconds,
        )
    }

    fn run(&self, stage: Stage, rules: Rules) -> Next {
        Next::Run(Box::new(Leg {
            stage: self.with_whole(stage),
            alone: None,
            rules,
            limits: self.purse.left(&self.limits),
            news: self.news.clone(),
        }))
    }

    /// A turn of one agent, whose single answer is the result.
    fn alone(&self, kind: StageKind, step: String, seconds: u64) -> Next {
        let named = self
            .rules
            .mode
            .presenter()
            .or(self.rules.finishing.presenter);
        let who = named
            .filter(|id| self.team.contains(id))
            .or_else(|| self.team.first().copied());
        let mut rules = Rules {
            talking: self.rules.talking.clone(),
            ..Rules::default()
        };
        rules.finishing.finish = Finish::Reuse;
        let mut limits = self.purse.left(&self.limits);
        limits.answers_per_agent = 1;
        limits.answers_total = 1;
        limits.turn_seconds = limits.turn_seconds.min(seconds.max(1));
        limits.round_seconds = limits.round_seconds.min(limits.turn_seconds);
        Next::Run(Box::new(Leg {
            stage: self.with_whole(stage(kind, step)),
            alone: who,
            rules,
            limits,
            news: self.news.clone(),
        }))
    }

    /// What holds for the whole task stands in the first turn of it, what was settled in the next.
    fn with_whole(&self, stage: Stage) -> Stage {
        let whole = Whole {
            rules: self.rules.clone(),
            limits: self.limits.clone(),
        };
        Stage {
            whole: (!self.begun).then(|| Box::new(whole)),
            settled: self.news.clone(),
            ..stage
        }
    }

    /// The configuration of this process says that nobody is to be asked about plans.
    pub fn never_ask(&mut self) {
        if let Mode::Plan(planning) = &mut self.rules.mode {
            planning.approval = Approval::Auto;
        }
    }

    fn rules_of_work(&self) -> Rules {
        let mut rules = self.rules.clone();
        if let Some((personas, _)) = &self.personas {
            rules.personas.given.clone_from(personas);
        }
        if let (Mode::Parts(decomposition), Some((parts, _))) = (&mut rules.mode, &self.parts) {
            decomposition.parts.clone_from(parts);
        }
        rules
    }

    /// The team votes on plans by the usual rules; the winning one is shown as it is.
    fn rules_of_plan(&self) -> Rules {
        let mut rules = self.rules_of_work();
        rules.finishing.finish = Finish::Reuse;
        rules.finishing.verify = None;
        if rules.deciding.policy == Policy::Score {
            rules.deciding.policy = Policy::Plurality;
        }
        rules
    }

    fn rules_of_chunk(&self) -> Rules {
        let mut rules = self.rules_of_work();
        rules.finishing.finish = Finish::Reuse;
        rules
    }

    /// The turn that tells the news has begun.
    pub fn told(&mut self) {
        self.begun = true;
        self.news.clear();
    }

    /// Where the money of a stage went; before what came of it is taken in.
    pub fn pay(&mut self, shares: &[Share]) {
        self.called = !shares.is_empty();
        self.purse.pay(shares);
    }

    /// What came of a stage; `None` when nobody said.
    pub fn take(&mut self, kind: StageKind, outcome: Option<&Outcome>) {
        let end = outcome.and_then(end_of);
        let text = outcome.and_then(text_of);
        if let Some(outcome) = outcome {
            self.last = Some(outcome.clone());
        }
        match kind {
            StageKind::Personas => {
                let (personas, source) = read::personas(text, &self.team, &self.rules.personas);
                let event = StageEvent::Cast {
                    personas: personas.clone(),
                    source,
                };
                self.news.push(event);
                self.personas = Some((personas, source));
            }
            StageKind::Divide => {
                let (parts, source) = read::parts(text, &self.team);
                let event = StageEvent::Divided {
                    parts: parts.clone(),
                    source,
                };
                self.news.push(event);
                self.parts = Some((parts, source));
            }
            StageKind::Plan => {
                self.plan.made += 1;
                self.plan.text = text.map(str::to_owned);
                self.plan.label = outcome.and_then(label_of);
                // Without a plan there is nothing to carry out; who hurries has the plan as answer.
                self.over = text.is_none() || end == Some(OutcomeEnd::AnswerNow);
            }
            StageKind::Chunk => {
                if let Some(outcome) = outcome {
                    self.results.push(outcome.clone());
                }
                self.cut = match (end, outcome) {
                    (Some(end @ (OutcomeEnd::AnswerNow | OutcomeEnd::AgentsLost)), _) => Some(end),
                    (
                        _,
                        Some(Outcome::NoAnswer {
                            reason: NoAnswerReason::AllFailed,
                            ..
                        }),
                    ) => Some(OutcomeEnd::AgentsLost),
                    // Nothing could be paid: neither can the next one.
                    (
                        _,
                        Some(Outcome::NoAnswer {
                            reason: NoAnswerReason::Limit,
                            ..
                        }),
                    ) if !self.called => Some(OutcomeEnd::Limit),
                    _ => None,
                };
                self.over = self.is_last_chunk();
            }
            StageKind::Work | StageKind::Assemble => self.over = true,
        }
        if stopped(outcome) {
            self.over = true;
            self.cut.get_or_insert(OutcomeEnd::Stopped);
        }
    }

    /// Whether nothing is left to assemble by an agent: a single chunk, or one that was cut short.
    fn is_last_chunk(&self) -> bool {
        let chunks = self.plan.chunks.as_ref().map_or(0, Vec::len);
        let done = self.results.iter().filter(|one| text_of(one).is_some());
        self.cut.is_some() || (self.results.len() >= chunks && done.count() < 2)
    }

    /// The person, or the policy, has looked at the plan; `None`: nobody answered in time.
    pub fn approve(&mut self, reply: Option<&Reply>) {
        let Some(text) = self.plan.text.clone() else {
            return;
        };
        let most = self.planning().map_or(1, |planning| planning.chunks);
        let (text, approved) = match reply {
            Some(Reply::Approved) => (text, Approved::Person),
            Some(Reply::Edited(edited)) => (edited.clone(), Approved::Edited),
            Some(Reply::Rejected(words)) if self.plan.made < PLANS => {
                self.plan.objection = Some(words.clone());
                self.plan.text = None;
                return;
            }
            _ => {
                self.over = true;
                return;
            }
        };
        self.settle(&text, most, approved);
    }

    /// The plan is carried out without asking.
    pub fn approve_by_policy(&mut self) {
        let most = self.planning().map_or(1, |planning| planning.chunks);
        if let Some(text) = self.plan.text.clone() {
            self.settle(&text, most, Approved::Policy);
        }
    }

    fn settle(&mut self, text: &str, most: u32, approved: Approved) {
        let chunks = read::chunks(text, most);
        self.news.push(StageEvent::Planned {
            chunks: chunks.clone(),
            approved,
        });
        self.plan.chunks = Some(chunks);
    }

    /// Whether the person is asked about the plan.
    pub fn asks(&self) -> bool {
        self.planning()
            .is_some_and(|planning| planning.approval == Approval::Ask)
    }

    /// The person ends the chain between two turns.
    pub fn stop(&mut self) {
        self.over = true;
        self.cut.get_or_insert(OutcomeEnd::Stopped);
    }

    /// A step that a log tells.
    pub fn replay(&mut self, event: &StageEvent) {
        let kind = std::mem::discriminant(event);
        self.news.retain(|one| std::mem::discriminant(one) != kind);
        match event {
            StageEvent::Planned { chunks, .. } => self.plan.chunks = Some(chunks.clone()),
            StageEvent::Cast { personas, source } => {
                self.personas = Some((personas.clone(), *source));
            }
            StageEvent::Divided { parts, source } => self.parts = Some((parts.clone(), *source)),
            StageEvent::Layer { .. }
            | StageEvent::Early { .. }
            | StageEvent::Missing { .. }
            | StageEvent::Over { .. } => {}
        }
    }
}

fn stage(kind: StageKind, step: String) -> Stage {
    Stage {
        kind,
        title: String::new(),
        step,
        number: 1,
        of: 1,
        whole: None,
        settled: Vec::new(),
    }
}

fn stopped(outcome: Option<&Outcome>) -> bool {
    match outcome {
        Some(Outcome::Answered { end, .. }) => *end == OutcomeEnd::Stopped,
        Some(Outcome::NoAnswer { reason, .. }) => *reason == NoAnswerReason::Cancelled,
        None => false,
    }
}
