//! `cargo xtask mutants`: promises broken on purpose, each of which a test has to notice.

mod copy;
mod mutant;

use std::time::Instant;

use anyhow::{bail, ensure};

use crate::surroundings::Surroundings;
use copy::{Copy, Verdict};

/// Makes these mutants, or all, one after the other in a copy of the working tree. Fails when one
/// survives, can't be made, or doesn't compile, and when its test is not there or fails without it.
pub(crate) fn run(names: &[String]) -> anyhow::Result<()> {
    let mutants = mutant::chosen(names)?;
    let around = Surroundings::provide()?;
    let copy = Copy::new();
    copy.refresh()?;
    println!("as it is: every test has to pass");
    let mut asked = Vec::new();
    for mutant in &mutants {
        if asked.contains(&&mutant.test) {
            continue;
        }
        match copy.ask(&mutant.test, &around)? {
            Verdict::Green => asked.push(&mutant.test),
            Verdict::Red => bail!("{} fails without any mutant", mutant.test),
            Verdict::None(why) => bail!("{}: {why}", mutant.test),
        }
    }
    let mut wrong = Vec::new();
    for mutant in &mutants {
        let begun = Instant::now();
        copy.refresh()?;
        let verdict = match copy.apply(mutant) {
            Ok(()) => copy.ask(&mutant.test, &around)?,
            Err(error) => Verdict::None(format!("it can't be made: {error:#}")),
        };
        let said = match verdict {
            Verdict::Red => "killed".to_owned(),
            Verdict::Green => format!("SURVIVES {}\n  {}", mutant.test, mutant.breaks),
            Verdict::None(why) => format!("NO ANSWER: {why}"),
        };
        println!("{} ({} s): {said}", mutant.name, begun.elapsed().as_secs());
        if said != "killed" {
            wrong.push(mutant.name.as_str());
        }
    }
    copy.refresh()?;
    println!(
        "{} of {} killed",
        mutants.len() - wrong.len(),
        mutants.len()
    );
    ensure!(wrong.is_empty(), "not killed: {}", wrong.join(", "));
    Ok(())
}
