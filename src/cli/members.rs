//! Members of a team as they are named on the command line: `provider/model`, or
//! `id=NAME,provider=TYPE,model=ID`.

use crate::{
    config::backends::{self, Backend},
    setup::{Agent, Hand, Place, free_id, short},
};

/// `openai/gpt-6.1-sol`, `gpt-6.1-sol`, `ollama/qwen3:4b`, `codex`.
///
/// # Errors
/// Nobody is known who has it, as a sentence.
pub(super) fn place(words: &str, hand: &Hand) -> Result<Place, String> {
    let words = words.trim();
    let (backend, model) = match words.split_once('/') {
        Some((first, rest)) if backends::find(first).is_some() && !rest.is_empty() => {
            (served(first)?, Some(rest))
        }
        _ => match (backends::find(words), backends::by_model(words)) {
            (Some(one), _) if one.program.is_some() || one.unserved.is_some() => {
                (served(words)?, None)
            }
            (Some(backend), _) => {
                return Err(format!(
                    "\"{words}\" is a provider; name its model too: {}/MODEL. `massgen-tui models \
                     --provider {}` lists them.",
                    backend.r#type, backend.r#type
                ));
            }
            (None, Some(vendor)) => (vendor, Some(words)),
            (None, None) => {
                return Err(format!(
                    "It is not known who serves \"{words}\". Write it as provider/model; \
                     `massgen-tui models` lists all."
                ));
            }
        },
    };
    Ok(Place {
        backend: backend.r#type.clone(),
        model: model.map(str::to_owned),
        base_url: address(&backend.r#type, hand),
    })
}

/// The address of a server that was found elsewhere than usual.
fn address(backend: &str, hand: &Hand) -> Option<String> {
    hand.way(backend, None)?.base_url.clone()
}

fn served(name: &str) -> Result<&'static Backend, String> {
    let Some(backend) = backends::find(name) else {
        let near = backends::nearest_type(name);
        let near = near.map_or_else(String::new, |near| format!(" Did you mean {near}?"));
        return Err(format!("There is no provider named \"{name}\".{near}"));
    };
    match (&backend.unserved, &backend.instead) {
        (Some(why), instead) => Err(format!(
            "{} cannot be used: {why}{}.",
            backend.name,
            instead
                .as_ref()
                .map_or_else(String::new, |instead| format!("; {instead}"))
        )),
        (None, _) => Ok(backend),
    }
}

/// `id=a,provider=openai,model=gpt-6.1-sol,base_url=…`; `id` and `base_url` may be left out.
///
/// # Errors
/// A field that is unknown or missing, as a sentence.
pub(super) fn agent(words: &str, hand: &Hand, others: &[Agent]) -> Result<Agent, String> {
    let (mut id, mut provider, mut model, mut base_url) = (None, None, None, None);
    for field in words.split(',').filter(|field| !field.trim().is_empty()) {
        let Some((name, value)) = field.split_once('=') else {
            return Err(format!("{HOW} `{field}` has no `=`."));
        };
        let value = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        match name.trim() {
            "id" => id = value,
            "provider" | "backend" | "type" => provider = value,
            "model" => model = value,
            "base_url" => base_url = value,
            other => return Err(format!("{HOW} There is no field `{other}`.")),
        }
    }
    let found = match (&provider, &model) {
        (Some(provider), None) => place(provider, hand)?,
        (Some(provider), Some(model)) => {
            let backend = served(provider)?;
            Place {
                backend: backend.r#type.clone(),
                model: Some(model.clone()),
                base_url: address(&backend.r#type, hand),
            }
        }
        (None, Some(model)) => place(model, hand)?,
        (None, None) => return Err(format!("{HOW} `{words}` names neither.")),
    };
    let wanted = id.unwrap_or_else(|| short(&found.backend).to_owned());
    if others.iter().any(|other| other.id == wanted) && words.contains("id=") {
        return Err(format!(
            "Two agents are named \"{wanted}\"; names must differ."
        ));
    }
    Ok(Agent {
        id: free_id(&wanted, others),
        backend: found.backend,
        model: found.model,
        base_url: base_url.or(found.base_url),
        duty: None,
    })
}

const HOW: &str = "An agent is written id=NAME,provider=TYPE,model=ID.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::{Kind, Way};

    fn hand() -> Hand {
        Hand {
            ways: vec![Way {
                kind: Kind::Here,
                backend: "llamacpp".to_owned(),
                name: "llama.cpp".to_owned(),
                base_url: Some("http://127.0.0.1:9/v1".to_owned()),
                variable: None,
                models: Vec::new(),
            }],
        }
    }

    #[test]
    fn members_are_named_in_few_words() {
        for (words, backend, model) in [
            ("openai/gpt-6.1-sol", "openai", Some("gpt-6.1-sol")),
            ("claude-opus-5-5", "claude", Some("claude-opus-5-5")),
            ("anthropic/x", "claude", Some("x")),
            (
                "groq/openai/gpt-oss-20b",
                "groq",
                Some("openai/gpt-oss-20b"),
            ),
            ("codex", "codex", None),
            ("codex/gpt-5.5", "codex", Some("gpt-5.5")),
        ] {
            let place = place(words, &hand()).expect(words);
            assert_eq!(
                (place.backend.as_str(), place.model.as_deref()),
                (backend, model)
            );
            assert_eq!(place.base_url, None);
        }
        let local = place("llamacpp/tiny", &hand()).expect("a server");
        assert_eq!(local.base_url.as_deref(), Some("http://127.0.0.1:9/v1"));
        for (words, told) in [
            ("openai", "name its model too: openai/MODEL"),
            ("nobodys-model", "It is not known who serves"),
            ("copilot", "cannot be used"),
        ] {
            let told_so = place(words, &hand()).expect_err(words);
            assert!(told_so.contains(told), "{told_so}");
        }
    }

    #[test]
    fn agents_are_written_as_fields() {
        let one = agent("id=a,provider=openai,model=m", &hand(), &[]).expect("an agent");
        assert_eq!((one.id.as_str(), one.model.as_deref()), ("a", Some("m")));
        let two = agent("model=gpt-6-luna", &hand(), &[]).expect("an agent");
        assert_eq!(two.id, "gpt");
        let others = [one, two];
        let three = agent("provider=openai,model=m", &hand(), &others).expect("an agent");
        assert_eq!(three.id, "gpt-2");
        for (words, told) in [
            ("id=a,provider=openai,model=m", "names must differ"),
            ("x", "has no `=`"),
            ("id=b", "names neither"),
            ("provider=opnai,model=m", "Did you mean openai?"),
            ("colour=red", "no field `colour`"),
        ] {
            let told_so = agent(words, &hand(), &others).expect_err(words);
            assert!(told_so.contains(told), "{told_so}");
        }
    }
}
