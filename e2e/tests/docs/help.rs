//! What a program says that it takes: its `--help`, and that of its subcommands.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use e2e::binary;

/// Our programs, and the workspace's own commands.
pub(crate) const PROGRAMS: [&str; 4] = [
    "secure-secret-bot",
    "secure-secret-migrate",
    "secure-secret-web",
    "xtask",
];

/// What was asked before: programs are slow to start when many tests run.
#[derive(Default)]
pub(crate) struct Manual(BTreeMap<Vec<String>, Help>);

#[derive(Clone, Default)]
struct Help {
    flags: BTreeSet<String>,
    /// Those that are followed by a value.
    with_value: BTreeSet<String>,
    subcommands: BTreeSet<String>,
    takes_arguments: bool,
}

impl Manual {
    /// Checks a command line: a program's name, its subcommands, its flags.
    pub(crate) fn check(&mut self, words: &[String]) -> Result<(), String> {
        let mut command = vec![words[0].clone()];
        let mut help = self.help(&command);
        let mut is_value = false;
        for word in &words[1..] {
            if std::mem::take(&mut is_value) {
                continue;
            }
            if word == "--" {
                return Ok(());
            }
            if word.starts_with('-') {
                let (flag, value) = word.split_once('=').unwrap_or((word, ""));
                if !help.flags.contains(flag) {
                    return Err(format!("`{}` has no {flag}", command.join(" ")));
                }
                is_value = value.is_empty() && help.with_value.contains(flag);
            } else if !help.subcommands.is_empty() {
                for name in word.split('|') {
                    if !help.subcommands.contains(name) {
                        return Err(format!("`{}` has no `{name}`", command.join(" ")));
                    }
                }
                if word.contains('|') {
                    return Ok(());
                }
                command.push(word.clone());
                help = self.help(&command);
            } else if !help.takes_arguments && !matches!(word.as_str(), "…" | "...") {
                return Err(format!("`{}` takes no {word}", command.join(" ")));
            }
        }
        Ok(())
    }

    fn help(&mut self, command: &[String]) -> Help {
        let asked = self.0.entry(command.to_vec());
        asked.or_insert_with(|| ask(command)).clone()
    }
}

fn ask(command: &[String]) -> Help {
    let output = Command::new(binary(&command[0]))
        .args(&command[1..])
        .arg("--help")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", command[0]));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{} --help", command.join(" "));
    let mut help = Help::default();
    let mut in_commands = false;
    for line in text.lines() {
        if !line.starts_with(' ') {
            in_commands = line == "Commands:";
            help.takes_arguments |= line == "Arguments:";
            continue;
        }
        let indent = line.len() - line.trim_start().len();
        let words: Vec<_> = line.split_whitespace().collect();
        if in_commands && indent == 2 {
            help.subcommands
                .extend(words.first().map(ToString::to_string));
        } else if indent <= 6 && line.trim_start().starts_with('-') {
            // `-h, --help`, or `--limit <COUNT>`
            for flag in words.iter().take_while(|word| word.starts_with('-')) {
                help.flags.insert(flag.trim_end_matches(',').to_owned());
            }
            if words.iter().any(|word| word.starts_with('<')) {
                let flags = words.iter().filter(|word| word.starts_with("--"));
                help.with_value.extend(flags.map(ToString::to_string));
            }
        }
    }
    help
}
