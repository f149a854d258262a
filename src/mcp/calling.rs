//! One call on its way to a server, and what becomes of it when the server dies.

use serde_json::{Map, Value};
use tokio::sync::mpsc;

use super::{define::Definition, keeper::Keeper, link::Trouble, words};
use crate::{
    logging::{Area, Level, tell},
    tool::ToolResult,
};

/// Calls a tool. A server that died is started again once; what may be called twice is then called
/// again, and of anything else the model is told that nobody knows.
pub(super) async fn perform(
    (name, keeper): (&str, &Keeper),
    tool: &Definition,
    arguments: &Map<String, Value>,
    progress: &mpsc::Sender<String>,
) -> ToolResult {
    let patience = keeper.patience();
    let away = |why: String| format!("{name} cannot be reached: {why}.");
    let mut live = keeper.reach(0).await.map_err(away)?;
    let mut again = "";
    loop {
        let called = live
            .caller
            .call(&tool.name, arguments.clone(), &patience, progress)
            .await;
        tell(Level::Debug, Area::Mcp, || {
            let came = match &called {
                Ok(_) => "answered",
                Err(Trouble::Failed(_)) => "failed",
                Err(Trouble::Lost) => "lost its server",
            };
            format!("{name}: {} {came}", tool.name)
        });
        match called {
            Ok(result) => {
                let text = words::of(name, &result);
                let with = |text: String| format!("{again}{text}");
                return text.map(with).map_err(with);
            }
            Err(Trouble::Failed(why)) => return Err(format!("{again}{name}: {why}")),
            Err(Trouble::Lost) if !again.is_empty() => {
                return Err(format!("{name} ended twice during this call."));
            }
            Err(Trouble::Lost) => {
                let next = keeper.reach(live.number).await;
                live = next.map_err(|why| {
                    format!("{name} ended during the call and cannot be started again: {why}.")
                })?;
                if !tool.repeatable {
                    return Err(format!(
                        "{name} ended during the call; whether it was done is not known. The server was \
                         started again and has forgotten what it held: look before you repeat it."
                    ));
                }
                again = "[the server had ended and was started again]\n";
            }
        }
    }
}
