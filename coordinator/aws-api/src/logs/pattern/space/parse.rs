//! Reads the fields of a pattern and what is said of them.

use super::super::cursor::Cursor;
use super::super::glob::Glob;
use super::super::number::{Compare, number};
use super::{Condition, Space};

pub(super) fn parse(text: &str) -> Result<Space, String> {
    let mut cursor = Cursor::new(text);
    cursor.expect("[")?;
    let mut space = Space::default();
    loop {
        cursor.skip_spaces();
        if cursor.eat("...") {
            if std::mem::replace(&mut space.ellipsis, true) {
                return Err("... stands twice".to_owned());
            }
        } else {
            let condition = field(&mut cursor)?;
            let list = if space.ellipsis { &mut space.behind } else { &mut space.before };
            list.push(condition);
        }
        cursor.skip_spaces();
        if cursor.eat(",") {
            continue;
        }
        cursor.expect("]")?;
        cursor.skip_spaces();
        return match cursor.peek() {
            None => Ok(space),
            Some(_) => Err(format!("there is something behind the closing bracket: {:?}", cursor.ahead())),
        };
    }
}

/// A field: nothing, a name, or what is said of it, joined by `&&` (which binds more) and `||`.
fn field(cursor: &mut Cursor<'_>) -> Result<Option<Condition>, String> {
    let mut any = Vec::new();
    let mut all = Vec::new();
    loop {
        let condition = single(cursor)?;
        let joins = ["&&", "||"].map(|join| {
            cursor.skip_spaces();
            cursor.is_at(join)
        });
        match condition {
            None if joins == [false, false] && any.is_empty() && all.is_empty() => return Ok(None),
            None => return Err(format!("a condition is missing before {:?}", cursor.ahead())),
            Some(condition) => all.push(condition),
        }
        if cursor.eat("&&") {
            continue;
        }
        any.push(Condition::All(std::mem::take(&mut all)));
        if !cursor.eat("||") {
            return Ok(Some(Condition::Any(any)));
        }
    }
}

/// `name`, `name = value`; a name may be missing.
fn single(cursor: &mut Cursor<'_>) -> Result<Option<Condition>, String> {
    cursor.skip_spaces();
    cursor.take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@' | '/'));
    let Some(compare) = Compare::parse(cursor) else { return Ok(None) };
    cursor.skip_spaces();
    let regex = cursor.regex()?;
    if let Some(regex) = regex.filter(|_| !compare.is_order()) {
        return Ok(Some(Condition::Regex(compare, regex)));
    }
    let text = match cursor.quoted()? {
        Some(text) => text,
        None => cursor.take_while(|c| !c.is_whitespace() && !matches!(c, ',' | ']' | '[' | '&' | '|' | '"')).to_owned(),
    };
    match number(&text) {
        _ if text.is_empty() => Err(format!("a value is missing before {:?}", cursor.ahead())),
        Some(number) => Ok(Some(Condition::Number(compare, number))),
        None if compare.is_order() => Err("only numbers are less or greater".to_owned()),
        None => Ok(Some(Condition::Text(compare, Glob::new(&text)))),
    }
}
