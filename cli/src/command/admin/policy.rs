//! `admin policy`.

use super::CommonArgs;
use crate::failure::Failure;
use crate::fleet::Document;
use crate::output;
use crate::render::table::{self, Cell};
use crate::render::{Paint, elapsed, printable};
use buildyard_model::{Clock, PolicyView, SystemClock, Timestamp};
use clap::Subcommand;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than any policy may have; the coordinator says what is too long.
const FILE_MAX: u64 = 1024 * 1024;

#[derive(Debug, clap::Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Store a policy from a file; one of that name is replaced
    Put(PutArgs),
    /// List the policies that users can be given
    List(CommonArgs),
    /// Print a policy's JSON
    Show(NameArgs),
    /// Delete a policy that no user has
    Delete(NameArgs),
}

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
struct PutArgs {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: String,
    /// The file with the JSON; - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Store it as a policy of this user's own
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

const EXAMPLES: &str = "\
Example of a policy, which lets its users read the artifacts of one project:
  {\"Version\": \"2012-10-17\", \"Statement\": [
    {\"Effect\": \"Allow\", \"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::artifacts/app/*\"},
    {\"Effect\": \"Allow\", \"Action\": \"s3:ListBucket\", \"Resource\": \"arn:aws:s3:::artifacts\",
     \"Condition\": {\"StringLike\": {\"s3:prefix\": \"app/*\"}}}]}";

#[derive(Debug, clap::Args)]
struct NameArgs {
    /// The policy's name
    #[arg(value_name = "NAME")]
    name: String,
    /// A policy of this user's own
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    #[command(flatten)]
    common: CommonArgs,
}

pub(super) async fn execute(args: PolicyArgs) -> Result<(), Failure> {
    match args.action {
        Action::Put(PutArgs { name, file, user, common }) => {
            let document = read(&file)?;
            let policy = common.connection.connect().await?.put_policy(&name, document, user.as_deref()).await?;
            print(&common, std::slice::from_ref(&policy))
        }
        Action::List(common) => {
            let policies = common.connection.connect().await?.policies().await?;
            print(&common, &policies)
        }
        Action::Show(NameArgs { name, user, common }) => {
            let policy = common.connection.connect().await?.policy(&name, user.as_deref()).await?;
            if common.is_json() {
                return output::line(&policy.json);
            }
            output::line(policy.view.document.lines().map(printable).collect::<Vec<_>>().join("\n"))
        }
        Action::Delete(NameArgs { name, user, common }) => {
            common.connection.connect().await?.delete_policy(&name, user.as_deref()).await?;
            output::note(&format!("policy {} is deleted", printable(&name)));
            Ok(())
        }
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(FILE_MAX).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(FILE_MAX).read_to_string(&mut text))
    };
    read.map_err(Failure::file("read", path))?;
    Ok(text)
}

fn print(common: &CommonArgs, policies: &[Document<PolicyView>]) -> Result<(), Failure> {
    if common.is_json() {
        return policies.iter().try_for_each(|policy| output::line(&policy.json));
    }
    let views: Vec<&PolicyView> = policies.iter().map(|policy| &policy.view).collect();
    let paint = Paint::of_stream(output::stdout_is_terminal());
    output::write(table(paint, &views, SystemClock.now()).as_bytes())
}

fn table(paint: Paint, policies: &[&PolicyView], now: Timestamp) -> String {
    let row = |policy: &&PolicyView| -> Vec<Cell> {
        let changed = policy.updated_at.map(|at| elapsed::ago(now.since(at))).unwrap_or_default();
        let from = if policy.managed { "Buildyard" } else { "you" };
        vec![printable(&policy.name).into(), from.into(), changed.into()]
    };
    let rows: Vec<Vec<Cell>> = policies.iter().map(row).collect();
    table::render(paint, &["POLICY", "FROM", ">CHANGED"], &rows)
}
