//! The manifest that operators paste at Slack, held against what Slack publishes of its form: the
//! types of Slack's own client, and the limits of Slack's schema.

use std::fmt::Write as _;

use e2e::{run, tool};
use tokio::process::Command;

/// Slack's limits, from <https://github.com/slackapi/manifest-schema> (version 2.0.0) and
/// <https://docs.slack.dev/reference/app-manifest>; of what we use, and nothing besides it.
const SCHEMA: &str = include_str!("slack_app.schema.json");

/// Manifests with names as usual, and with the longest that there may be.
async fn manifests() -> Vec<String> {
    let (name, bot, description) = ("é".repeat(35), "é".repeat(80), "é".repeat(140));
    let command = format!("/{}", "a".repeat(31));
    let longest = [
        "manifest",
        "--language",
        "fr",
        "--name",
        &name,
        "--bot-name",
        &bot,
        "--description",
        &description,
        "--command",
        &command,
        "--color",
        "#FFFFFF",
    ];
    let mut manifests = Vec::new();
    for arguments in [
        &["manifest"][..],
        &["manifest", "--language", "fr"],
        &longest,
    ] {
        let ran = run("secure-secret-bot", arguments, &[]).await;
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        manifests.push(ran.out);
    }
    manifests
}

async fn succeeds(command: &mut Command) -> String {
    let output = command.output().await.unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() {
        String::new()
    } else {
        format!("{} {said}", output.status)
    }
}

/// Checks manifests by the types that Slack's client for JavaScript gives them.
async fn faults_by_type(manifests: &[String]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let modules = tool("NODE_PATH");
    std::os::unix::fs::symlink(&modules, folder.path().join("node_modules")).unwrap();
    let mut source =
        "import type { AppsManifestCreateArguments } from \"@slack/web-api\";\n".to_owned();
    for (number, manifest) in manifests.iter().enumerate() {
        let kind = "AppsManifestCreateArguments[\"manifest\"]";
        writeln!(source, "export const a{number}: {kind} = {manifest};").unwrap();
    }
    std::fs::write(folder.path().join("app.mts"), source).unwrap();
    succeeds(
        Command::new(tool("SLACK_BOLT_NODE"))
            .arg(modules.join("typescript/bin/tsc"))
            .args([
                "--noEmit",
                "--strict",
                "--skipLibCheck",
                "--module",
                "nodenext",
            ])
            .args(["--target", "es2023", "app.mts"])
            .current_dir(folder.path()),
    )
    .await
}

async fn faults_by_schema(manifest: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("schema.json"), SCHEMA).unwrap();
    std::fs::write(file("app.json"), manifest).unwrap();
    succeeds(
        Command::new(tool("CHECK_JSONSCHEMA_PYTHON"))
            .args(["-m", "check_jsonschema", "--schemafile"])
            .args([file("schema.json"), file("app.json")]),
    )
    .await
}

#[tokio::test]
async fn the_manifest_has_the_types_of_slacks_own_client() {
    let manifests = manifests().await;
    assert_eq!(faults_by_type(&manifests).await, "");
    let wrong = [manifests[0].replace("im:write", "im:wrte")];
    assert!(faults_by_type(&wrong).await.contains("'BotScope'"));
}

#[tokio::test]
async fn the_manifest_keeps_to_the_limits_of_slacks_schema() {
    let manifests = manifests().await;
    for manifest in &manifests {
        assert_eq!(faults_by_schema(manifest).await, "", "{manifest}");
    }
    let name = format!("\"name\": \"{}", "é".repeat(35));
    let wrong = manifests[2].replacen(&name, &format!("{name}é"), 1);
    assert_ne!(wrong, manifests[2]);
    assert!(
        faults_by_schema(&wrong)
            .await
            .contains("display_information.name")
    );
}

#[tokio::test]
async fn names_beyond_slacks_limits_are_refused() {
    for (flag, value) in [
        ("--name", "x".repeat(36)),
        ("--bot-name", "x".repeat(81)),
        ("--description", "x".repeat(141)),
        ("--command", "sendsecret".to_owned()),
        ("--color", "blue".to_owned()),
        ("--language", "de".to_owned()),
    ] {
        let ran = run("secure-secret-bot", &["manifest", flag, &value], &[]).await;
        assert_eq!(ran.code, Some(2), "{flag}: {}", ran.out);
    }
}
