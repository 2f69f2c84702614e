//! `admin user`.

use super::CommonArgs;
use crate::failure::Failure;
use crate::fleet::Document;
use crate::output;
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable};
use buildyard_model::{Clock, SystemClock, Timestamp, UserView};
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct UserArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a user, who has no key and may do nothing yet
    Create(NameArgs),
    /// List the users
    List(CommonArgs),
    /// Delete a user with all keys
    Delete(NameArgs),
}

#[derive(Debug, clap::Args)]
struct NameArgs {
    /// The user's name: 1 to 64 letters, digits and any of _+=,.@-
    #[arg(value_name = "NAME")]
    name: String,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn execute(args: UserArgs) -> Result<(), Failure> {
    match args.action {
        Action::Create(NameArgs { name, common }) => {
            let user = common.connection.connect().await?.create_user(&name).await?;
            print(&common, std::slice::from_ref(&user))?;
            if !common.is_json() {
                output::note(&format!(
                    "next: `buildyard admin attach {name} POLICY` and `buildyard admin key create {name}`"
                ));
            }
            Ok(())
        }
        Action::List(common) => {
            let users = common.connection.connect().await?.users().await?;
            if users.is_empty() && !common.is_json() {
                output::note("no users yet: make one with `buildyard admin user create NAME`");
                return Ok(());
            }
            print(&common, &users)
        }
        Action::Delete(NameArgs { name, common }) => {
            common.connection.connect().await?.delete_user(&name).await?;
            output::note(&format!("user {} is deleted with all keys", printable(&name)));
            Ok(())
        }
    }
}

/// Prints users as the caller wants them.
pub(super) fn print(common: &CommonArgs, users: &[Document<UserView>]) -> Result<(), Failure> {
    if common.is_json() {
        return users.iter().try_for_each(|user| output::line(&user.json));
    }
    let views: Vec<&UserView> = users.iter().map(|user| &user.view).collect();
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(table(paint, &views, SystemClock.now()).as_bytes())
}

fn table(paint: Paint, users: &[&UserView], now: Timestamp) -> String {
    let row = |user: &&UserView| -> Vec<Cell> {
        let own = user.inline_policies.iter().map(|name| format!("{name} (own)"));
        let policies: Vec<String> = user.policies.iter().cloned().chain(own).collect();
        vec![
            printable(&user.name).into(),
            user.keys.len().to_string().into(),
            elapsed::ago(now.since(user.created_at)).into(),
            printable(&policies.join(", ")).into(),
        ]
    };
    let rows: Vec<Vec<Cell>> = users.iter().map(row).collect();
    table::render(paint, &["USER", ">KEYS", ">CREATED", "POLICIES"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_shown_with_what_they_have() {
        let user = UserView {
            name: "ana".into(),
            arn: "arn:aws:iam::000000000000:user/ana".into(),
            user_id: "AIDA".into(),
            created_at: Timestamp(0),
            policies: vec!["ReadOnlyAccess".into()],
            inline_policies: vec!["night".into()],
            keys: vec!["AKIA".into()],
        };
        let expected = "\
USER  KEYS    CREATED  POLICIES
ana      1  5 min ago  ReadOnlyAccess, night (own)
";
        assert_eq!(table(Paint::PLAIN, &[&user], Timestamp(300_000)), expected);
    }
}
