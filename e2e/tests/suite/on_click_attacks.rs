//! What somebody opens who got hold of some of the pieces of secrets whose messages have a button:
//! what Slack keeps of the conversations, the database, the keys, a link.

use e2e::{Account, Keys, TestDatabase, on_each_engine};
use secrecy::SecretString;
use shared::{
    crypto::{
        Binding, DeliveryKeys, Half, KeyId, LinkBinding, LinkToken, MasterKeys, SealedParcel,
        SealedSecret, SealedShare, Share, Way,
    },
    domain::{
        clock::Timestamp,
        ids::{ChannelId, DeliveryId, MessageTs, SecretId},
    },
    store::{
        Database,
        deliveries::{Nudges, Posted},
        settle,
    },
};
use uuid::Uuid;

const SECRETS: usize = 100;
const TEXT: &str = "canary-attacked";

/// What was sent, and where its pieces are.
struct Victim {
    secret: SecretId,
    /// The share as the button of the message in Slack has it.
    button: SecretString,
    /// A link that was made for the recipient.
    token: LinkToken,
    in_database: Rows,
}

/// What the database, or a copy of it, holds of it.
struct Rows {
    sealed: SealedSecret,
    expires_at: Timestamp,
    delivery: DeliveryId,
    parcel: Option<SealedParcel>,
    share: Option<SealedShare>,
    link_expires_at: Timestamp,
}

/// What the attacker has.
#[derive(Default)]
struct Loot<'a> {
    history: bool,
    database: bool,
    master: Option<&'a MasterKeys>,
    delivery: Option<&'a DeliveryKeys>,
    link: bool,
}

impl Loot<'_> {
    /// Tries every way from the pieces to the secret.
    fn opens(&self, of: &Victim) -> bool {
        let (Some(master), true) = (self.master, self.database) else {
            return false;
        };
        let rows = &of.in_database;
        let binding = Binding {
            secret: of.secret,
            expires_at: rows.expires_at,
        };
        let opens = |half: &Half| {
            let opened = master.open(half.borrowed(), binding, &rows.sealed);
            opened.is_ok_and(|(text, _)| text.expose() == TEXT)
        };
        self.halves(of, master).iter().any(opens)
    }

    /// Every half of a key that comes of the pieces.
    fn halves(&self, of: &Victim, master: &MasterKeys) -> Vec<Half> {
        let rows = &of.in_database;
        let mut halves = Vec::new();
        let parcel = rows.parcel.as_ref();
        if let (Some(keys), Some(parcel)) = (self.delivery, parcel) {
            let opened = keys.open(rows.delivery, of.secret, Way::Share, parcel);
            halves.extend(opened.ok().map(|parcel| parcel.half));
        }
        if let (Some(keys), true) = (self.delivery, self.history) {
            let opened = keys.open_share_of_button(of.secret, &of.button);
            halves.extend(opened.ok().map(Half::Share));
        }
        if self.link {
            let binding = LinkBinding {
                secret: of.secret,
                expires_at: rows.link_expires_at,
            };
            let share = rows.share.as_ref();
            let opened = share.and_then(|share| master.open_share(&of.token, binding, share).ok());
            halves.extend(opened.map(Half::Share));
            let token = LinkToken::parse(&of.token.encode()).unwrap();
            halves.push(Half::Token(token));
        }
        halves
    }
}

struct Target {
    database: TestDatabase,
    store: Database,
    keys: Keys,
}

impl Target {
    async fn victims(&self) -> Vec<Victim> {
        let mut victims = Vec::new();
        for number in 0..SECRETS {
            victims.push(self.victim(number).await);
        }
        victims
    }

