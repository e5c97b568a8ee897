//! Every row of what may stand after the command, in both languages.

use proptest::prelude::*;
use shared::text::Locale;

use super::*;

const M15: Option<Lifetime> = Some(Lifetime::Minutes15);
const H1: Option<Lifetime> = Some(Lifetime::Hour1);
const H4: Option<Lifetime> = Some(Lifetime::Hours4);
const H24: Option<Lifetime> = Some(Lifetime::Hours24);

fn read(text: &str) -> Prefill {
    match parse(text) {
        Wish::Dialog(prefill) => prefill,
        Wish::Help => panic!("help for {text:?}"),
    }
}

fn prefill(recipient: Option<&str>, lifetime: Option<Lifetime>, unused: &[UnusedKind]) -> Prefill {
    let mut kinds = Unused::default();
    for kind in unused {
        kinds.insert(*kind);
    }
    Prefill {
        recipient: recipient.map(|id| UserId::parse(id).unwrap()),
        lifetime,
        unused: kinds,
    }
}

#[test]
fn times_are_understood_however_they_are_written() {
    for (texts, lifetime) in [
        (
            "15m|15 m|15min|15 min|15 minutes|15-minutes|15Min.|900s|900 secondes|fifteen minutes|\
             quinze minutes|pendant quinze minutes|un quart d’heure|un quart d'heure|quart d'heure|\
             a quarter of an hour|quarter hour|a quarter hour|0.25h|0,25 h|¼ h|for 15 m|pour 15 m",
            M15,
        ),
        (
            "1h|1 h|1\u{a0}h|1\u{202f}h|1H|60m|60 min|60 minutes|60mn|1 hour|one hour|an hour|1hr|1 hr|\
             une heure|1 heure|1 hre|soixante minutes|sixty minutes|for 1h|for an hour|for one hour|\
             pour une heure|pendant 1 heure|pendant une heure|durant 1 h|within an hour|1.0h|1,0 h|\
             1h,|*1h*|`1h`|_1h_|(1h)|«\u{a0}1 h\u{a0}»|“1h”|1h.|1h!|d'une heure|one-hour|\
             1h 1h|1h 60m",
            H1,
        ),
        (
            "4h|4 h|4 hours|4hours|4 hrs|4 heures|4heures|for 4h|for 4 hours|pour 4 h|pendant 4 heures|\
             four hours|quatre heures|240 min|240m|valid for 4h|valable pendant 4 h|4-hours",
            H4,
        ),
        (
            "24h|24 h|24 hours|24 heures|1d|1 d|1j|1 j|1 day|1 jour|a day|one day|un jour|une journée|\
             for a day|pour un jour|pendant 24 h|1440m|1440 minutes|86400s|twenty four hours|\
             twenty-four hours|vingt-quatre heures|vingt quatre heures|1J|24HRS",
            H24,
        ),
    ] {
        for text in texts.split('|') {
            assert_eq!(read(text), prefill(None, lifetime, &[]), "{text:?}");
            let with_bob = prefill(Some("U1"), lifetime, &[]);
            for around in [format!("<@U1> {text}"), format!("{text} <@U1|bob b.>")] {
                assert_eq!(read(&around), with_bob, "{around:?}");
            }
        }
    }
}

#[test]
fn a_time_that_no_link_has_is_told_from_words() {
    for text in [
        "90 min",
        "90min",
        "90m",
        "2h",
        "2 hours",
        "deux heures",
        "1h30",
        "1 h 30",
        "1h30m",
        "1h 30 min",
        "1 hour and 30 minutes",
        "une heure et demie",
        "an hour and a half",
        "half an hour",
        "une demi-heure",
        "half a day",
        "2 days",
        "2j",
        "une semaine",
        "a week",
        "1 month",
        "un mois",
        "30s",
        "1.5h",
        "1,5 h",
        "0h",
        "24",
        "4",
        "three quarters of an hour",
        "trois quarts d'heure",
        "999h",
        "48 heures",
        "quarante-cinq minutes",
        "45'",
    ] {
        assert_eq!(
            read(text),
            prefill(None, None, &[UnusedKind::NoSuchTime]),
            "{text:?}"
        );
        let with_bob = format!("<@U1> {text}");
        assert_eq!(
            read(&with_bob),
            prefill(Some("U1"), None, &[UnusedKind::NoSuchTime]),
            "{with_bob:?}"
        );
    }
}

