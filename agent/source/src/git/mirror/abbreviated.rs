//! A commit by the first digits of its id. A server gives nothing by an abbreviation; it means something only among
//! the objects of a full mirror.

use super::super::failure::Failure;
use super::super::program::Call;
use super::Step;

impl Step<'_> {
    /// The one commit whose id begins so; none when there is none.
    ///
    /// # Errors
    /// [`Failure::Said`] when there are several.
    pub(super) async fn commit_of_abbreviation(&self, digits: &str) -> Result<Option<String>, Failure> {
        let peeled = format!("{digits}^{{commit}}");
        let call = Call::within(&self.mirror, ["rev-parse", "--verify", "--end-of-options", &peeled]);
        match self.context.git(call).await {
            // A ref of that name, wherever it is, is no commit of that id.
            Ok(answer) => {
                let answer = String::from_utf8_lossy(&answer);
                let commit = answer.lines().last().map(str::to_owned);
                Ok(commit.filter(|commit| commit.starts_with(&digits.to_ascii_lowercase())))
            }
            Err(Failure::Said(text)) if text.contains("is ambiguous") => {
                Err(Failure::Said(format!("short commit id {digits} is ambiguous: several commits begin with it")))
            }
            Err(Failure::Said(_)) => Ok(None),
            Err(broken) => Err(broken),
        }
    }
}
