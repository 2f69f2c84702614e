//! How a secret is named by those who use it: by name, by ARN, or by ARN without the characters at its end. Pure.

/// Characters that are added to a name in an ARN, with their dash.
const SUFFIX: usize = 7;

/// A name that is meant, and the suffix that its secret must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate<'a> {
    pub(super) name: &'a str,
    pub(super) suffix: Option<&'a str>,
}

/// What `id` can mean, the likeliest first; `own` gives the resource of an ARN of this account.
pub(super) fn candidates<'a>(id: &'a str, own: impl Fn(&'a str) -> Option<&'a str>) -> Vec<Candidate<'a>> {
    if !id.starts_with("arn:") {
        return vec![Candidate { name: id, suffix: None }];
    }
    let Some(resource) = own(id).and_then(|resource| resource.strip_prefix("secret:")) else { return Vec::new() };
    let split = resource.len().checked_sub(SUFFIX).and_then(|at| resource.split_at_checked(at));
    let whole = split.and_then(|(name, suffix)| Some((name, suffix.strip_prefix('-')?)));
    let whole = whole.filter(|(name, _)| !name.is_empty());
    let whole = whole.map(|(name, suffix)| Candidate { name, suffix: Some(suffix) });
    whole.into_iter().chain([Candidate { name: resource, suffix: None }]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_may_end_with_the_name() {
        let own = |text: &'static str| text.strip_prefix("arn:aws:secretsmanager:r:1:");
        let seen = |id| candidates(id, own).into_iter().map(|one| (one.name, one.suffix)).collect::<Vec<_>>();
        assert_eq!(seen("db-AbCdEf"), [("db-AbCdEf", None)]);
        assert_eq!(seen("arn:aws:secretsmanager:r:1:secret:db"), [("db", None)]);
        let arn = "arn:aws:secretsmanager:r:1:secret:db-AbCdEf";
        assert_eq!(seen(arn), [("db", Some("AbCdEf")), ("db-AbCdEf", None)]);
        assert_eq!(seen("arn:aws:secretsmanager:r:2:secret:db"), []);
        assert_eq!(seen("arn:aws:secretsmanager:r:1:secret:-AbCdEf"), [("-AbCdEf", None)]);
        assert_eq!(seen("arn:aws:secretsmanager:r:1:secret:ééé"), [("ééé", None)]);
    }
}
