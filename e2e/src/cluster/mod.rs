//! A cluster under load, in trouble: each secret is pressed for at every reveal-web at once, while
//! something happens to a server. Run by `cargo xtask cluster`.

mod group;
mod race;
mod rules;
mod trouble;

use std::{collections::BTreeMap, time::Duration};

use tokio::time::sleep;

pub use self::group::Mode;
use self::{
    group::{Group, MEMBERS},
    race::{Door, Told},
    trouble::Trouble,
};
use crate::{Account, Options, Sent, TestDatabase, World};
use shared::store::{Database, database_url::DatabaseUrl};

/// How long presses go on.
const WITHIN: Duration = Duration::from_secs(16);

/// When something happens, after the first press.
const AFTER: Duration = Duration::from_secs(3);

/// How it went with one trouble.
pub struct Outcome {
    trouble: Trouble,
    secrets: usize,
    /// How many were shown to somebody.
    shown: usize,
    /// How many could be opened afterwards, as nobody had.
    later: usize,
    /// How many were opened and shown to nobody; somebody was told that it is not known.
    unsure: usize,
    /// What people were told, at each of their tries.
    told: BTreeMap<String, usize>,
    /// The promises that were broken.
    pub broken: Vec<String>,
}

/// Plays every trouble, or those with this text in their name.
pub async fn run(mode: Mode, secrets: usize, only: &str, tell: impl Fn(&Outcome)) -> Vec<Outcome> {
    let mut group = Group::start(mode).await;
    let database = TestDatabase::migrated_on(&group.servers[group.primary().await]).await;
    group.whole().await;
    let world = start(database, &group).await;
    let broken = rules::of_accounts(&group, &world).await;
    let mut outcomes = Vec::new();
    for trouble in Trouble::all(mode) {
        if trouble.name().contains(only) {
            let outcome = play(trouble, &mut group, &world, secrets).await;
            tell(&outcome);
            outcomes.push(outcome);
        }
    }
    if let Some(last) = outcomes.last_mut() {
        last.broken.extend(broken);
        last.broken.extend(rules::of_rows(&group, &world).await);
    }
    outcomes
}

/// A reveal-web for each server, which it names first.
async fn start(database: TestDatabase, group: &Group) -> World {
    let options = Options {
        bot: false,
        webs: 0,
        ..Options::default()
    };
    let mut world = World::on(database, options).await;
    for at in 0..MEMBERS {
        let mut ports = group.ports.clone();
        ports.rotate_left(at);
        let url = world.database.url_at(Account::Web, &ports);
        let variables = [
            ("DATABASE_URL", url),
            ("RATE_LIMIT", "100000/1s".to_owned()),
            ("RUST_LOG", "info".to_owned()),
        ];
        world.start_web(&variables).await;
    }
    world
}

async fn play(trouble: Trouble, group: &mut Group, world: &World, secrets: usize) -> Outcome {
    let sent = send(group, world, secrets).await;
    let doors: Vec<_> = world.webs.iter().map(Door::of).collect();
    let name = world.database.name().to_owned();
    let (told, ()) = tokio::join!(race::run(&doors, &sent, WITHIN), async {
        // Pages are fetched before the first press.
        sleep(AFTER).await;
        trouble.strike(group, &name).await;
    });
    judge(trouble, group, world, &doors, &sent, &told).await
}

async fn send(group: &Group, world: &World, count: usize) -> Vec<Sent> {
    let url = world.database.url_at(Account::Migrate, &group.ports);
    let url = DatabaseUrl::parse(&url).unwrap();
    let store = Database::connect(&url, Account::Migrate.program())
        .await
        .unwrap();
    let mut sent = Vec::new();
    for number in 0..count {
        sent.push(world.keys.send(&store, &format!("secret {number}")).await);
    }
    group.whole().await;
    sent
}

async fn judge(
    trouble: Trouble,
    group: &Group,
    world: &World,
    doors: &[Door],
    sent: &[Sent],
    told: &[Vec<Told>],
) -> Outcome {
    let mut outcome = Outcome {
        trouble,
        secrets: sent.len(),
        shown: 0,
        later: 0,
        unsure: 0,
        told: BTreeMap::new(),
        broken: Vec::new(),
    };
    let ends = rules::ends(group, world).await;
    for (sent, told) in sent.iter().zip(told) {
        for said in told.iter().flat_map(|told| &told.all) {
            *outcome.told.entry(said.clone()).or_default() += 1;
        }
        let winners = told.iter().filter_map(|told| told.secret.as_ref());
        let winners: Vec<_> = winners.collect();
        let end = ends
            .get(sent.secret.as_bytes().as_slice())
            .map_or("", String::as_str);
        let is_unsure = told
            .iter()
            .any(|told| told.all.iter().any(|said| said == "unsure"));
        match (winners.as_slice(), end) {
            ([text], "viewed") if **text == sent.text => outcome.shown += 1,
            ([], "lives") => {
                let all = race::run(&doors[..1], std::slice::from_ref(sent), WITHIN / 100).await;
                match all.iter().flatten().find_map(|told| told.secret.as_ref()) {
                    Some(text) if *text == sent.text => outcome.later += 1,
                    _ => outcome
                        .broken
                        .push(format!("{:?} lives and can't be opened", sent.secret)),
                }
            }
            ([], "viewed") if is_unsure => outcome.unsure += 1,
            (winners, end) => outcome.broken.push(format!(
                "{:?} was shown {} times, and its row says {end:?}: {told:?}",
                sent.secret,
                winners.len(),
            )),
        }
    }
    outcome
}

impl Outcome {
    /// A row of the table.
    #[must_use]
    pub fn row(&self) -> String {
        let told = self.told.iter();
        let told: Vec<_> = told
            .map(|(said, count)| format!("{said} {count}"))
            .collect();
        format!(
            "| {} | {} | {} | {} | {} | {} | {} |",
            self.trouble.name(),
            self.secrets,
            self.shown,
            self.later,
            self.unsure,
            self.broken.len(),
            told.join(", ")
        )
    }
}

/// The head of the table, in Markdown.
pub const HEAD: &str = "\
| what happens | secrets | shown once | opened later | opened, shown to nobody, and said so \
| shown twice or lost | what people were told |
|---|---|---|---|---|---|---|";
