//! Chains over scripted links, with paused time.

use super::*;
use crate::protocol::{CallEvent, ToolChoice};
use crate::provider::StopReason;

/// Answers each call from its script; the last entry again and again.
struct Scripted(Mutex<Vec<Result<&'static str, FailureKind>>>, String);

impl Provider for Scripted {
    /// Marks that bear its name.
    fn reads(&self, messages: &[Message]) -> bool {
        messages.iter().all(|message| match message {
            Message::Assistant { carried, .. } => carried
                .as_ref()
                .is_some_and(|carried| carried.origin == self.1),
            _ => true,
        })
    }

    fn aside(&self, _: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let said = StreamEvent::Text("aside".into());
        stream::iter([Ok(said), Ok(StreamEvent::Stop(StopReason::EndTurn))]).boxed()
    }

    fn stream(&self, _: Request) -> BoxStream<'static, Result<StreamEvent, Failure>> {
        let mut script = self.0.lock().unwrap();
        let now = if script.len() > 1 {
            script.remove(0)
        } else {
            script[0]
        };
        let items = match now {
            Ok(text) if text.ends_with('…') => vec![
                Ok(StreamEvent::Text(text.into())),
                Err(Failure::new(FailureKind::Transient, "cut")),
            ],
            Ok(text) => vec![
                Ok(StreamEvent::Text(text.into())),
                Ok(StreamEvent::Stop(StopReason::EndTurn)),
            ],
            Err(kind) => vec![Err(Failure::new(kind, "no"))],
        };
        stream::iter(items).boxed()
    }
}

fn chain(scripts: &[&[Result<&'static str, FailureKind>]], sharing: usize) -> Chain {
    let links = scripts.iter().enumerate().map(|(at, script)| Link {
        name: format!("link {at}"),
        provider: Arc::new(Scripted(Mutex::new(script.to_vec()), format!("link {at}"))),
    });
    Chain::new(links.collect(), sharing)
}

/// A call in short: texts, changes and the end.
async fn call(chain: &Chain) -> String {
    call_about(chain, vec![]).await
}

async fn call_about(chain: &Chain, messages: Vec<Message>) -> String {
    let request = Request {
        messages,
        tools: vec![],
        choice: ToolChoice::Auto,
    };
    let mut stream = chain.stream(request);
    let mut out = Vec::new();
    while let Some(item) = stream.next().await {
        out.push(match item {
            Ok(StreamEvent::Text(text)) => text,
            Ok(StreamEvent::Call(CallEvent::Switched { to, failure })) => {
                format!("{}>{to}", failure.kind.word())
            }
            Ok(StreamEvent::Stop(_)) => ".".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(failure) => format!("!{}", failure.kind.word()),
        });
    }
    out.join(" ")
}

use FailureKind as K;

#[tokio::test(start_paused = true)]
async fn a_failed_link_hands_over_and_is_left_alone() {
    let chain = chain(&[&[Err(K::Auth), Ok("never")], &[Ok("b")]], 1);
    assert_eq!(call(&chain).await, "no access>link 1 b .");
    assert_eq!(call(&chain).await, "b .");
    tokio::time::advance(LONGEST_REST * 2).await;
    assert_eq!(call(&chain).await, "b .", "no access does not heal");
}

#[tokio::test(start_paused = true)]
async fn a_link_that_may_heal_is_asked_again_after_its_rest() {
    let chain = chain(&[&[Err(K::Overloaded), Ok("a")], &[Ok("b")]], 1);
    assert_eq!(call(&chain).await, "server busy>link 1 b .");
    assert_eq!(call(&chain).await, "b .");
    tokio::time::advance(REST).await;
    assert_eq!(call(&chain).await, "a .");
}

#[tokio::test(start_paused = true)]
async fn content_ends_the_handing_over_and_the_next_call_goes_elsewhere() {
    let chain = chain(&[&[Ok("half…"), Ok("a")], &[Ok("b")]], 1);
    assert_eq!(call(&chain).await, "half… !connection trouble");
    assert_eq!(call(&chain).await, "b .");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_about_the_link_is_no_reason_to_leave_it() {
    for kind in [K::Refused, K::Context] {
        let chain = chain(&[&[Err(kind)], &[Ok("b")]], 1);
        assert_eq!(call(&chain).await, format!("!{}", kind.word()));
    }
}

#[tokio::test(start_paused = true)]
async fn all_failing_is_a_failure_and_somebody_is_still_asked() {
    let chain = chain(&[&[Err(K::Quota)], &[Err(K::Transient), Ok("b")]], 1);
    assert_eq!(
        call(&chain).await,
        "quota used up>link 1 !connection trouble"
    );
    assert_eq!(call(&chain).await, "b .", "the one that may heal");
}

#[tokio::test(start_paused = true)]
async fn a_side_question_stays_beside_the_conversation() {
    let chain = chain(&[&[Ok("a")], &[Ok("b")]], 1);
    let request = Request {
        messages: vec![],
        tools: vec![],
        choice: ToolChoice::None,
    };
    let first = chain.aside(request).next().await;
    assert_eq!(first, Some(Ok(StreamEvent::Text("aside".into()))));
    assert_eq!(call(&chain).await, "a .");
}

#[tokio::test(start_paused = true)]
async fn sharing_links_take_turns() {
    let chain = chain(&[&[Ok("a")], &[Ok("b")], &[Ok("c")]], 2);
    let mut said = Vec::new();
    for _ in 0..4 {
        said.push(call(&chain).await);
    }
    assert_eq!(said, ["a .", "b .", "a .", "b ."]);
}

/// What `link` made of a conversation.
fn made_by(link: &str) -> Vec<Message> {
    let carried = crate::protocol::Carried {
        origin: link.to_owned(),
        items: vec![serde_json::json!({})],
    };
    vec![crate::provider::wire::carried::mark(carried)]
}

#[tokio::test(start_paused = true)]
async fn what_a_link_made_goes_to_that_link_and_else_back_to_be_told_in_words() {
    let shared = chain(&[&[Ok("a")], &[Ok("b"), Ok("b"), Err(K::Auth)]], 2);
    for _ in 0..2 {
        assert_eq!(call_about(&shared, made_by("link 1")).await, "b .");
    }
    assert!(shared.reads(&made_by("link 1")));
    assert_eq!(
        call_about(&shared, made_by("link 1")).await,
        "no access>link 0 !no access",
        "the other one cannot read it: it comes back"
    );
    assert!(!shared.reads(&made_by("link 1")));
    assert_eq!(call(&shared).await, "a .");
    // Nobody can read it, or it was never readable: nothing is lost by going on.
    let nobody = chain(&[&[Err(K::Auth)], &[Ok("b")]], 1);
    assert!(!nobody.reads(&made_by("elsewhere")));
    assert_eq!(
        call_about(&nobody, made_by("elsewhere")).await,
        "no access>link 1 b ."
    );
}
