//! The way to a MySQL server beyond this machine: TLS, with a server that proves who it is. An
//! address that leads to this machine, and is not taken for it, stands for one elsewhere.

use std::path::Path;

use e2e::{OwnMySql, Ran, connect, free_port, run};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sea_orm::ConnectionTrait as _;

const HOST: &str = "0.0.0.0";
const PASSWORD: &str = "canary-of-the-account";

/// A certificate authority of the operator's, and a server's certificate by it.
fn write_certificates(folder: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let server = CertificateParams::new(vec![HOST.to_owned()]).unwrap();
    let server = server.signed_by(&key, &authority).unwrap();
    for (name, content) in [
        ("ca.pem", authority.pem()),
        ("server.pem", server.pem()),
        ("key.pem", key.serialize_pem()),
    ] {
        std::fs::write(folder.join(name), content).unwrap();
    }
}

async fn check(url: &str) -> Ran {
    let variables = [("DATABASE_URL", url.to_owned())];
    run("secure-secret-migrate", &["status"], &variables).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_elsewhere_has_to_prove_who_it_is() {
    let folder = tempfile::tempdir().unwrap();
    write_certificates(folder.path());
    let file = |name: &str| folder.path().join(name).display().to_string();
    let port = free_port();
    let server = OwnMySql::start(&[
        &format!("--port={port}"),
        &format!("--ssl-ca={}", file("ca.pem")),
        &format!("--ssl-cert={}", file("server.pem")),
        &format!("--ssl-key={}", file("key.pem")),
    ])
    .await;
    let admin = connect(&server.url()).await;
    for sql in [
        "CREATE DATABASE secrets".to_owned(),
        format!("CREATE USER 'm'@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL"),
        "GRANT ALL ON secrets.* TO 'm'@'%'".to_owned(),
    ] {
        admin.execute_unprepared(&sql).await.unwrap();
    }
    admin.close().await.unwrap();
    let url = |password: &str, host: &str, more: &str| {
        format!("mysql://m:{password}@{host}:{port}/secrets{more}")
    };
    let authority = format!("?ssl-ca={}", file("ca.pem"));
    let mode = |mode: &str| format!("{authority}&ssl-mode={mode}");
    for (url, code, said) in [
        (url(PASSWORD, HOST, &authority), 0, "missing"),
        (
            url(PASSWORD, HOST, &mode("VERIFY_CA")),
            2,
            "takes others for the right server",
        ),
        (url(PASSWORD, HOST, &mode("VERIFY_IDENTITY")), 0, "missing"),
        (
            url(PASSWORD, HOST, ""),
            1,
            "the certificate is not of a trusted authority",
        ),
        (
            url(PASSWORD, HOST, &mode("REQUIRED")),
            2,
            "takes others for the right server",
        ),
        (
            url(PASSWORD, HOST, &mode("DISABLED")),
            2,
            "takes others for the right server",
        ),
        (
            url("canary-wrong", HOST, &authority),
            1,
            "refuses the account",
        ),
        (url(PASSWORD, "127.0.0.1", ""), 0, "missing"),
    ] {
        let ran = check(&url).await;
        let all = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.code, Some(code), "{url}: {all}");
        assert!(all.contains(said), "{url}: {all}");
        assert!(!all.contains("canary"), "{all}");
    }
    let variables = [("DATABASE_URL", url(PASSWORD, HOST, &authority))];
    let up = run("secure-secret-migrate", &["up"], &variables).await;
    assert_eq!(up.code, Some(0), "{}", up.err);
    let mut variables = variables.to_vec();
    variables.push(("FERNET_KEYS", e2e::Keys::key()));
    variables.push(("PUBLIC_BASE_URL", "https://secrets.example.org".to_owned()));
    let doctor = run("secure-secret-web", &["doctor"], &variables).await;
    assert!(
        doctor
            .out
            .contains("answers over TLSv1.3, its certificate is trusted"),
        "{}",
        doctor.out
    );
}
