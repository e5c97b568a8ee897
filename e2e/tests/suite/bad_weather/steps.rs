//! The courier's and the sweeper's steps, by themselves: each is done or it isn't, and whoever
//! comes next finds which.

use std::time::Duration;

use e2e::{
    Account, Engine, Keys, TestDatabase, invariants,
    mysql_proxy::{MySqlProxy, Trip, Watch, Whose},
};
use futures_util::future::join_all;
use shared::{
    domain::ids::{ChannelId, MessageTs, SecretId},
    store::{
        Database, StoreError,
        claim::{ClaimError, Which},
        create::Created,
        database_url::DatabaseUrl,
        deliveries::{DeliveryKind, Job, Nudges, Posted},
        expire, settle,
    },
};
use uuid::Uuid;

use super::{SHORT, Weather, each_at_each, in_lanes};

/// Databases in which steps are made at the same time.
const LANES: usize = 6;

const LEASE: Duration = Duration::from_mins(1);

/// What there is to sweep.
const OVER: &str = "secrets WHERE ciphertext IS NOT NULL AND expires_at = created_at + 1";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Claim,
    Settle,
    GiveBack,
    Fail,
    Sweep,
}

/// A database, and two ways to it.
pub(super) struct Lane {
    pub(super) database: TestDatabase,
    proxy: MySqlProxy,
    pub(super) calm: Database,
    pub(super) stormy: Database,
    keys: Keys,
}

impl Lane {
    async fn new() -> Self {
        let database = TestDatabase::migrated(Engine::MySql).await;
        let proxy = MySqlProxy::before(&database).await;
        let url = proxy.url(&database, Account::Bot).await;
        let url = DatabaseUrl::parse(&url).unwrap();
        let stormy = Database::connect(&url, Account::Bot.program()).await;
        Self {
            calm: database.store_of(Account::Bot).await,
            stormy: stormy.unwrap(),
            keys: Keys::fresh(),
            proxy,
            database,
        }
    }

    pub(super) async fn create(&self) -> SecretId {
        let new = Keys::submission(&format!("V{}", Uuid::now_v7().simple()), "x");
        let (master, delivery) = (self.keys.master(), self.keys.delivery());
        match self.calm.create(&master, &delivery, &new).await {
            Ok(Created::New { secret, .. }) => secret,
            other => unreachable!("{other:?}"),
        }
    }

    pub(super) async fn claim(&self, store: &Database) -> Result<Option<Job>, StoreError> {
        let claimed = store.claim(LEASE, Which::Due(&[])).await;
        claimed.map_err(|error| match error {
            ClaimError::Store(error) => error,
            ClaimError::PassedOver(row) => unreachable!("{row}"),
        })
    }

    pub(super) async fn settle(&self, store: &Database, job: &Job) -> Result<(), StoreError> {
        let (channel, message) = ("D1", "1.1");
        let posted = Posted {
            channel: ChannelId::parse(channel).unwrap(),
            message: MessageTs::parse(message).unwrap(),
        };
        settle::sent(store, job, &posted, Nudges::default()).await
    }

    /// What is left of a delivery is done: its receipt too, if that is due by now.
    pub(super) async fn clears(&self, message: Option<&Job>, case: &str) {
        if let Some(message) = message {
            self.settle(&self.calm, message).await.unwrap();
        }
        let receipt = self.claim(&self.calm).await.unwrap();
        let receipt = receipt.unwrap_or_else(|| unreachable!("{case}: no receipt is due"));
        assert_eq!(receipt.kind, DeliveryKind::SenderReceipt, "{case}");
        self.settle(&self.calm, &receipt).await.unwrap();
        assert!(self.claim(&self.calm).await.unwrap().is_none(), "{case}");
    }

    pub(super) async fn count(&self, what: &str) -> i64 {
        self.database
            .count(&format!("SELECT COUNT(*) FROM {what}"))
            .await
    }

    async fn takes(&self, step: Step, weather: &Weather) -> Vec<Trip> {
        let case = format!("{step:?} {weather:?}");
        let watch = match step {
            Step::Claim => self.claims(weather, &case).await,
            Step::Settle => self.settles(weather, &case).await,
            Step::GiveBack => self.gives_back(weather, &case).await,
            Step::Fail => self.fails(weather, &case).await,
            Step::Sweep => self.sweeps(weather, &case).await,
        };
        let trips = watch.trips();
        assert!(weather.is_empty() || watch.hits() > 0, "{case}: {trips:?}");
        trips
    }

    pub(super) fn watch(&self, weather: &Weather) -> Watch {
        self.proxy.watch(Whose::All, &[], weather)
    }