#[test]
fn a_mention_is_found_whatever_stands_around_it() {
    for text in [
        "<@U1>",
        "<@U1|bob>",
        "<@U1|bob b. smith>",
        "<@U1>,",
        "\"<@U1>\"",
        "'<@U1>'",
        "(<@U1>)",
        "[<@U1>]:",
        "«<@U1>»",
        "«\u{a0}<@U1>\u{a0}»",
        "“<@U1>”",
        "‹<@U1>›",
        "<@U1>!",
        "<@U1>…",
        "*<@U1>*",
        "_<@U1>_",
        "`<@U1>`",
        "to <@U1>",
        "à <@U1>",
        "pour <@U1>.",
        "\u{200b}<@U1>\u{feff}",
        "<@U\u{200d}1>",
        "<@U1><@U1>",
        "<@U1> <@U1|bob>",
        "- <@U1>",
        "<\u{2060}@U1>",
        "\u{202a}<@U1>\u{202c}",
    ] {
        assert_eq!(read(text), prefill(Some("U1"), None, &[]), "{text:?}");
    }
    for text in [
        "<@U1>4h",
        "4h<@U1>",
        "<@U1>,4h",
        "(<@U1>) 4 h",
        "<@U1>\u{200b}4\u{200b}h",
        "for 4h to <@U1>",
        "<@U1>: 4 heures",
        "à <@U1>, pour 4 h",
        "<@U1>\n4h",
        "<@U1> — 4h",
    ] {
        assert_eq!(read(text), prefill(Some("U1"), H4, &[]), "{text:?}");
    }
    assert_eq!(read("<@W1|bob>"), prefill(Some("W1"), None, &[]));
}

#[test]
fn of_two_people_none_is_taken_and_of_two_times_the_first() {
    for text in [
        "<@U1> <@U2>",
        "<@U1><@U2>",
        "<@U1>, <@U2> and <@U3>",
        "<@U1> <@U2> <@U1>",
    ] {
        assert_eq!(
            read(text),
            prefill(None, None, &[UnusedKind::People]),
            "{text:?}"
        );
    }
    assert_eq!(
        read("4h <@U1> <@U2>"),
        prefill(None, H4, &[UnusedKind::People])
    );
    for text in ["1h 4h", "1h ou 24 h", "une heure, 4 heures"] {
        let expected = prefill(None, H1, &[UnusedKind::SecondTime]);
        let found = read(text);
        assert_eq!(found.lifetime, expected.lifetime, "{text:?}");
        assert!(found.unused.has(UnusedKind::SecondTime), "{text:?}");
    }
}

#[test]
fn what_is_no_person_is_named_by_its_kind() {
    for (text, kind) in [
        ("<!subteam^S1|@x>", UnusedKind::Group),
        ("<!subteam^S1>", UnusedKind::Group),
        ("<!here>", UnusedKind::Everybody),
        ("<!channel>", UnusedKind::Everybody),
        ("<!everyone|everyone>", UnusedKind::Everybody),
        ("@here", UnusedKind::Everybody),
        ("@Channel,", UnusedKind::Everybody),
        ("\"@everyone\"", UnusedKind::Everybody),
        ("<#C1>", UnusedKind::Channel),
        ("<#C1|general>", UnusedKind::Channel),
        ("a@b.c", UnusedKind::Email),
        ("chloé@example.org", UnusedKind::Email),
        ("(bob+x@example.co.uk)", UnusedKind::Email),
        ("<mailto:a@b.c|a@b.c>", UnusedKind::Email),
        ("@bob", UnusedKind::Name),
        ("@bob.b-smith_1", UnusedKind::Name),
        ("@p4$$word", UnusedKind::Name),
        ("\"@chloé\"", UnusedKind::Name),
    ] {
        assert_eq!(read(text), prefill(None, None, &[kind]), "{text:?}");
        let used = format!("{text} <@U1> 4h");
        assert_eq!(read(&used), prefill(Some("U1"), H4, &[kind]), "{text:?}");
    }
}

#[test]
fn only_what_could_be_a_secret_is_warned_of() {
    for harmless in [
        "hello",
        "Hello!",
        "HELLO",
        "bonjour",
        "Bonjour,",
        "please",
        "s’il te plaît",
        "svp",
        "merci",
        "bob",
        "the password",
        "mot de passe",
        "send",
        "envoyer",
        "hour",
        "heures",
        "@",
        "two",
    ] {
        assert_eq!(
            read(harmless),
            prefill(None, None, &[UnusedKind::Words]),
            "{harmless:?}"
        );
    }
    for silent in ["", "   ", ",", "-", "«»", "to", "pour", "\u{200b}", "!!!"] {
        assert_eq!(read(silent), prefill(None, None, &[]), "{silent:?}");
    }
    for maybe in [
        "hunter2",
        "Tr0ub4dor&3",
        "swordfish",
        "1234",
        "123456",
        "pAsS",
        "p@ss",
        "=== ",
        "?!?!?!",
        "<@",
        "<@U1",
        "<@>",
        "<@bob>",
        "&lt;@U1&gt;",
        "<https://x.example/?t=1|x.example>",
        "<tel:5551234>",
        "#hunter2",
        "correct horse battery staple",
        "tuna lamp rock silk",
        "hello\u{200b}hunter2",
        "12345h",
        "1234 hours",
        "1h4h",
        "4hunter",
    ] {
        assert!(read(maybe).unused.has(UnusedKind::MaybeSecret), "{maybe:?}");
        let used = read(&format!("<@U1> 4h {maybe}"));
        assert_eq!(
            (used.recipient.unwrap().as_str(), used.lifetime),
            ("U1", H4),
            "{maybe:?}"
        );
    }
}

