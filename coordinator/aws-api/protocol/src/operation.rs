//! One operation of a service, typed; the protocols know only this.

use crate::{ApiError, Caller};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::future::Future;

/// An operation over the context `C`. Its input has passed the service's shapes before it is called.
pub trait Operation<C>: Send + Sync + 'static {
    /// As in the service's model: `StartBuild`. It names the action, too: `codebuild:StartBuild`.
    const NAME: &'static str;
    /// Members in the model's spelling (serde); unknown ones are ignored.
    type Input: DeserializeOwned + Send + 'static;
    /// Members in the model's spelling; an absent member is left out, times are `Epoch`.
    type Output: Serialize + Send;

    /// Members that are cleared by `{}` or `""`, whatever the shapes say of these.
    const CLEARED_BY_EMPTY: &'static [&'static str] = &[];

    /// The ARNs on which the caller must be allowed the action; all of them.
    fn resources(_context: &C, _input: &Self::Input) -> Vec<String> {
        vec!["*".to_owned()]
    }

    /// Does it.
    fn call(
        context: &C,
        caller: &Caller,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, ApiError>> + Send;
}
