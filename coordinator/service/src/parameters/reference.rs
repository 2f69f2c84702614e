//! How a parameter is named by those who read it: `name`, its ARN, each with `:version` or `:label`. Pure.

/// A parameter that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference<'a> {
    /// The name without slash at its beginning if it came in an ARN, where `/a` and `a` look the same.
    pub(super) name: &'a str,
    pub(super) from_arn: bool,
    /// A version's number or a label.
    pub(super) selector: Option<&'a str>,
}

/// Reads a reference; `own` gives the resource of an ARN of this account. `None`: somebody else's, or no parameter's.
pub(super) fn read<'a>(text: &'a str, own: impl Fn(&'a str) -> Option<&'a str>) -> Option<Reference<'a>> {
    let (rest, from_arn) =
        if text.starts_with("arn:") { (own(text)?.strip_prefix("parameter/")?, true) } else { (text, false) };
    let (name, selector) = rest.split_once(':').map_or((rest, None), |(name, selector)| (name, Some(selector)));
    Some(Reference { name, from_arn, selector })
}

impl Reference<'_> {
    /// The names that it can mean, the likeliest first.
    pub(super) fn names(&self) -> Vec<String> {
        match (self.from_arn, self.name.contains('/')) {
            (false, _) => vec![self.name.to_owned()],
            (true, true) => vec![format!("/{}", self.name)],
            (true, false) => vec![self.name.to_owned(), format!("/{}", self.name)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_arns_take_selectors() {
        let own = |text: &'static str| text.strip_prefix("arn:aws:ssm:r:1:");
        let seen = |text| read(text, own).map(|one| (one.names(), one.selector));
        assert_eq!(seen("/a/b"), Some((vec!["/a/b".into()], None)));
        assert_eq!(seen("a:3"), Some((vec!["a".into()], Some("3"))));
        assert_eq!(seen("arn:aws:ssm:r:1:parameter/a/b:prod"), Some((vec!["/a/b".into()], Some("prod"))));
        assert_eq!(seen("arn:aws:ssm:r:1:parameter/a"), Some((vec!["a".into(), "/a".into()], None)));
        assert_eq!(seen("arn:aws:ssm:r:2:parameter/a"), None);
        assert_eq!(seen("arn:aws:ssm:r:1:document/a"), None);
    }
}
