//! The door as the real `aws` CLI uses it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use buildyard_aws_api::{Http, serve};
use buildyard_blobs::{Embedded, EndpointInfo};
use buildyard_model::Secret;
use std::path::Path;
use std::process::{Command, Output};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

struct Cli {
    program: String,
    url: String,
    home: tempfile::TempDir,
}

impl Cli {
    fn run(&self, arguments: &str) -> Output {
        let mut command = Command::new(&self.program);
        command.args(arguments.split(' ')).current_dir(self.home.path()).env("HOME", self.home.path());
        command
            .env("AWS_ENDPOINT_URL", &self.url)
            .env("AWS_DEFAULT_REGION", "eu-central-1")
            .env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "AKIDTEST").env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_PAGER", "");
        command.output().unwrap()
    }

    fn ok(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "aws {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn fails(&self, arguments: &str) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "aws {arguments} succeeded");
        String::from_utf8(output.stderr).unwrap()
    }

    fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.home.path().join(name)).unwrap()
    }
}

fn write(path: &Path, length: usize) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, (0..length).map(|index| ((index * 7) >> 5) as u8).collect::<Vec<u8>>()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the aws CLI: BUILDYARD_TEST_AWS=path/to/aws"]
async fn the_aws_cli_works() {
    let program = std::env::var("BUILDYARD_TEST_AWS").expect("BUILDYARD_TEST_AWS names the aws CLI");
    let directory = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let info = EndpointInfo {
        public_url: url.clone(),
        region: "eu-central-1".into(),
        access_key: "AKIDTEST".into(),
        secret_key: Secret::new("secret"),
    };
    let embedded = Embedded::open(directory.path(), info).await.unwrap();
    let shutdown = CancellationToken::new();
    let serving = tokio::spawn(serve(listener, Http::new(Some(embedded.door())), shutdown.clone()));
    let cli = Cli { program, url, home: tempfile::tempdir().unwrap() };
    let done = tokio::task::spawn_blocking(move || {
        buckets_and_files(&cli);
        folders(&cli);
        interface(&cli);
    });
    done.await.unwrap();
    shutdown.cancel();
    serving.await.unwrap().unwrap();
}

fn buckets_and_files(cli: &Cli) {
    cli.ok("s3 mb s3://artifacts");
    write(&cli.home.path().join("large"), 20 * 1024 * 1024);
    cli.ok("s3 cp large s3://artifacts/some/large");
    cli.ok("s3 cp s3://artifacts/some/large back");
    assert!(cli.file("back") == cli.file("large"));
    let listed = cli.ok("s3 ls s3://artifacts/some/");
    assert!(listed.contains("20971520 large"), "{listed}");
    assert!(cli.ok("s3 ls s3://artifacts").contains("PRE some/"));
    cli.ok("s3 cp s3://artifacts/some/large s3://artifacts/copy");
    cli.ok("s3 cp s3://artifacts/copy copy");
    assert!(cli.file("copy") == cli.file("large"));
    let presigned = cli.ok("s3 presign s3://artifacts/some/large --expires-in 60");
    assert!(presigned.contains("X-Amz-Signature="), "{presigned}");
    cli.ok("s3 mv s3://artifacts/copy s3://artifacts/moved");
    assert!(cli.fails("s3 cp s3://artifacts/copy -").contains("404"));
    assert!(cli.fails("s3 rb s3://artifacts").contains("BucketNotEmpty"));
}

fn folders(cli: &Cli) {
    for name in ["out/a b.txt", "out/ünï/c+d.txt", "out/deep/er/%2F.txt", "out/empty"] {
        write(&cli.home.path().join(name), if name.ends_with("empty") { 0 } else { 1000 });
    }
    cli.ok("s3 sync out s3://artifacts/out");
    assert_eq!(cli.ok("s3 sync out s3://artifacts/out"), "", "nothing is left to do");
    cli.ok("s3 sync s3://artifacts/out in");
    assert_eq!(cli.file("in/ünï/c+d.txt"), cli.file("out/ünï/c+d.txt"));
    assert_eq!(cli.file("in/deep/er/%2F.txt").len(), 1000);
    std::fs::remove_file(cli.home.path().join("out/empty")).unwrap();
    cli.ok("s3 sync out s3://artifacts/out --delete");
    assert!(!cli.ok("s3 ls --recursive s3://artifacts/out").contains("empty"));
    cli.ok("s3 rm --recursive s3://artifacts/");
    assert_eq!(cli.ok("s3 ls --recursive s3://artifacts"), "");
}

fn interface(cli: &Cli) {
    for algorithm in ["CRC32", "CRC32C", "SHA1", "SHA256"] {
        let put = cli
            .run(&format!("s3api put-object --bucket artifacts --key k --body back --checksum-algorithm {algorithm}"));
        let error = String::from_utf8_lossy(&put.stderr);
        // Some need a library that the CLI may lack.
        assert!(
            put.status.success() || error.contains("botocore[crt]") || error.contains("awscrt"),
            "{algorithm}: {error}"
        );
    }
    cli.ok("s3api get-object --bucket artifacts --key k --range bytes=5-9 slice");
    assert_eq!(cli.file("slice"), cli.file("large")[5..10]);
    let pages = cli.ok("s3api list-objects-v2 --bucket artifacts --page-size 1 --query Contents[].Key --output text");
    assert_eq!(pages.trim(), "k");
    assert!(
        cli.fails("s3api put-object --bucket artifacts --key k --body back --if-none-match *")
            .contains("PreconditionFailed")
    );
    cli.ok("s3api delete-object --bucket artifacts --key k");
    cli.ok("s3 rb s3://artifacts");
    let builds = cli.fails("codebuild list-builds");
    assert!(builds.contains("UnknownOperationException") && builds.contains("ListBuilds"), "{builds}");
}