#[test]
fn help_is_asked_for_by_a_word_alone() {
    for text in [
        "help",
        "HELP",
        "aide",
        " Aide\u{202f}! ",
        "?",
        "??",
        "help ?",
        "« aide »",
        "--help",
        "/help",
    ] {
        assert_eq!(parse(text), Wish::Help, "{text:?}");
    }
    for text in [
        "",
        "help <@U1>",
        "aide 4h",
        "help hunter2",
        "?!?!?!",
        "helping",
        "!",
    ] {
        assert_ne!(parse(text), Wish::Help, "{text:?}");
    }
}

/// A line of the notice, in both languages, and whether it tells to change a secret.
#[test]
fn each_kind_is_named_in_both_languages_and_nothing_that_was_typed() {
    for (text, english, french, warns) in [
        (
            "<@U1> <@U2>",
            "one person only",
            "une seule personne",
            false,
        ),
        ("<!subteam^S1|@canary>", "A group", "Un groupe", false),
        ("@here", "@here and the like", "@here ou semblable", false),
        ("<#C1|canary>", "A channel", "Un canal", false),
        (
            "canary@example.org",
            "An e-mail address",
            "Une adresse de courriel",
            false,
        ),
        ("@canary", "A name with @", "Un nom avec @", true),
        ("1h 4h", "A second time", "Une deuxième durée", false),
        ("90 min", "no such time", "n’existe pas", false),
        ("hello", "What else you typed", "D’autres mots", false),
        ("canary2", "What else you typed", "D’autres mots", true),
        (
            "hello canary2",
            "What else you typed",
            "D’autres mots",
            true,
        ),
    ] {
        let unused = read(text).unused;
        for (locale, named, advice) in [
            (Locale::En, english, "please change it"),
            (Locale::Fr, french, "changez-le"),
        ] {
            let lines = unused.lines(locale);
            assert_eq!(lines.len(), 1 + usize::from(warns), "{text}: {lines:?}");
            let told = lines.join("\n");
            assert!(told.contains(named), "{text}: {told}");
            assert_eq!(told.contains(advice), warns, "{text}: {told}");
            assert!(!told.contains("canary"), "{told}");
        }
    }
    assert!(read("<@U1> 4h").unused.lines(Locale::En).is_empty());
    let all = "<@U1> <@U2> <!here> <!subteam^S1> <#C1> a@b.c @x 1h 4h 90 min hello hunter2";
    assert_eq!(read(all).unused.lines(Locale::Fr).len(), 10);
}

#[test]
fn the_kinds_come_back_from_the_dialog() {
    let unused = read("<@U1> <@U2> 90 min hunter2").unused;
    let kept = serde_json::to_string(&unused).unwrap();
    assert_eq!(kept, r#"["people","no_such_time","maybe_secret"]"#);
    assert_eq!(serde_json::from_str::<Unused>(&kept).unwrap(), unused);
    for other in ["null", "[]", r#"["of_tomorrow"]"#] {
        assert!(
            serde_json::from_str::<Unused>(other).unwrap().is_empty(),
            "{other}"
        );
    }
}

/// Pieces of which commands are made, whole and broken.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        prop::sample::select(vec![
            "<@U1>",
            "<@U2|b>",
            "<",
            ">",
            "<@",
            "@",
            "U1",
            "|",
            " ",
            "\u{200b}",
            "4",
            "h",
            "and",
            "a",
            "half",
            "quart",
            "d'",
            "heure",
            "-",
            ",",
            "99999999999999999999",
            "1.5",
            "<!here>",
            "quatre",
            "vingt",
            "?",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// Whatever is typed is read, and nobody is chosen who isn't mentioned.
    #[test]
    fn nobody_is_chosen_who_is_not_mentioned(text in pieces()) {
        if let Wish::Dialog(Prefill { recipient: Some(person), .. }) = parse(&text) {
            let text = tokens::visible(&text);
            let mentions = [format!("<@{person}>"), format!("<@{person}|")];
            prop_assert!(mentions.iter().any(|mention| text.contains(mention)), "{person}");
        }
    }

    /// A secret's own letters never come back in what is told of it.
    #[test]
    fn nothing_typed_is_repeated(secret in "[A-Z][a-z0-9]{5}[!-/][A-Z0-9]{6}") {
        let prefill = match parse(&secret) {
            Wish::Dialog(prefill) => prefill,
            Wish::Help => return Ok(()),
        };
        for locale in Locale::ALL {
            prop_assert!(!prefill.unused.lines(locale).join(" ").contains(&secret));
        }
        let printed = format!("{prefill:?}");
        prop_assert!(!printed.contains(&secret));
    }
}
