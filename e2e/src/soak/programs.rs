//! The programs that are stopped and killed.

use rand::{RngExt as _, rngs::StdRng};

use super::Scene;
use crate::{Account, Bot, Process, Web};

/// Programs that come and go.
pub(super) struct Programs {
    pub(super) bots: Vec<Bot>,
    /// The reveal-web in bad weather; always at one address.
    pub(super) web: Web,
    web_variables: Vec<(&'static str, String)>,
}

impl Programs {
    /// Two bots, and the reveal-web with these variables.
    pub(super) fn with(
        bots: Vec<Bot>,
        web: Web,
        web_variables: Vec<(&'static str, String)>,
    ) -> Self {
        Self {
            bots,
            web,
            web_variables,
        }
    }

    /// One of the bots is followed by another.
    pub(super) async fn replace_a_bot(&mut self, scene: &Scene<'_>, random: &mut StdRng) {
        let victim = random.random_range(0..self.bots.len());
        let mut bot = self.bots.swap_remove(victim);
        end(scene, "bot", &mut bot.process, random).await;
        let bot = new_bot(scene, random.random_bool(0.7)).await;
        self.bots.push(bot);
    }

    /// The reveal-web is followed by another.
    pub(super) async fn replace_the_web(&mut self, scene: &Scene<'_>, random: &mut StdRng) {
        end(scene, "reveal-web", &mut self.web.process, random).await;
        self.web = scene.world.new_web(&self.web_variables).await;
    }
}

/// A bot that reaches its database in bad weather, or in fair. What one of them takes goes out with
/// a button, what the other one takes with a link, whichever of them posts it.
pub(super) async fn new_bot(scene: &Scene<'_>, is_unsteady: bool) -> Bot {
    let link_delivery = if is_unsteady { "on_click" } else { "dm" };
    let mut variables = vec![("LINK_DELIVERY", link_delivery.to_owned())];
    if let Some(proxy) = scene.proxy.as_ref().filter(|_| is_unsteady) {
        let url = proxy.url(&scene.world.database, Account::Bot).await;
        variables.push(("DATABASE_URL", url));
    }
    scene.world.new_bot(&variables)
}

async fn end(scene: &Scene<'_>, name: &str, process: &mut Process, random: &mut StdRng) {
    if random.random_bool(0.6) {
        scene.counts.add(&format!("fault: {name} killed"));
        process.kill().await;
    } else {
        scene.counts.add(&format!("fault: {name} stopped"));
        assert_eq!(process.stop().await, Some(0), "{}", process.output());
    }
    assert!(
        !process.output().contains("panicked"),
        "{}",
        process.output()
    );
}