    /// A claim that failed leased nothing, or for its time only; whoever comes then knows.
    async fn claims(&self, weather: &Weather, case: &str) -> Watch {
        let secret = self.create().await;
        let named = self.proxy.watch(Whose::All, &[secret.as_bytes()], weather);
        let claimed = self.claim(&self.stormy).await;
        named.is_at_rest().await;
        let is_leased = self
            .count("deliveries WHERE leased_until IS NOT NULL")
            .await
            > 0;
        let job = match claimed {
            Ok(job) => {
                assert!(is_leased, "{case}");
                job.unwrap()
            }
            Err(error) => {
                assert!(error.is_passing(), "{case}: {error}");
                if is_leased {
                    assert!(self.claim(&self.calm).await.unwrap().is_none(), "{case}");
                    let passes =
                        "UPDATE deliveries SET leased_until = 0 WHERE leased_until IS NOT NULL";
                    self.database.run(Account::Migrate, passes).await.unwrap();
                }
                let job = self.claim(&self.calm).await.unwrap().unwrap();
                assert_eq!(job.doubtful, is_leased, "{case}");
                assert_eq!(job.attempt, 1 + u32::from(is_leased), "{case}");
                job
            }
        };
        assert_eq!(
            (job.secret, job.kind),
            (secret, DeliveryKind::RecipientMessage),
            "{case}"
        );
        self.clears(Some(&job), case).await;
        named
    }

    /// What could not be written down is written down at the next try, or was: then that says so.
    async fn settles(&self, weather: &Weather, case: &str) -> Watch {
        self.create().await;
        let job = self.claim(&self.calm).await.unwrap().unwrap();
        let watch = self.watch(weather);
        let settled = self.settle(&self.stormy, &job).await;
        watch.is_at_rest().await;
        let open = self.count("deliveries WHERE sealed IS NOT NULL").await;
        let left = match &settled {
            Ok(()) => {
                assert_eq!(open, 0, "{case}");
                None
            }
            Err(StoreError::CommitUnknown) if open == 0 => {
                let again = self.settle(&self.calm, &job).await;
                assert_eq!(again, Err(StoreError::Stale), "{case}");
                None
            }
            Err(error) => {
                assert_eq!(open, 1, "{case}");
                // Else the courier does not ask again, and the message is posted twice.
                assert!(error.is_passing(), "{case}: {error}");
                Some(&job)
            }
        };
        self.clears(left, case).await;
        watch
    }

    /// A sweep destroys all it took, or nothing, and the next one the rest.
    async fn sweeps(&self, weather: &Weather, case: &str) -> Watch {
        for _ in 0..2 {
            let id = self.create().await.as_uuid().simple();
            let over = format!("UPDATE secrets SET expires_at = created_at + 1 WHERE id = X'{id}'");
            self.database.run(Account::Migrate, &over).await.unwrap();
        }
        let watch = self.watch(weather);
        let swept = expire::sweep_batch(&self.stormy, 10, &[]).await;
        watch.is_at_rest().await;
        let left = self.count(OVER).await;
        match swept {
            Ok(swept) => assert_eq!((swept.destroyed, left), (2, 0), "{case}"),
            Err(StoreError::CommitUnknown) => assert!(left == 0 || left == 2, "{case}: {left}"),
            Err(error) => assert_eq!(left, 2, "{case}: {error}"),
        }
        let rest = expire::sweep_batch(&self.calm, 10, &[]).await;
        assert_eq!(
            rest.map(|rest| i64::from(rest.destroyed)),
            Ok(left),
            "{case}"
        );
        let done = "UPDATE deliveries SET next_attempt_at = NULL, settled_at = 1, sealed = NULL, key_id = NULL, \
                    outcome = 'sent' WHERE settled_at IS NULL";
        self.database.run(Account::Migrate, done).await.unwrap();
        watch
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_done_or_is_not_whatever_fails() {
    let lanes = join_all((0..LANES).map(|_| Lane::new())).await;
    let mut cases = Vec::new();
    for step in [
        Step::Claim,
        Step::Settle,
        Step::GiveBack,
        Step::Fail,
        Step::Sweep,
    ] {
        let trips = lanes[0].takes(step, &Weather::new()).await;
        println!("{step:?} is {trips:?}");
        let each = each_at_each(&SHORT, &trips).into_iter();
        cases.extend(each.map(|(_, weather)| (step, weather)));
    }
    println!("{} cases", cases.len());
    in_lanes(&lanes, cases, async |lane, _, (step, weather)| {
        lane.takes(step, &weather).await;
    })
    .await;
    for lane in lanes {
        let session = lane.database.session().await;
        assert_eq!(invariants::broken(&session, None).await, [] as [String; 0]);
        session.close().await.unwrap();
        lane.database.remove().await;
    }
}
