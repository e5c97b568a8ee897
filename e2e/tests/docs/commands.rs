//! Commands that documents show are commands that the programs take.

use std::iter;

use crate::{
    help::{Manual, PROGRAMS},
    markdown::Document,
};

/// Words before one of our programs' names that say that the program is not run there.
const OTHER_COMMANDS: [&str; 18] = [
    "apt",
    "apt-get",
    "cargo",
    "cat",
    "chmod",
    "chown",
    "cp",
    "dpkg",
    "install",
    "journalctl",
    "ldd",
    "ln",
    "ls",
    "mv",
    "rm",
    "strip",
    "systemctl",
    "tar",
];

#[test]
fn every_command_shown_is_one_that_the_programs_take() {
    let mut manual = Manual::default();
    let (mut wrong, mut checked) = (Vec::new(), 0);
    for document in Document::all() {
        for (line, command) in commands(&document) {
            checked += 1;
            if let Err(why) = manual.check(&command) {
                wrong.push(format!("{}: {why}", document.place(line)));
            }
        }
    }
    assert!(checked > 20, "only {checked} commands were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What stands behind the fence of a block that holds no commands, but output or a file's content.
const NO_SHELL: [&str; 5] = ["text", "json", "yaml", "toml", "sql"];

/// The command lines of our programs in a document, and where they stand.
fn commands(document: &Document) -> Vec<(usize, Vec<String>)> {
    let spans = document
        .spans
        .iter()
        .map(|span| (span.line, span.text.clone()));
    let is_shell = |info: &str| !NO_SHELL.contains(&info.split(' ').next().unwrap_or_default());
    let blocks = document.blocks.iter().filter(|block| is_shell(&block.info));
    let blocks = blocks.flat_map(|block| {
        let text = block.text.replace("\\\n", " ");
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.into_iter().map(|line| (block.line, line))
    });
    spans
        .chain(blocks)
        .flat_map(|(line, text)| {
            of_line(&text)
                .into_iter()
                .map(move |command| (line, command))
        })
        .collect()
}

/// The command lines in one line of a shell.
fn of_line(line: &str) -> Vec<Vec<String>> {
    let separated = without_quoted_spaces(line)
        .replace("&&", " ; ")
        .replace("||", " ; ")
        .replace("$(", " ; ");
    let mut commands = Vec::new();
    for command in separated
        .split([';', '>', '<', ')'])
        .flat_map(|part| part.split(" | "))
    {
        let words: Vec<_> = command
            .split_whitespace()
            .take_while(|word| !word.starts_with('#'))
            .map(|word| word.trim_matches(['"', '\'', '`', ',']))
            .collect();
        let run = (0..words.len()).find_map(|at| Some((at, program(&words[at..])?)));
        let Some((at, (name, length))) = run else {
            continue;
        };
        if !words[..at].iter().any(|word| OTHER_COMMANDS.contains(word)) {
            let rest = words[at + length..].iter().map(ToString::to_string);
            commands.push(iter::once(name).chain(rest).collect());
        }
    }
    commands
}

/// A quoted text is one word.
fn without_quoted_spaces(line: &str) -> String {
    let mut quote = None;
    line.chars()
        .map(|c| {
            match quote {
                None if c == '"' || c == '\'' => quote = Some(c),
                Some(open) if open == c => quote = None,
                Some(_) if c == ' ' => return '_',
                _ => {}
            }
            c
        })
        .collect()
}

/// Which of our programs is run here, and by how many words: `./target/release/secure-secret-bot`,
/// `cargo xtask`, or `secure-secret bot`, which runs it as its service would.
fn program(words: &[&str]) -> Option<(String, usize)> {
    let name = words.first()?.rsplit(['/', '=']).next()?;
    let (name, length) = match (name, words.get(1)) {
        ("cargo", Some(&"xtask")) => ("xtask".to_owned(), 2),
        ("secure-secret", Some(part)) => (format!("{name}-{part}"), 2),
        ("xtask", _) => return None,
        _ => (name.to_owned(), 1),
    };
    PROGRAMS.contains(&name.as_str()).then_some((name, length))
}

#[test]
fn commands_are_found_where_they_are_run() {
    let found = |line: &str| {
        let lines: Vec<_> = of_line(line).iter().map(|words| words.join(" ")).collect();
        lines.join(" + ")
    };
    for (line, commands) in [
        (
            "secure-secret-bot manifest --name \"Two words\" --command '/x'",
            "secure-secret-bot manifest --name Two_words --command /x",
        ),
        (
            "DATABASE_URL=... secure-secret-migrate up",
            "secure-secret-migrate up",
        ),
        (
            "sudo -u app ./bin/secure-secret-bot --x 1  # why",
            "secure-secret-bot --x 1",
        ),
        ("ExecStart=/usr/bin/secure-secret-web", "secure-secret-web"),
        (
            "secure-secret-bot manifest > app.json",
            "secure-secret-bot manifest",
        ),
        ("cargo xtask soak --seed 7", "xtask soak --seed 7"),
        (
            "secure-secret-migrate up && secure-secret-bot",
            "secure-secret-migrate up + secure-secret-bot",
        ),
        ("systemctl enable --now secure-secret-bot", ""),
        (
            "install target/release/secure-secret-bot /usr/local/bin/",
            "",
        ),
        ("xtask", ""),
        (
            "secure-secret bot audit list",
            "secure-secret-bot audit list",
        ),
        ("bash .ci/run", ""),
    ] {
        assert_eq!(found(line), commands, "{line}");
    }
}