    async fn victim(&self, number: usize) -> Victim {
        let (secret, job, share) = self.keys.send_with_button(&self.store, TEXT).await;
        let key_id = job.sealed_under().unwrap();
        let button = self
            .keys
            .delivery()
            .seal_share_for_button(key_id, secret, &share);
        let posted = Posted {
            channel: ChannelId::parse("D0BOB").unwrap(),
            message: MessageTs::parse(&format!("{number}.1")).unwrap(),
        };
        settle::sent(&self.store, &job, &posted, Nudges::default())
            .await
            .unwrap();
        let token = self.link(secret, &share, &number.to_string()).await;
        Victim {
            secret,
            button: SecretString::from(button.unwrap()),
            token,
            in_database: self.rows(secret).await,
        }
    }

    async fn link(&self, secret: SecretId, share: &Share, press: &str) -> LinkToken {
        self.keys.link(&self.store, secret, share, press).await
    }

    async fn rows(&self, secret: SecretId) -> Rows {
        let id = Uuid::from_bytes(*secret.as_bytes())
            .simple()
            .to_string()
            .to_uppercase();
        let of = |column: &str, table: &str, id_column: &str| {
            format!("SELECT {column} FROM {table} WHERE HEX({id_column}) = '{id}'")
        };
        let secrets = |column: &str| of(column, "secrets", "id");
        let message = |column: &str| {
            format!(
                "{} AND kind = 'recipient_message'",
                of(column, "deliveries", "secret_id")
            )
        };
        let link = |column: &str| format!("{} AND live = 1", of(column, "links", "secret_id"));
        let key_id = self.bytes(&secrets("key_id")).await;
        let parcel = self.bytes(&message("sealed")).await;
        let parcel_key = self.bytes(&message("key_id")).await;
        let number = async |sql: String| Timestamp::from_millis(self.database.count(&sql).await);
        Rows {
            sealed: SealedSecret {
                key_id: KeyId::from_slice(&key_id).unwrap(),
                text: self.bytes(&secrets("ciphertext")).await,
                note: None,
            },
            expires_at: number(secrets("expires_at")).await,
            delivery: DeliveryId::from_uuid(
                Uuid::from_slice(&self.bytes(&message("id")).await).unwrap(),
            ),
            parcel: (!parcel.is_empty()).then(|| SealedParcel {
                key_id: KeyId::from_slice(&parcel_key).unwrap(),
                content: parcel,
            }),
            share: self.share(&link).await,
            link_expires_at: number(format!("SELECT COALESCE(({}), 0)", link("expires_at"))).await,
        }
    }

    async fn share(&self, link: impl Fn(&str) -> String) -> Option<SealedShare> {
        let content = self.bytes(&link("share")).await;
        let key_id = self.bytes(&link("key_id")).await;
        let key_id = KeyId::from_slice(&key_id)?;
        Some(SealedShare { key_id, content })
    }

    /// A column's bytes; none where there is no row or nothing in it.
    async fn bytes(&self, sql: &str) -> Vec<u8> {
        let hexadecimal = sql
            .replacen("SELECT ", "SELECT HEX(", 1)
            .replacen(" FROM", ") FROM", 1);
        let sql = format!("SELECT COALESCE(({hexadecimal}), '')");
        let digits = self.database.text(&sql).await;
        let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }
}

fn count(loot: &Loot<'_>, victims: &[Victim]) -> usize {
    victims.iter().filter(|victim| loot.opens(victim)).count()
}

