//! Reads an expression: `||` binds less than `&&`, parentheses most.

use super::super::cursor::Cursor;
use super::super::glob::Glob;
use super::super::number::{Compare, number};
use super::{Condition, Expression, Operand, Selector};

/// Parentheses in parentheses.
const DEPTH: u32 = 32;

pub(super) fn parse(text: &str) -> Result<Expression, String> {
    let mut cursor = Cursor::new(text);
    cursor.expect("{")?;
    let expression = any(&mut cursor, 0)?;
    cursor.expect("}")?;
    cursor.skip_spaces();
    match cursor.peek() {
        None => Ok(expression),
        Some(_) => Err(format!("there is something behind the closing brace: {:?}", cursor.ahead())),
    }
}

fn any(cursor: &mut Cursor<'_>, depth: u32) -> Result<Expression, String> {
    let mut parts = vec![all(cursor, depth)?];
    while next(cursor, "||") {
        parts.push(all(cursor, depth)?);
    }
    Ok(Expression::Any(parts))
}

fn all(cursor: &mut Cursor<'_>, depth: u32) -> Result<Expression, String> {
    let mut parts = vec![leaf(cursor, depth)?];
    while next(cursor, "&&") {
        parts.push(leaf(cursor, depth)?);
    }
    Ok(Expression::All(parts))
}

fn next(cursor: &mut Cursor<'_>, operator: &str) -> bool {
    cursor.skip_spaces();
    cursor.eat(operator)
}

fn leaf(cursor: &mut Cursor<'_>, depth: u32) -> Result<Expression, String> {
    if next(cursor, "(") {
        if depth == DEPTH {
            return Err(format!("it has more than {DEPTH} parentheses in one another"));
        }
        let inner = any(cursor, depth + 1)?;
        cursor.expect(")")?;
        return Ok(inner);
    }
    let selector = Selector::parse(cursor)?;
    Ok(Expression::Leaf(selector, condition(cursor)?))
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, String> {
    if cursor.eat_word("NOT") {
        return if cursor.eat_word("EXISTS") {
            Ok(Condition::NotExists)
        } else {
            Err("NOT needs EXISTS behind it".to_owned())
        };
    }
    if cursor.eat_word("EXISTS") {
        return Ok(Condition::Exists);
    }
    if cursor.eat_word("IS") {
        let words = [("NULL", Condition::IsNull), ("TRUE", Condition::IsTrue), ("FALSE", Condition::IsFalse)];
        let found = words.into_iter().find(|(word, _)| cursor.eat_word(word));
        return found
            .map(|(_, condition)| condition)
            .ok_or_else(|| "IS needs NULL, TRUE or FALSE behind it".to_owned());
    }
    let compare =
        Compare::parse(cursor).ok_or_else(|| format!("an operator is missing before {:?}", cursor.ahead()))?;
    let operand = operand(cursor)?;
    if compare.is_order() && !matches!(operand, Operand::Number(_)) {
        return Err("only numbers are less or greater".to_owned());
    }
    Ok(Condition::Compare(compare, operand))
}

fn operand(cursor: &mut Cursor<'_>) -> Result<Operand, String> {
    cursor.skip_spaces();
    if let Some(regex) = cursor.regex()? {
        return Ok(Operand::Regex(regex));
    }
    if let Some(text) = cursor.quoted()? {
        return Ok(Operand::Text(Glob::new(&text)));
    }
    let text = cursor.take_while(|c| !c.is_whitespace() && !matches!(c, ')' | '(' | '}' | '{' | '&' | '|' | '"' | '='));
    match number(text) {
        _ if text.is_empty() => Err(format!("a value is missing before {:?}", cursor.ahead())),
        Some(number) => Ok(Operand::Number(number)),
        None => Ok(Operand::Text(Glob::new(text))),
    }
}
