//! The same secrets taken back, opened, swept and delivered at the same time, in every order: each
//! ends once, and nobody is told what did not happen.

mod judge;
mod racer;

use futures_util::{StreamExt as _, stream};

pub use self::judge::Raced;
use self::racer::Racer;
use crate::{Account, Engine, Options, World};

/// Secrets of a case.
const SECRETS: usize = 200;

/// How many are raced for at a time.
const AT_A_TIME: usize = 64;

/// What meets taking back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The message is being posted.
    Delivery,
    /// Somebody opens the link.
    Reveal,
    /// Its time is over at that moment.
    Sweep,
    /// Both of the two before.
    All,
}

impl Order {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Delivery, Self::Reveal, Self::Sweep, Self::All];

    /// In words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Reveal => "reveal",
            Self::Sweep => "sweep",
            Self::All => "reveal and sweep",
        }
    }

    const fn reveals(self) -> bool {
        matches!(self, Self::Reveal | Self::All)
    }

    const fn ends_by_time(self) -> bool {
        matches!(self, Self::Sweep | Self::All)
    }
}

/// Races for two hundred secrets, 64 at a time, with so many bots and reveal-webs.
pub async fn run(engine: Engine, processes: usize, order: Order) -> Raced {
    let options = Options {
        webs: processes,
        ..Options::default()
    };
    let mut world = World::with(engine, options).await;
    for _ in 1..processes {
        world.start_bot().await;
    }
    let store = world.database.store_of(Account::Bot).await;
    let sweep = async {
        loop {
            // As another bot would, all the time.
            shared::store::expire::sweep_batch(&store, 20, &[])
                .await
                .ok();
            tokio::task::yield_now().await;
        }
    };
    let world_ref = &world;
    let race = stream::iter(0..SECRETS)
        .map(|number| async move {
            let racer = Racer::sent(world_ref, number, order).await;
            let seen = racer.race(world_ref, order).await;
            (racer, seen)
        })
        .buffer_unordered(AT_A_TIME)
        .collect::<Vec<_>>();
    let seen = if order.ends_by_time() {
        tokio::select! {
            seen = race => seen,
            () = sweep => unreachable!("it goes on for ever"),
        }
    } else {
        race.await
    };
    // What was over when its sender pressed, and nobody has swept yet.
    if order.ends_by_time() {
        while shared::store::expire::sweep_batch(&store, 50, &[])
            .await
            .unwrap()
            .is_full
        {}
    }
    world.settled().await;
    let raced = judge::judge(&world, &seen).await;
    world.finish().await;
    raced
}
