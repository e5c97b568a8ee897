//! Names that should not be there: misspelled ones, and secrets of another program.

use super::{Exposure, Setting, definitions, flags::ENV_FILE, sources::Origin};
use crate::domain::{invalid::Invalid, program::Program};

/// A variable that other programs know, though it looks like ours.
const NOT_OURS: &str = "HTTP_PROXY";

/// Letters that may be wrong, missing or too many in a name of our own files for it to be taken for
/// a slip. The environment is everybody's, and `SSL_CERT_FILE`, which every distroless image sets,
/// is no slip of `TLS_CERT_FILE`.
const SLIPS: usize = 2;
const SLIPS_OF_ENVIRONMENT: usize = 1;

/// A name that has a value and should have none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Misplaced {
    /// It does not belong there: no program starts with it.
    Refused(Invalid),
    /// It looks like a slip in a place that is others' too: it may be theirs.
    Suspected(Invalid),
}

/// What is wrong with a name that has a value; `None` if nothing is.
///
/// A file of settings holds settings only. The environment and Docker Compose's file are others'
/// too: what they hold keeps no program from starting, and what looks like a slip there is told.
pub(super) fn misplaced(program: Program, name: &str, origin: &Origin) -> Option<Misplaced> {
    if name == ENV_FILE.to_uppercase().replace('-', "_") {
        return None;
    }
    if let Some(setting) = known(name) {
        let is_foreign = belongs_elsewhere(program, &setting);
        return is_foreign.then(|| Misplaced::Refused(not_for(program, &setting)));
    }
    let slips = match origin {
        Origin::EnvFile { .. } => SLIPS,
        _ => SLIPS_OF_ENVIRONMENT,
    };
    let meant = nearest_setting(name, slips);
    match origin {
        Origin::EnvFile {
            is_composes: false, ..
        } => Some(Misplaced::Refused(unknown(meant.as_deref()))),
        _ => meant.map(|meant| Misplaced::Suspected(unknown(Some(&meant)))),
    }
}

/// The setting that a name, or the name of its file, stands for.
fn known(name: &str) -> Option<Setting> {
    definitions::ALL
        .iter()
        .copied()
        .find(|setting| setting.name == name || setting.file_variable() == name)
}

/// What faces browsers must not hold what it has no use for: a break-in there would find it.
fn belongs_elsewhere(program: Program, setting: &Setting) -> bool {
    program == Program::Web
        && setting.exposure == Exposure::Secret
        && !setting.programs.contains(&program)
}

fn not_for(program: Program, setting: &Setting) -> Invalid {
    let owners: Vec<_> = setting.programs.iter().map(Program::to_string).collect();
    Invalid::because(format!(
        "is a secret of {} that {program} must not have, as a break-in there would find it: take it \
         away from here",
        owners.join(" and ")
    ))
}

fn unknown(meant: Option<&str>) -> Invalid {
    let hint = meant.map(|meant| format!(": is {meant} meant?"));
    Invalid::because(format!("is no setting{}", hint.unwrap_or_default()))
}

/// The known name that this one is a slip of, with so many letters off at most.
fn nearest_setting(name: &str, most: usize) -> Option<String> {
    if name == NOT_OURS {
        return None;
    }
    let names = definitions::ALL
        .iter()
        .flat_map(|setting| [setting.name.to_owned(), setting.file_variable()]);
    names
        .map(|known| (strsim::damerau_levenshtein(&known, name), known))
        .filter(|(slips, known)| *slips <= most.min(known.len() / 4))
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_environment(program: Program, name: &str) -> Option<Misplaced> {
        misplaced(program, name, &Origin::Variable(name.to_owned()))
    }

    #[test]
    fn slips_are_told_from_what_others_use() {
        for (name, meant) in [
            ("FERNET_KEY", "FERNET_KEYS"),
            ("SLACK_BOT_TOKEN_FLIE", "SLACK_BOT_TOKEN_FILE"),
            ("PUBLIC_BASEURL", "PUBLIC_BASE_URL"),
            ("TLS_CERTS", "TLS_CERT"),
        ] {
            let suspected = Misplaced::Suspected(unknown(Some(meant)));
            assert_eq!(in_environment(Program::Bot, name), Some(suspected));
        }
        for name in [
            "PATH",
            "HOME",
            "HTTP_PROXY",
            "SSL_CERT_FILE",
            "SSL_CERT_DIR",
            "SSL_KEY_FILE",
            "ALL_PROXY",
            "https_proxy",
            "TLS_CA",
            "RUST_BACKTRACE",
            "SLACK_WEBHOOK_URL",
            "ENV_FILE",
        ] {
            assert_eq!(in_environment(Program::Bot, name), None, "{name}");
        }
    }

    #[test]
    fn a_file_of_settings_holds_settings_only() {
        let origin = Origin::EnvFile {
            name: "COLOR".to_owned(),
            path: ".env".into(),
            is_composes: false,
        };
        let refused = |meant| Some(Misplaced::Refused(unknown(meant)));
        assert_eq!(misplaced(Program::Bot, "COLOR", &origin), refused(None));
        let slip = misplaced(Program::Bot, "FERNET_KEY", &origin);
        assert_eq!(slip, refused(Some("FERNET_KEYS")));
        assert!(misplaced(Program::Bot, "LISTEN_ADDR", &origin).is_none());
        let shared = Origin::EnvFile {
            name: "COLOR".to_owned(),
            path: ".env".into(),
            is_composes: true,
        };
        assert!(misplaced(Program::Bot, "COLOR", &shared).is_none());
        let slip = misplaced(Program::Bot, "FERNET_KEY", &shared);
        assert!(matches!(slip, Some(Misplaced::Suspected(_))), "{slip:?}");
    }

    #[test]
    fn what_faces_browsers_has_no_secret_of_the_bot() {
        for name in [
            "DELIVERY_KEYS",
            "DELIVERY_KEYS_FILE",
            "SLACK_APP_TOKEN",
            "SLACK_BOT_TOKEN_FILE",
        ] {
            let said = in_environment(Program::Web, name);
            let Some(Misplaced::Refused(reason)) = said else {
                panic!("{name}: {said:?}");
            };
            let reason = reason.to_string();
            assert!(reason.contains("a secret of secure-secret-bot"), "{reason}");
            assert_eq!(in_environment(Program::Bot, name), None);
        }
        assert_eq!(in_environment(Program::Web, "FERNET_KEYS"), None);
        assert_eq!(in_environment(Program::Web, "SLACK_API_URL"), None);
    }
}