on_each_engine! {
    async fn what_an_attacker_holds_opens_as_much_as_is_said(engine) {
        let database = TestDatabase::migrated(engine).await;
        let store = database.store().await;
        let target = Target { database, store, keys: Keys::fresh() };
        let victims = target.victims().await;
        let (master, delivery) = (target.keys.master(), target.keys.delivery());
        let (master, delivery) = (Some(&master), Some(&delivery));
        // Reveal-web's ring in the place of the bot's.
        let web = DeliveryKeys::parse(&target.keys.master.clone().into()).unwrap();
        let all = || Loot { history: true, database: true, master, delivery, link: true };
        for (what, loot, expected) in [
            ("history, database, reveal-web's keys", Loot { delivery: None, link: false, ..all() }, 0),
            ("the same, as if those were the bot's", Loot { delivery: Some(&web), link: false, ..all() }, 0),
            ("database, both programs' keys", Loot { history: false, link: false, ..all() }, 0),
            ("a link, database", Loot { history: false, master: None, delivery: None, ..all() }, 0),
            ("history, both programs' keys", Loot { database: false, link: false, ..all() }, 0),
            ("history, database", Loot { master: None, delivery: None, link: false, ..all() }, 0),
            ("a link, database, reveal-web's keys", Loot { history: false, delivery: None, ..all() }, SECRETS),
            ("history, database, both programs' keys", Loot { link: false, ..all() }, SECRETS),
        ] {
            assert_eq!(count(&loot, &victims), expected, "{what}");
        }
        // Copies of the database stay; the delivery keys of then are destroyed.
        let newer = Keys::fresh().delivery();
        let later = Loot { delivery: Some(&newer), link: false, ..all() };
        assert_eq!(count(&later, &victims), 0, "once the delivery keys are destroyed");
        // A link that is not the last one any more.
        let of = &victims[0];
        let share = delivery.unwrap().open_share_of_button(of.secret, &of.button).unwrap();
        target.link(of.secret, &share, "again").await;
        let in_database = target.rows(of.secret).await;
        let superseded = Victim { secret: of.secret, button: of.button.clone(), token: LinkToken::parse(&of.token.encode()).unwrap(), in_database };
        let loot = Loot { history: false, delivery: None, ..all() };
        assert!(!loot.opens(&superseded), "a newer link has its share");
        // A bot that was broken into makes a link for itself.
        let own = target.link(of.secret, &share, "mine").await;
        let made = Victim { token: own, in_database: target.rows(of.secret).await, ..superseded };
        assert!(loot.opens(&made));
        target.database.remove().await;
    }

    /// Until the message is out its row has the share sealed under the bot's keys, like a link.
    async fn before_the_message_is_out_the_bots_keys_open_it(engine) {
        let database = TestDatabase::migrated(engine).await;
        let store = database.store().await;
        let target = Target { database, store, keys: Keys::fresh() };
        let (secret, _job, _share) = target.keys.send_with_button(&target.store, TEXT).await;
        let waiting = Victim {
            secret,
            button: SecretString::from(""),
            token: LinkToken::generate().unwrap(),
            in_database: target.rows(secret).await,
        };
        let (master, delivery) = (target.keys.master(), target.keys.delivery());
        let both = Loot { database: true, master: Some(&master), delivery: Some(&delivery), ..Loot::default() };
        assert!(both.opens(&waiting));
        assert!(!Loot { delivery: None, ..both }.opens(&waiting));
        target.database.remove().await;
    }

    /// The table itself refuses a second link with a share, and a share without its mark.
    async fn of_each_secret_one_link_at_most_holds_a_share(engine) {
        let database = TestDatabase::migrated(engine).await;
        let store = database.store().await;
        let target = Target { database, store, keys: Keys::fresh() };
        target.victim(0).await;
        for set in [
            "UPDATE links SET share = NULL",
            "UPDATE links SET live = NULL",
            "UPDATE links SET live = 2",
            "UPDATE links SET key_id = NULL",
        ] {
            assert!(target.database.run(Account::Migrate, set).await.is_err(), "{set}");
        }
        let other = "INSERT INTO links SELECT token_hash_of_other, secret_id, key_id, share, live, created_at, expires_at FROM links";
        let hash = match engine {
            e2e::Engine::MySql => "UNHEX(REPEAT('00', 32))",
            e2e::Engine::Sqlite => "zeroblob(32)",
        };
        let other = other.replace("token_hash_of_other", hash);
        assert!(target.database.run(Account::Migrate, &other).await.is_err());
        target.database.remove().await;
    }
}
