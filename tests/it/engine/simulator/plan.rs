//! What is drawn at random: how models behave, what limits and rules hold, what the person does.

use massgen_tui::{
    protocol::{
        AgentId, AgentLimits, Asking, Budget, Command, Deciding, FailureKind, Finish, Finishing,
        Gate, Improving, Limits, Mode, Novelty, Policy, QuestionId, QuestionPolicy, Reply, Rules,
        Scaling, Seeing, SteerId, SteerMode, Talking, Target, TeamCommand, UnknownPrice, Verify,
        Visibility,
        rules::{Approval, Decomposition, Diversity, Part, Personas, Planning},
    },
    provider::{LongPrice, Price},
};
use proptest::{collection::vec, option, prelude::*};

/// What a model does in one call.
#[derive(Clone, Debug)]
pub enum Deed {
    Publish(u8),
    /// Votes for the n-th choice in the form that is asked for, publishes when there is none.
    Vote(usize),
    Lie(Lie),
    Talk(u8),
    Tool(Tool),
    /// Fails before any text.
    Fail(FailureKind),
    /// Fails after some text.
    Cut(FailureKind),
    /// The stream ends without a word about it.
    Vanish,
    Hang,
    TellSecret(usize),
    Flood(Flood),
}

/// Ballots and calls that cannot be counted.
#[derive(Clone, Debug)]
pub enum Lie {
    /// A label that may be unknown, replaced or the own one.
    Label(u16, u32),
    Words,
    BrokenArguments,
    /// Several calls at once, ids included.
    Everything,
}

/// Calls of other tools than those that end a round.
#[derive(Clone, Debug)]
pub enum Tool {
    Open,
    /// Asks the others or the person.
    Ask(bool),
}

/// Too much of something.
#[derive(Clone, Debug)]
pub enum Flood {
    /// Many small pieces of text.
    Pieces,
    /// One enormous answer.
    Answer,
    Calls,
}

/// What a model tells about its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    Honest,
    /// Nothing: they are estimated.
    Silent,
    /// Ten times what was used.
    Inflated,
}

/// One model: what it does call by call, again from the start at the end.
#[derive(Clone, Debug)]
pub struct Nature {
    pub deeds: Vec<(u64, Deed)>,
    pub account: Account,
    pub price: Option<Price>,
}

/// Who sits in a seat.
#[derive(Clone, Debug)]
pub enum Chair {
    Model(Nature),
    Team(Vec<Nature>, Box<Rules>, Limits),
}

/// A whole session.
#[derive(Clone, Debug)]
pub struct Plan {
    pub chairs: Vec<Chair>,
    pub commands: Vec<(u64, Command)>,
    pub reader_ms: u64,
    pub limits: Limits,
    pub rules: Rules,
    /// Where a process ends, in thousandths of the log.
    pub cut: Option<u16>,
}

impl Plan {
    /// Models that may be called at the same moment.
    pub fn models(&self) -> usize {
        let seats = self.chairs.iter().map(|chair| match chair {
            Chair::Model(_) => 1,
            Chair::Team(models, ..) => models.len() + 1,
        });
        seats.sum()
    }
}

fn kinds() -> impl Strategy<Value = FailureKind> {
    prop_oneof![
        Just(FailureKind::Auth),
        Just(FailureKind::Transient),
        Just(FailureKind::RateLimit),
        Just(FailureKind::Context),
    ]
}

fn lies() -> impl Strategy<Value = Lie> {
    prop_oneof![
        3 => (1_u16..7, 0_u32..4).prop_map(|(agent, revision)| Lie::Label(agent, revision)),
        1 => Just(Lie::Words),
        1 => Just(Lie::BrokenArguments),
        1 => Just(Lie::Everything),
    ]
}

fn deeds() -> impl Strategy<Value = Deed> {
    prop_oneof![
        6 => (0_u8..6).prop_map(Deed::Publish),
        9 => (0_usize..4).prop_map(Deed::Vote),
        3 => lies().prop_map(Deed::Lie),
        2 => (0_u8..4).prop_map(Deed::Talk),
        1 => Just(Deed::Tool(Tool::Open)),
        1 => any::<bool>().prop_map(|person| Deed::Tool(Tool::Ask(person))),
        1 => kinds().prop_map(Deed::Fail),
        2 => kinds().prop_map(Deed::Cut),
        1 => Just(Deed::Vanish),
        1 => Just(Deed::Hang),
        1 => (1_usize..9).prop_map(Deed::TellSecret),
        1 => prop_oneof![Just(Flood::Pieces), Just(Flood::Answer), Just(Flood::Calls)]
            .prop_map(Deed::Flood),
    ]
}

