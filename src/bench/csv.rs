//! One row per run, for spreadsheets.
//!
//! Fields are quoted when they must be (RFC 4180). Text that a spreadsheet would take for a formula
//! gets an apostrophe in front: part of it was written by models.

use super::Record;

/// The first row.
const COLUMNS: &str = "task,sweep,arm,correct,end,result,winner,answers,ballots,self_votes,\
                       first_vote_won,tie,majority_correct,input_tokens,output_tokens,calls,usd,\
                       usd_is_partial,wall_ms,run";

/// All records as CSV.
#[must_use]
pub fn render(records: &[&Record]) -> String {
    let mut csv = format!("{COLUMNS}\r\n");
    for record in records {
        let vote = &record.vote;
        let yes = |value: bool| value.to_string();
        let row = [
            field(&record.key.task),
            record.key.sweep.to_string(),
            field(&record.key.arm.words()),
            yes(record.correct),
            record.end.word().to_owned(),
            field(record.result.as_deref().unwrap_or_default()),
            vote.winner.map(|id| id.to_string()).unwrap_or_default(),
            vote.answers.to_string(),
            vote.ballots.to_string(),
            vote.own.to_string(),
            vote.first_won.map(yes).unwrap_or_default(),
            yes(vote.tie),
            record
                .majority
                .map(|majority| yes(majority.correct))
                .unwrap_or_default(),
            record.usage.input.to_string(),
            record.usage.output.to_string(),
            record.usage.calls.to_string(),
            format!("{:.6}", record.usage.cost.usd),
            yes(record.usage.cost.partial),
            record.times.wall.to_string(),
            field(&record.run.0),
        ];
        csv.push_str(&row.join(","));
        csv.push_str("\r\n");
    }
    csv
}

/// A text as a field.
fn field(text: &str) -> String {
    let formula =
        text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
    let text = if formula {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn fields_survive_a_spreadsheet() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd()", "'=cmd()"),
            ("-3", "-3"),
            ("-x", "'-x"),
            ("two\nlines", "\"two\nlines\""),
        ] {
            assert_eq!(field(text), expected);
        }
    }
}
