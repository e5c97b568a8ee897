//! The guide's blocks: what is run, what is only shown, and what is claimed to be the output.

use std::ops::Range;

use anyhow::{Context as _, bail, ensure};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

/// A block of commands.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Where it begins, counted from 1.
    pub(crate) line: usize,
    /// Why it is only shown, as the fence's second word says; `None` if it is run.
    pub(crate) only_shown: Option<String>,
    pub(crate) script: String,
    pub(crate) output: Option<Output>,
}

/// What the guide says that the commands print.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Its lines in the guide, counted from 0, without the fences.
    pub(crate) lines: Range<usize>,
    pub(crate) text: String,
}

/// A fenced block as it stands.
struct Block {
    /// Where the opening fence stands and where the closing one ends, in bytes.
    place: Range<usize>,
    info: String,
    /// The lines between them, counted from 0.
    lines: Range<usize>,
    text: String,
}

/// The steps of a guide.
pub(crate) fn steps(guide: &str) -> anyhow::Result<Vec<Step>> {
    let mut steps: Vec<Step> = Vec::new();
    let mut end_of_step = None;
    for block in blocks(guide)? {
        let mut words = block.info.split_whitespace();
        match words.next() {
            Some("sh") => {
                end_of_step = Some(block.place.end);
                steps.push(Step {
                    line: block.lines.start,
                    only_shown: words.next().map(str::to_owned),
                    script: block.text,
                    output: None,
                });
            }
            Some("text") => {
                let since = end_of_step.take().map(|end| &guide[end..block.place.start]);
                let follows = since.is_some_and(|since| since.trim().is_empty());
                let step = steps.last_mut().filter(|_| follows);
                let step = step.with_context(|| {
                    format!("line {}: the output of no commands", block.lines.start)
                })?;
                step.output = Some(Output {
                    lines: block.lines,
                    text: block.text,
                });
            }
            _ => {}
        }
    }
    Ok(steps)
}

fn blocks(guide: &str) -> anyhow::Result<Vec<Block>> {
    let mut blocks = Vec::new();
    for (event, place) in Parser::new(guide).into_offset_iter() {
        let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = event else {
            continue;
        };
        let first = guide[..place.start].matches('\n').count() + 1;
        let lines: Vec<_> = guide[place.clone()].lines().skip(1).collect();
        ensure!(!info.is_empty(), "line {first}: a block of no language");
        let Some((&"```", lines)) = lines.split_last() else {
            bail!("line {first}: a block without an end");
        };
        blocks.push(Block {
            place,
            info: info.into_string(),
            lines: first..first + lines.len(),
            text: lines.join("\n"),
        });
    }
    Ok(blocks)
}

/// The guide with other outputs.
pub(crate) fn with_outputs(guide: &str, outputs: &[(&Output, String)]) -> String {
    let mut lines: Vec<_> = guide.lines().map(str::to_owned).collect();
    let mut outputs: Vec<_> = outputs.iter().collect();
    outputs.sort_by_key(|(output, _)| output.lines.start);
    // From the end, so that the lines before stay where they are.
    for (output, text) in outputs.into_iter().rev() {
        lines.splice(output.lines.clone(), text.lines().map(str::to_owned));
    }
    lines.join("\n") + "\n"
}

/// The packages that the guide installs.
pub(crate) fn packages(steps: &[Step]) -> Vec<String> {
    let run = steps.iter().filter(|step| step.only_shown.is_none());
    run.flat_map(|step| step.script.lines())
        .filter_map(|line| line.strip_prefix("apt-get install "))
        .flat_map(str::split_whitespace)
        .filter(|word| !word.starts_with('-'))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUIDE: &str = "# Title\n\n```sh\napt-get install --yes curl jq\necho a\n```\n\n```text\na\n```\n\n\
        ```sh build\ncargo build\n```\n\n```ini\n[x]\n```\n\nEnd.\n";

    #[test]
    fn commands_have_their_output_with_them() {
        let steps = steps(GUIDE).unwrap();
        assert_eq!(steps.len(), 2);
        assert_eq!((steps[0].line, steps[0].only_shown.as_deref()), (3, None));
        assert_eq!(steps[0].script, "apt-get install --yes curl jq\necho a");
        let output = steps[0].output.as_ref().unwrap();
        assert_eq!((output.lines.clone(), output.text.as_str()), (8..9, "a"));
        assert_eq!(steps[1].only_shown.as_deref(), Some("build"));
        assert_eq!(steps[1].output, None);
        assert_eq!(packages(&steps), ["curl", "jq"]);
    }

    #[test]
    fn outputs_are_replaced_and_nothing_else() {
        let steps = steps(GUIDE).unwrap();
        let output = steps[0].output.as_ref().unwrap();
        let longer = with_outputs(GUIDE, &[(output, "b\nc".to_owned())]);
        assert_eq!(longer, GUIDE.replace("```text\na\n", "```text\nb\nc\n"));
        assert_eq!(with_outputs(GUIDE, &[]), GUIDE);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for guide in [
            "```sh\necho a\n",
            "```text\na\n```\n",
            "```sh\necho a\n```\nWords.\n\n```text\na\n```\n",
            "```\na\n```\n",
        ] {
            assert!(steps(guide).is_err(), "{guide}");
        }
    }
}
