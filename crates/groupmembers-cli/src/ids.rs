//! Ids as people type and paste them: what no vendor can have given out is refused before it is sent.

use crate::error::Error;

/// TIM's UserIDs have at most so many bytes.
pub(crate) const LONGEST_TIM_USER: usize = 32;

/// Refuses an id that cannot be one; `name` is the flag or the variable it came from, `longest` the most bytes.
pub(crate) fn check(name: &str, id: &str, longest: usize) -> Result<(), Error> {
    let invisible = id.chars().enumerate().find(|&(_, c)| is_invisible(c));
    let problem = if id.trim().is_empty() {
        "is empty: give an id".to_owned()
    } else if id.trim() != id {
        "has blanks or a line break around it: remove them".to_owned()
    } else if let Some((index, c)) = invisible {
        let (code, place) = (u32::from(c), index + 1);
        format!("has an invisible or control character in it, U+{code:04X} as character {place}: remove it")
    } else if id.len() > longest {
        format!("is {} bytes long, and no such id has more than {longest}: check what was pasted", id.len())
    } else {
        return Ok(());
    };
    Err(Error::Usage(format!("{name} {problem}")))
}

/// Whether nobody sees it in an id: control characters, blanks that are no space, what has no width, what turns the
/// reading direction.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_see_is_an_id_and_what_they_do_not_see_is_none() {
        for id in ["@TGS#1ABC", "my group", "群聊", "a".repeat(48).as_str()] {
            assert!(check("--group", id, 48).is_ok(), "{id}");
        }
        for id in ["g\u{200b}", "\u{feff}g", "a\u{202e}b", "a\u{a0}b", "a\u{7f}b", "a\tb", "a\u{2066}b", "a\u{ad}b"] {
            assert!(check("--group", id, 48).is_err(), "{id:?}");
        }
        assert!(check("--group", &"a".repeat(49), 48).is_err());
    }
}