fn natures() -> impl Strategy<Value = Nature> {
    let latency = prop_oneof![Just(0_u64), 1_u64..50, 50_u64..5_000];
    // One in a few does the same for ever: stalls, lies, floods, or is simply good.
    let deeds = prop_oneof![
        3 => vec((latency, deeds()), 1..8),
        1 => deeds().prop_map(|deed| vec![(5, deed)]),
        3 => (1_u64..900, 0_u8..6, 0_usize..4)
            .prop_map(|(wait, n, choice)| vec![(wait, Deed::Publish(n)), (wait, Deed::Vote(choice))]),
    ];
    let account = prop_oneof![
        4 => Just(Account::Honest),
        1 => Just(Account::Silent),
        1 => Just(Account::Inflated),
    ];
    let price = option::weighted(
        0.7,
        (1_u32..10, 0_u32..40, 100_u32..200, option::of(0_u64..4_000)),
    );
    let price = price.prop_map(|price| price.map(priced));
    (deeds, account, price).prop_map(|(deeds, account, price)| Nature {
        deeds,
        account,
        price,
    })
}

/// Dollars for a million tokens, 80 at most.
fn priced((input, output, surcharge, above): (u32, u32, u32, Option<u64>)) -> Price {
    let (input, output) = (f64::from(input), f64::from(output));
    Price {
        written: input * f64::from(surcharge) / 100.0,
        long: above.map(|above| LongPrice {
            above,
            input: input * 2.0,
            cached: input,
            output: output * 2.0,
        }),
        ..Price::flat(input, input / 2.0, output)
    }
}

fn chairs() -> impl Strategy<Value = Chair> {
    prop_oneof![
        9 => natures().prop_map(Chair::Model),
        1 => (vec(natures(), 1..4), rules(), limits())
            .prop_map(|(models, rules, limits)| Chair::Team(models, Box::new(rules), limits)),
    ]
}

fn somebody() -> impl Strategy<Value = AgentId> {
    (1_u16..7).prop_map(AgentId)
}

