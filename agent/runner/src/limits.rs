//! How much a build may report about itself. Pure. The runner keeps to it when it writes; the agent holds everybody to
//! it when it reads, as the journal lies beside untrusted code.

/// The longest message of a phase's context.
pub const MESSAGE_BYTES: usize = 16 << 10;
/// The longest status code of a phase's context.
pub const STATUS_CODE_BYTES: usize = 128;
/// Exported variables of one build.
pub const EXPORTED_COUNT: usize = 1000;
/// The longest name of an exported variable. A longer one is left out, as part of a name is another name.
pub const EXPORTED_NAME_BYTES: usize = 1024;
/// The longest value of an exported variable: Linux's longest string of an environment (reference 18, question 13).
pub const EXPORTED_VALUE_BYTES: usize = 128 << 10;
/// All names and values of exported variables together: eight times what CodePipeline takes of an action.
pub const EXPORTED_BYTES: usize = 1 << 20;
/// The longest name and prefix of an artifact; S3's keys are shorter.
pub const ARTIFACT_NAME_BYTES: usize = 4096;

/// Stands at the end of a text that was cut.
pub const MARKER: &str = "… [truncated]";

/// Cuts a text that is longer than `limit` bytes, marker included; true when it was.
pub fn cut(text: &mut String, limit: usize) -> bool {
    if text.len() <= limit {
        return false;
    }
    text.truncate(text.floor_char_boundary(limit.saturating_sub(MARKER.len())));
    text.push_str(MARKER);
    // Gives the rest of the memory back: a small text may have been a large one.
    text.shrink_to_fit();
    true
}

/// As many of the variables, from the first, as the limits allow, each value cut to its own; true when anything is
/// missing.
pub fn exported(variables: Vec<(String, String)>) -> (Vec<(String, String)>, bool) {
    let given = variables.len();
    let (mut kept, mut total, mut shortened) = (Vec::new(), 0, false);
    for (name, mut value) in variables {
        if kept.len() == EXPORTED_COUNT {
            break;
        }
        if name.len() > EXPORTED_NAME_BYTES {
            continue;
        }
        shortened |= cut(&mut value, EXPORTED_VALUE_BYTES);
        total += name.len() + value.len();
        if total > EXPORTED_BYTES {
            break;
        }
        kept.push((name, value));
    }
    let missing = shortened || kept.len() < given;
    (kept, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        let mut text = "é".repeat(100);
        assert!(cut(&mut text, 50));
        assert!(text.len() <= 50 && text.ends_with(MARKER) && text.starts_with("éé"), "{text}");
        let mut short = "é".repeat(25);
        assert!(!cut(&mut short, 50));
        assert_eq!(short.len(), 50);
    }

    #[test]
    fn exported_variables_are_bounded_in_number_name_value_and_sum() {
        let pair = |name: usize, value: usize| ("n".repeat(name), "v".repeat(value));
        let (kept, missing) = exported(vec![pair(1, EXPORTED_VALUE_BYTES), pair(EXPORTED_NAME_BYTES, 0)]);
        assert!(kept.len() == 2 && !missing);
        let (kept, missing) = exported(vec![pair(EXPORTED_NAME_BYTES + 1, 0), pair(1, EXPORTED_VALUE_BYTES + 1)]);
        assert!(kept.len() == 1 && missing && kept[0].1.len() == EXPORTED_VALUE_BYTES && kept[0].1.ends_with(MARKER));
        assert_eq!(exported(vec![pair(1, 1); EXPORTED_COUNT + 1]).0.len(), EXPORTED_COUNT);
        let (kept, missing) = exported(vec![pair(1, EXPORTED_VALUE_BYTES); 20]);
        assert!(missing && kept.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() <= EXPORTED_BYTES);
    }
}
