//! What the driver tells a seat when the reducer asks: words, tools, and whether it starts over.

use std::sync::Arc;

use super::Driver;
use crate::{
    engine::{
        asking, ballot,
        coordination::{Aim, Ask, Brief, Cause, Review},
        guide, premises, prompt,
        seat::{Addition, Directive},
        verdict, workflow,
    },
    protocol::{AgentId, Label, Purpose, ToolChoice, ToolSpec},
    tool::{RUN_COMMAND, Toolbox},
};

impl Driver<'_> {
    pub(super) async fn ask(&mut self, ask: Ask) {
        let system = self
            .roster
            .find(ask.agent)
            .and_then(|member| member.system.clone());
        self.rounds.insert(ask.agent, ask.round);
        if ask.purpose != Purpose::Verify {
            self.give_back(ask.agent).await;
        }
        self.said.presents = (ask.purpose == Purpose::Present).then_some(ask.agent);
        self.said.reading = match ask.winner {
            Some(winner) if self.said.presents.is_some() => {
                let stands = self.stand(ask.agent, winner).await;
                self.reading_tools(ask.agent, &ask.brief, stands)
            }
            _ => Vec::new(),
        };
        if let Some(review) = &ask.review {
            let add = self.check(ask.agent, &ask.brief, review).await;
            let rules = self.coordination.rules();
            let fresh = Some(prompt::system(
                ask.agent,
                system.as_deref(),
                rules,
                ask.purpose,
            ));
            let directive = Directive::Ask {
                round: ask.round,
                purpose: ask.purpose,
                fresh,
                add,
                due: self.patience(ask.agent),
            };
            return self.direct(ask.agent, ask.round, directive).await;
        }
        let add = match (ask.purpose, ask.fresh, ask.winner) {
            (Purpose::Present, _, Some(winner)) => self.present(ask.agent, &ask.brief, winner),
            (_, true, _) => {
                let answers = Arc::clone(&self.answers.borrow());
                let notes = self.task.notes.remove(&ask.agent);
                let mut text = notes.as_deref().map(prompt::notes).unwrap_or_default();
                text.push_str(&prompt::opening(
                    &self.task, ask.agent, &ask.brief, &answers,
                ));
                let text = self.without_persona(ask.agent, &ask.brief, text);
                self.offer(ask.agent, text, &ask.brief)
            }
            (_, false, _) => self.addition(ask.agent, None, &ask.brief),
        };
        let fresh = ask.fresh.then(|| {
            prompt::system(
                ask.agent,
                system.as_deref(),
                self.coordination.rules(),
                ask.purpose,
            )
        });
        let directive = Directive::Ask {
            round: ask.round,
            purpose: ask.purpose,
            fresh,
            add,
            due: self.patience(ask.agent),
        };
        self.direct(ask.agent, ask.round, directive).await;
    }

    /// What a verifier is told, with the final files where there are folders.
    async fn check(&mut self, agent: AgentId, brief: &Brief, review: &Review) -> Addition {
        let mut text = verdict::request(&self.task, brief, review);
        let mut shown = Vec::new();
        self.said.reading = self.lend(agent, review).await;
        if !self.said.reading.is_empty() {
            text.push_str(&premises::checking(review.winner));
            shown.push(review.winner);
        }
        let mut tools = vec![verdict::tool(&review.agents)];
        tools.extend(self.said.reading.clone());
        Addition {
            text,
            shown,
            heard: heard(brief),
            tools,
            choice: ToolChoice::Required,
        }
    }

    fn present(&self, agent: AgentId, brief: &Brief, winner: Label) -> Addition {
        let answers = Arc::clone(&self.answers.borrow());
        let decision = self.said.decision.as_ref();
        let own = winner.agent == agent;
        let winner = (winner, self.coordination.finish());
        let mut text = prompt::presentation(&self.task, agent, brief, winner, decision, &answers);
        if self
            .said
            .reading
            .iter()
            .any(|tool| tool.name != workflow::OPEN_ANSWER)
        {
            text.push_str(premises::presenting(own));
        }
        Addition {
            text,
            shown: shown(brief),
            heard: heard(brief),
            tools: self.said.reading.clone(),
            choice: if self.said.reading.is_empty() {
                ToolChoice::None
            } else {
                ToolChoice::Auto
            },
        }
    }

    /// Whoever presents gets the files of the winner; whether it has them.
    async fn stand(&mut self, agent: AgentId, winner: Label) -> bool {
        let files = self.said.files.get(&winner).cloned().unwrap_or_default();
        let (grounds, outbox) = (&self.ways.grounds, &self.ways.outbox);
        let stands = premises::stand(grounds, agent, files, outbox).await;
        self.said.astray = (!stands).then_some(agent);
        stands
    }

    /// What becomes of a persona once its agent sees what others wrote stands before all else.
    fn without_persona(&self, agent: AgentId, brief: &Brief, text: String) -> String {
        if !brief.first_look {
            return text;
        }
        let personas = &self.coordination.rules().personas;
        guide::after_persona(personas.of(agent), personas.after).to_owned() + &text
    }

    /// What a presenter works with: the tool that opens answers of which it sees only the digest, and
    /// the tools of the folders when its worktrees are the winner's.
    fn reading_tools(&self, agent: AgentId, brief: &Brief, stands: bool) -> Vec<ToolSpec> {
        let digest = prompt::has_digest(&brief.again, &self.answers.borrow());
        let hands = stands && self.has_hands(agent);
        let mut tools = self.tools_of(agent);
        tools.retain(|tool| match tool.name.as_str() {
            workflow::OPEN_ANSWER => digest,
            _ => hands,
        });
        tools
    }

    pub(super) fn addition(
        &self,
        agent: AgentId,
        cause: Option<&Cause>,
        brief: &Brief,
    ) -> Addition {
        let answers = Arc::clone(&self.answers.borrow());
        let text = prompt::continuation(cause, agent, brief, (&answers, &self.task.names));
        let text = self.without_persona(agent, brief, text);
        let offer = self.offer(agent, text, brief);
        if self.said.presents != Some(agent) {
            return offer;
        }
        Addition {
            tools: self.said.reading.clone(),
            choice: ToolChoice::Auto,
            ..offer
        }
    }

    /// Whether an agent gets tools for files, where there are folders.
    pub(super) fn has_hands(&self, agent: AgentId) -> bool {
        self.coordination.rules().working.has_hands(agent)
    }

    /// What an agent may call.
    pub(super) fn toolbox(&self, agent: AgentId) -> Toolbox {
        let tools = self.tools.clone();
        if self.has_hands(agent) {
            tools
        } else {
            tools.without_hands()
        }
    }

    /// The tools of an agent: without commands where it is to run none.
    fn tools_of(&self, agent: AgentId) -> Vec<ToolSpec> {
        let runs = self.coordination.rules().permitting.runs_commands(agent);
        let mut tools = self.toolbox(agent).specs();
        tools.retain(|tool| runs || tool.name != RUN_COMMAND);
        tools
    }

    fn offer(&self, agent: AgentId, text: String, brief: &Brief) -> Addition {
        if brief.verifies {
            let team = self.roster.team().iter();
            let team: Vec<_> = team.map(|member| member.card.id).collect();
            let mut tools = vec![verdict::tool(&team)];
            tools.extend(self.said.reading.clone());
            return Addition {
                text: "Call `verdict`.\n".to_owned() + &text,
                shown: Vec::new(),
                heard: heard(brief),
                tools,
                choice: ToolChoice::Required,
            };
        }
        if brief.aim == Aim::Weigh {
            return Addition {
                text,
                shown: brief.news.clone(),
                heard: heard(brief),
                tools: Vec::new(),
                choice: ToolChoice::None,
            };
        }
        let mut tools = Vec::new();
        if brief.may_publish {
            tools.push(workflow::new_answer());
        }
        if !brief.choices.is_empty() {
            let criteria = self.coordination.criteria();
            tools.push(ballot::tool(&brief.choices, brief.vote, &criteria));
        }
        tools.extend(self.tools_of(agent));
        if !brief.hurry {
            tools.extend(asking::spec(&self.ways.talking));
        }
        Addition {
            text,
            shown: shown(brief),
            heard: heard(brief),
            tools,
            choice: ToolChoice::Required,
        }
    }
}

/// The answers that a brief lets an agent open.
fn shown(brief: &Brief) -> Vec<Label> {
    brief.news.iter().chain(&brief.again).copied().collect()
}

/// What the person says in a brief.
fn heard(brief: &Brief) -> Vec<String> {
    let said = brief.steering.iter();
    said.map(|(_, words)| words.clone()).collect()
}
