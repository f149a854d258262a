//! What stands behind the question mark, checked against the table: an unknown name, a value that does
//! not fit or a name given twice is an error and never passed over.

use super::{
    problem::Problem,
    routes::{Param, Place},
};
use crate::text::percent::decoded;

/// Values that were given.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(&'static str, String)>);

impl Query {
    /// Reads the query of a request to a route with these parameters.
    ///
    /// # Errors
    /// What does not fit.
    pub fn read(params: &'static [Param], text: &str) -> Result<Self, Problem> {
        let mut given: Vec<(&'static str, String)> = Vec::new();
        let named = |name: &str| {
            let queries = params.iter().filter(|param| param.place == Place::Query);
            queries.into_iter().find(|param| param.name == name)
        };
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let encoded = |text: &str| decoded(&text.replace('+', " "));
            let Some((name, value)) = encoded(name).zip(encoded(value)) else {
                return Err(Problem::wrong(
                    "The query is no text in UTF-8, percent-encoded.",
                    "",
                ));
            };
            let Some(param) = named(&name) else {
                let names: Vec<&str> = params
                    .iter()
                    .filter(|param| param.place == Place::Query)
                    .map(|param| param.name)
                    .collect();
                let hint = if names.is_empty() {
                    "This path takes none.".to_owned()
                } else {
                    format!("It takes {}.", names.join(", "))
                };
                return Err(Problem::wrong("There is no such parameter.", hint));
            };
            if !param.kind.fits(&value) {
                return Err(Problem::wrong(
                    format!("The value of `{}` does not fit.", param.name),
                    format!("{} /openapi.json has what fits.", param.about),
                ));
            }
            if given.iter().any(|(known, _)| *known == param.name) {
                let detail = format!("`{}` is given twice.", param.name);
                return Err(Problem::wrong(detail, "Give it once."));
            }
            given.push((param.name, value));
        }
        Ok(Self(given))
    }

    /// A text, if it was given.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let mut given = self.0.iter();
        given
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.as_str())
    }

    /// A whole number, if it was given.
    #[must_use]
    pub fn whole(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{super::routes::Kind, *};

    static PARAMS: &[Param] = &[
        Param {
            name: "limit",
            place: Place::Query,
            kind: Kind::Whole { min: 1, max: 9 },
            about: "Most.",
        },
        Param {
            name: "filter",
            place: Place::Query,
            kind: Kind::Text(9),
            about: "Words.",
        },
    ];

    #[test]
    fn a_query_fits_or_is_refused() {
        let query = Query::read(PARAMS, "limit=3&filter=a%3Ab+c").unwrap();
        assert_eq!(
            (query.whole("limit"), query.text("filter")),
            (Some(3), Some("a:b c"))
        );
        assert_eq!(Query::read(PARAMS, "").unwrap(), Query::default());
        for (text, told) in [
            ("limit=10", "`limit` does not fit"),
            ("limit", "does not fit"),
            ("page=1", "no such parameter"),
            ("limit=1&limit=2", "twice"),
            ("filter=%ff", "UTF-8"),
            ("filter=%4", "UTF-8"),
        ] {
            let problem = Query::read(PARAMS, text).unwrap_err();
            assert!(problem.detail.contains(told), "{text}: {problem:?}");
            assert_eq!(problem.status, 400);
        }
    }
}
