//! A secret between two people, and what its visitor sees.

use e2e::{Page, Web, World, eventually, link_of};
use shared::crypto::LinkToken;
use uuid::Uuid;

/// A secret that was delivered.
pub(super) struct Secret {
    sender: String,
    pub(super) token: String,
    pub(super) id: Uuid,
    hash: Vec<u8>,
}

impl Secret {
    /// One of two people who had none before.
    pub(super) async fn number(world: &World, number: usize) -> Self {
        let person = |number: usize| format!("U0CROWD{number:03}");
        let (sender, recipient) = (person(2 * number), person(2 * number + 1));
        world.send_from(&sender, &recipient).await;
        let message = world.slack().messages(&recipient, 1).await.pop().unwrap();
        let token = link_of(&message).rsplit('/').next().unwrap().to_owned();
        let of = format!("SELECT HEX(id) FROM secrets WHERE recipient = '{recipient}'");
        let id = world.database.text(&of).await;
        // Its message is written down: it is then changed in time when the secret ends.
        eventually("the message is settled", || async {
            let settled = format!(
                "SELECT COUNT(*) FROM deliveries WHERE addressee = '{recipient}' \
                 AND settled_at IS NOT NULL"
            );
            (world.database.count(&settled).await > 0).then_some(())
        })
        .await;
        Self {
            sender,
            id: Uuid::parse_str(&id).unwrap(),
            hash: LinkToken::parse(&token).unwrap().hash().as_bytes().to_vec(),
            token,
        }
    }

    /// What stands in the parameters of statements about it.
    pub(super) fn names(&self) -> [&[u8]; 2] {
        [&self.hash, self.id.as_bytes()]
    }

    pub(super) async fn is_live(&self, world: &World) -> bool {
        let hex = self.id.simple();
        let live =
            format!("SELECT COUNT(*) FROM secrets WHERE id = X'{hex}' AND ciphertext IS NOT NULL");
        world.database.count(&live).await > 0
    }

    /// It can still be opened, and then not again.
    pub(super) async fn opens_once(&self, web: &Web, case: &str) {
        let page = web.look(&self.token).await;
        assert!(page.confirmation().is_some(), "{case}: {}", page.state());
        let confirmation = page.confirmation().unwrap();
        let shown = web.press(&self.token, confirmation).await;
        assert!(is_shown(&shown), "{case}: {}", shown.state());
        self.stays_shut(web, confirmation, case).await;
    }

    /// The page that opened it opens it no more, and says that nobody else did.
    pub(super) async fn stays_shut(&self, web: &Web, confirmation: &str, case: &str) {
        let again = web.press(&self.token, confirmation).await;
        assert_eq!((again.status, again.state()), (410, "repeated"), "{case}");
    }

    /// What its sender is told, once that is how it is: that it was opened, and nothing that rings.
    pub(super) async fn sender_hears(&self, world: &World, told: &str, case: &str) {
        let receipt = eventually(case, || async {
            let receipts = world.slack().messages_now(&self.sender).await;
            let receipts = receipts.iter().map(ToString::to_string).collect::<String>();
            receipts.contains(told).then_some(receipts)
        })
        .await;
        assert!(!receipt.contains("somebody else"), "{case}: {receipt}");
    }
}

/// Whether it is the page with the secret, which says what was sent.
pub(super) fn is_shown(page: &Page) -> bool {
    let secret = page.secret();
    assert!(
        secret.is_none() || secret.as_deref() == Some("canary-sent"),
        "{secret:?}"
    );
    assert_eq!(
        secret.is_some(),
        page.status == 200 && page.confirmation().is_none()
    );
    secret.is_some()
}
