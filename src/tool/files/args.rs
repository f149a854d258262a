//! Arguments as models write them: numbers as text, `null` for what is left out.

use serde_json::Value;

/// A text that must be there.
///
/// # Errors
/// It is missing, in words for the model.
pub fn text<'a>(arguments: &'a Value, name: &str) -> Result<&'a str, String> {
    maybe(arguments, name)?.ok_or_else(|| format!("The argument \"{name}\" is missing."))
}

/// A text that may be there.
///
/// # Errors
/// It is something else.
pub fn maybe<'a>(arguments: &'a Value, name: &str) -> Result<Option<&'a str>, String> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("The argument \"{name}\" must be a text.")),
    }
}

/// A whole number that may be there.
///
/// # Errors
/// It is something else.
pub fn number(arguments: &Value, name: &str) -> Result<Option<u64>, String> {
    let wrong = || format!("The argument \"{name}\" must be a whole number, 0 or more.");
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => number
            .as_u64()
            .or_else(|| {
                let float = number.as_f64()?;
                (float >= 0.0 && float.fract() == 0.0).then_some(float as u64)
            })
            .map(Some)
            .ok_or_else(wrong),
        Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| wrong()),
        Some(_) => Err(wrong()),
    }
}

/// A yes or no; no when it is left out.
///
/// # Errors
/// It is something else.
pub fn flag(arguments: &Value, name: &str) -> Result<bool, String> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(flag)) => Ok(*flag),
        Some(Value::String(text)) if text == "true" => Ok(true),
        Some(Value::String(text)) if text == "false" => Ok(false),
        Some(_) => Err(format!("The argument \"{name}\" must be true or false.")),
    }
}

/// A list of texts that may be there.
///
/// # Errors
/// It is something else.
pub fn texts(arguments: &Value, name: &str) -> Result<Option<Vec<String>>, String> {
    match arguments.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<String>>>()
            .map(Some)
            .ok_or_else(|| format!("Every item of \"{name}\" must be a text.")),
        Some(_) => Err(format!("The argument \"{name}\" must be a list of texts.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_taken_as_models_write_them() {
        let given =
            json!({"n": "7", "f": 3.0, "t": "x", "b": "true", "l": ["a"], "z": null, "w": {}});
        assert_eq!(number(&given, "n"), Ok(Some(7)));
        assert_eq!(number(&given, "f"), Ok(Some(3)));
        assert_eq!(number(&given, "z"), Ok(None));
        assert_eq!(text(&given, "t"), Ok("x"));
        assert_eq!(flag(&given, "b"), Ok(true));
        assert_eq!(texts(&given, "l"), Ok(Some(vec!["a".to_owned()])));
        assert!(text(&given, "none").is_err() && text(&given, "w").is_err());
        assert!(number(&given, "w").is_err() && number(&json!({"n": -1}), "n").is_err());
        assert!(flag(&given, "w").is_err());
    }
}