fn changes() -> impl Strategy<Value = TeamCommand> {
    prop_oneof![
        3 => (somebody(), option::of(Just("another".to_owned())))
            .prop_map(|(like, model)| TeamCommand::Add { like, model }),
        2 => somebody().prop_map(TeamCommand::Retire),
        3 => somebody().prop_map(TeamCommand::Pause),
        2 => somebody().prop_map(TeamCommand::Resume),
        2 => somebody().prop_map(TeamCommand::Retry),
        1 => somebody().prop_map(|id| TeamCommand::Replace { id, model: "another".to_owned() }),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    let target = prop_oneof![
        Just(Target::All),
        somebody().prop_map(Target::One),
        vec(somebody(), 1..4).prop_map(|agents| Target::of(agents).unwrap_or(Target::All)),
    ];
    let mode = prop_oneof![Just(SteerMode::Queue), Just(SteerMode::Now)];
    let reply = prop_oneof![
        Just(Reply::Skipped),
        Just(Reply::Text("as you like".to_owned()))
    ];
    prop_oneof![
        6 => (target, mode).prop_map(|(target, mode)| Command::Steer {
            target,
            text: "look again".into(),
            mode,
        }),
        2 => (1_u32..8).prop_map(|id| Command::Withdraw(SteerId(id))),
        2 => (1_u32..4, reply).prop_map(|(id, reply)| Command::Answer {
            id: QuestionId(id),
            reply,
        }),
        6 => changes().prop_map(Command::Team),
        1 => Just(Command::AnswerNow),
        1 => Just(Command::Stop),
        1 => Just(Command::FollowUp { prompt: "more".into() }),
        1 => (1_u16..6).prop_map(|n| Command::Ask { agent: AgentId(n), prompt: "more".into() }),
        1 => Just(Command::Close),
    ]
}

fn budgets() -> impl Strategy<Value = Budget> {
    let money = (1_u32..400).prop_map(|cents| f64::from(cents) / 100.0);
    (
        option::of(money),
        option::of(prop_oneof![0_u64..3_000, 3_000_u64..200_000]),
        option::of(0_u32..40),
        option::of(0_u32..6),
        prop_oneof![3 => Just(UnknownPrice::Warn), 1 => Just(UnknownPrice::Refuse)],
    )
        .prop_map(|(usd, tokens, calls, tool_calls, unknown_price)| Budget {
            usd,
            tokens,
            calls,
            tool_calls,
            unknown_price,
            ..Budget::default()
        })
}

fn small() -> Limits {
    Limits {
        answers_per_agent: 1,
        rounds_per_agent: 3,
        calls_per_round: 3,
        turn_seconds: 20,
        round_seconds: 5,
        vote_seconds: 3,
        present_seconds: 3,
        ..Limits::default()
    }
}

prop_compose! {
    fn limits()(
        base in prop_oneof![Just(small()), Just(Limits::default())],
        budget in prop_oneof![2 => Just(Budget::default()), 1 => budgets()],
        own in option::weighted(0.2, (somebody(), budgets(), option::of(0_u32..3), option::of(1_u64..50))),
        depth in 0_u32..3,
    ) -> Limits {
        let own = own.map(|(agent, budget, answers, round_seconds)| AgentLimits {
            budget,
            answers,
            round_seconds,
            ..AgentLimits::none(agent)
        });
        Limits { budget, agents: own.into_iter().collect(), depth, ..base }
    }
}

fn modes() -> impl Strategy<Value = Mode> {
    let part = |agent: u16| Part {
        agent: AgentId(agent),
        text: format!("part {agent}"),
        after: (agent > 2)
            .then_some(AgentId(agent / 2))
            .into_iter()
            .collect(),
    };
    prop_oneof![
        9 => Just(Mode::Team),
        1 => (1_u32..4, option::of(somebody()))
            .prop_map(|(layers, aggregator)| Mode::Layers { layers, aggregator }),
        1 => (0_u32..3, 1_u32..4, option::of(somebody()))
            .prop_map(|(least, most, judge)| Mode::Rounds { least, most, judge }),
        1 => Just(Mode::Samples),
        1 => option::of(somebody()).prop_map(|chairman| Mode::Council { chairman }),
        1 => (0_u16..5, option::of(somebody())).prop_map(move |(parts, presenter)| {
            Mode::Parts(Decomposition {
                parts: (1..=parts).map(part).collect(),
                presenter,
                seconds: 30,
                ..Decomposition::default()
            })
        }),
        1 => (1_u32..4, any::<bool>()).prop_map(|(chunks, asks)| Mode::Plan(Planning {
            chunks,
            approval: if asks { Approval::Ask } else { Approval::Auto },
            ..Planning::default()
        })),
    ]
}

prop_compose! {
    fn deciding()(
        policy in prop_oneof![2 => Just(Policy::Plurality), 3 => prop::sample::select(Policy::ALL.to_vec())],
        gate in option::weighted(0.2, (0_u32..=100, 0_u32..4)),
        judge in option::of(somebody()),
        early_stop in any::<bool>(),
        defer_voting in prop::bool::weighted(0.2),
        skip_voting in prop::bool::weighted(0.1),
    ) -> Deciding {
        Deciding {
            policy,
            gate: gate.map(|(bar, budget)| Gate { bar, budget }),
            judge,
            early_stop,
            defer_voting,
            skip_voting,
            ..Deciding::default()
        }
    }
}

prop_compose! {
    fn seeing()(
        visibility in prop_oneof![
            Just(Visibility::All),
            Just(Visibility::AfterOwn),
            Just(Visibility::Ring),
            (0_u16..4).prop_map(|neighbours| Visibility::Islands { neighbours }),
        ],
        midstream in option::of(0_u32..3),
        open in any::<bool>(),
    ) -> Seeing {
        Seeing { visibility, midstream, hide_tally: open, hide_identities: open }
    }
}

prop_compose! {
    fn talking()(
        ask in prop_oneof![
            2 => Just(Asking::Nobody),
            1 => Just(Asking::Agents),
            1 => Just(Asking::Person),
            1 => Just(Asking::Both),
        ],
        ask_waits in any::<bool>(),
        questions in option::of(prop_oneof![Just(QuestionPolicy::Skip), Just(QuestionPolicy::First)]),
    ) -> Talking {
        Talking { ask, ask_waits, questions, ask_seconds: 40, ..Talking::default() }
    }
}

prop_compose! {
    fn finishing()(
        finish in prop_oneof![Just(Finish::Reuse), Just(Finish::Present), Just(Finish::Synthesize)],
        presenter in option::weighted(0.2, somebody()),
        verify in option::weighted(0.3, (option::of(somebody()), 0_u32..3)),
        refine in 0_u32..2,
    ) -> Finishing {
        let verify = verify.map(|(by, restarts)| Verify { by, restarts });
        Finishing { finish, presenter, verify, refine }
    }
}

prop_compose! {
    fn rules()(
        mode in modes(),
        deciding in deciding(),
        seeing in seeing(),
        finishing in finishing(),
        talking in talking(),
        improving in (option::of(0_u32..3), prop::sample::select(vec![
            Novelty::Off, Novelty::Lenient, Novelty::Balanced, Novelty::Strict,
        ])),
        scaling in (0_u32..3, option::of(5_u64..60)),
        diversity in option::weighted(0.1, Just(Diversity::Perspective)),
    ) -> Rules {
        Rules {
            // By agreement nobody votes: another policy has no meaning there.
            deciding: if mode.by_agreement() { Deciding::default() } else { deciding },
            mode,
            seeing,
            finishing,
            talking,
            improving: Improving { lead: improving.0, novelty: improving.1, ..Improving::default() },
            scaling: Scaling {
                add_on_split: scaling.0,
                stall_seconds: scaling.1,
                agents: 8,
                ..Scaling::default()
            },
            personas: Personas { diversity, ..Personas::default() },
            ..Rules::default()
        }
    }
}

prop_compose! {
    pub fn plans()(
        chairs in vec(chairs(), 1..6),
        commands in vec((prop_oneof![Just(0_u64), 1_u64..3_000], commands()), 0..7),
        reader_ms in prop_oneof![5 => Just(0_u64), 1 => 1_u64..30],
        limits in limits(),
        rules in prop_oneof![1 => Just(Rules::default()), 3 => rules()],
        cut in option::weighted(0.4, 0_u16..1000),
    ) -> Plan {
        Plan { chairs, commands, reader_ms, limits, rules, cut }
    }
}
