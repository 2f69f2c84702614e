//! `admin key`. A secret is printed once, or goes into a profile of the aws CLI.

use super::CommonArgs;
use crate::aws_profile::{Files, Profile, ProfileName};
use crate::failure::Failure;
use crate::fleet::{Document, NewKey};
use crate::output;
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable};
use buildyard_model::{Clock, KeyView, SystemClock, Timestamp};
use clap::Subcommand;

#[derive(Debug, clap::Args)]
pub(super) struct KeyArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make an access key for a user (at most two each); its secret is printed now and never again
    Create(CreateArgs),
    /// List a user's keys, or everybody's
    List(ListArgs),
    /// Switch a key off: it counts no longer, and can be switched on again
    Deactivate(IdArgs),
    /// Switch a key on again
    Activate(IdArgs),
    /// Delete a key
    Delete(IdArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct CreateArgs {
    /// The user's name
    #[arg(value_name = "USER")]
    user: String,
    /// Print a profile of this name, ready for the files in ~/.aws
    #[arg(long, value_name = "NAME")]
    profile: Option<ProfileName>,
    /// Write the profile into ~/.aws/config and ~/.aws/credentials instead; what they hold stays
    #[arg(long, requires = "profile")]
    write_profile: bool,
    /// The HTTP endpoint for the profile
    #[arg(long, env = "AWS_ENDPOINT_URL", value_name = "URL", hide_env_values = true)]
    aws_endpoint_url: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

const EXAMPLES: &str = "\
Examples:
  buildyard admin key create ana
  buildyard admin key create ana --profile ana >> profile.txt
  buildyard admin key create ana --profile ana --write-profile && aws --profile ana s3 ls";

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// The user's name; everybody's keys without it
    #[arg(value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, clap::Args)]
struct IdArgs {
    /// The access key's id, AKIA…
    #[arg(value_name = "KEY_ID")]
    id: String,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn execute(args: KeyArgs) -> Result<(), Failure> {
    match args.action {
        Action::Create(args) => create(args).await,
        Action::List(args) => list(args).await,
        Action::Deactivate(args) => switch(args, false).await,
        Action::Activate(args) => switch(args, true).await,
        Action::Delete(IdArgs { id, common }) => {
            common.connection.connect().await?.delete_key(&id).await?;
            output::note(&format!("access key {} is deleted", printable(&id)));
            Ok(())
        }
    }
}

async fn create(args: CreateArgs) -> Result<(), Failure> {
    // Whatever can go wrong goes wrong before there is a key.
    let endpoint = args.aws_endpoint_url.filter(|url| !url.trim().is_empty());
    let profile = match (args.profile, endpoint) {
        (None, _) => None,
        (Some(name), Some(endpoint)) => Some((name, crate::aws_profile::endpoint(&endpoint)?)),
        (Some(_), None) => {
            return Err(Failure::call(
                "a profile needs the HTTP endpoint: source DIR/credentials.env of `buildyard up`, or give --aws-endpoint-url",
            ));
        }
    };
    let files = match &profile {
        Some((name, _)) if args.write_profile => Some(Files::for_new(name)?),
        _ => None,
    };
    let made = args.common.connection.connect().await?.create_key(&args.user).await?;
    let profile = profile.map(|(name, endpoint_url)| Profile {
        name,
        endpoint_url,
        region: made.region.clone(),
        access_key_id: made.key.view.access_key_id.clone(),
        secret: made.secret.clone(),
    });
    if let (Some(files), Some(profile)) = (files, &profile) {
        match files.write(profile) {
            Ok(()) if args.common.is_json() => {}
            Ok(()) => return output::line(format!("{}\n{}", made.key.view.access_key_id, written(&files, profile))),
            Err(failure) => {
                // The key is there, and its secret is nowhere else.
                print(&args.common, &made, Some(profile))?;
                return Err(failure);
            }
        }
    }
    print(&args.common, &made, profile.as_ref())
}

fn written(files: &Files, profile: &Profile) -> String {
    let name = &profile.name;
    format!("profile {name} is written to {files}; try `aws --profile {name} s3 ls`")
}

fn print(common: &CommonArgs, made: &NewKey, profile: Option<&Profile>) -> Result<(), Failure> {
    if common.is_json() {
        let mut document: serde_json::Value = serde_json::from_str(&made.key.json)
            .map_err(|error| Failure::service(format!("the coordinator's answer was not understood: {error}")))?;
        document["secretAccessKey"] = made.secret.expose().into();
        document["region"] = made.region.clone().into();
        return output::line(document.to_string());
    }
    match profile {
        Some(profile) => output::write(profile.text().as_bytes())?,
        None => {
            let (id, secret) = (&made.key.view.access_key_id, made.secret.expose());
            output::line(format!("access key id      {id}\nsecret access key  {secret}"))?;
        }
    }
    output::note("keep the secret: it cannot be shown again");
    Ok(())
}

async fn list(args: ListArgs) -> Result<(), Failure> {
    let fleet = args.common.connection.connect().await?;
    let users = match args.user {
        Some(user) => vec![user],
        None => fleet.users().await?.into_iter().map(|user| user.view.name).collect(),
    };
    let mut keys = Vec::new();
    for user in users {
        keys.extend(fleet.keys(&user).await?);
    }
    if keys.is_empty() && !args.common.is_json() {
        output::note("no keys yet: make one with `buildyard admin key create USER`");
        return Ok(());
    }
    show(&args.common, &keys)
}

async fn switch(args: IdArgs, active: bool) -> Result<(), Failure> {
    let key = args.common.connection.connect().await?.set_key_active(&args.id, active).await?;
    show(&args.common, std::slice::from_ref(&key))
}

fn show(common: &CommonArgs, keys: &[Document<KeyView>]) -> Result<(), Failure> {
    if common.is_json() {
        return keys.iter().try_for_each(|key| output::line(&key.json));
    }
    let views: Vec<&KeyView> = keys.iter().map(|key| &key.view).collect();
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(table(paint, &views, SystemClock.now()).as_bytes())
}

fn table(paint: Paint, keys: &[&KeyView], now: Timestamp) -> String {
    let row = |key: &&KeyView| -> Vec<Cell> {
        vec![
            printable(&key.access_key_id).into(),
            printable(&key.user).into(),
            if key.active { "active" } else { "inactive" }.into(),
            elapsed::ago(now.since(key.created_at)).into(),
            key.last_used_at.map_or("never".to_owned(), |at| elapsed::ago(now.since(at))).into(),
        ]
    };
    let rows: Vec<Vec<Cell>> = keys.iter().map(row).collect();
    table::render(paint, &["KEY", "USER", "STATUS", ">CREATED", ">USED"], &rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_with_its_use() {
        let key = KeyView {
            access_key_id: "AKIAABCDEFGHIJKLMNOP".into(),
            user: "ana".into(),
            active: false,
            created_at: Timestamp(0),
            last_used_at: None,
        };
        let expected = "\
KEY                   USER  STATUS      CREATED   USED
AKIAABCDEFGHIJKLMNOP  ana   inactive  5 min ago  never
";
        assert_eq!(table(Paint::PLAIN, &[&key], Timestamp(300_000)), expected);
    }
}
