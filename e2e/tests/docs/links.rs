//! No link leads nowhere. What is on the web is not fetched.

use std::{
    collections::{HashMap, HashSet},
    path::{Component, Path, PathBuf},
};

use url::Url;

use crate::{markdown::Document, repository};

#[test]
fn every_link_leads_somewhere() {
    let documents = Document::all();
    assert!(documents.len() > 5, "the documents were not found");
    let anchors: HashMap<_, HashSet<_>> = documents
        .iter()
        .map(|document| {
            let headings = document.headings.iter();
            let anchors = headings.map(|heading| heading.anchor.clone()).collect();
            (document.path.clone(), anchors)
        })
        .collect();
    let mut wrong = Vec::new();
    for document in &documents {
        for link in &document.links {
            if let Err(why) = follow(&document.path, &link.text, &anchors) {
                wrong.push(format!(
                    "{}: {}: {why}",
                    document.place(link.line),
                    link.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn follow(
    from: &Path,
    link: &str,
    anchors: &HashMap<PathBuf, HashSet<String>>,
) -> Result<(), String> {
    if link.contains(':') {
        return web(link);
    }
    let (path, anchor) = match link.split_once('#') {
        Some((path, anchor)) => (path, Some(anchor)),
        None => (link, None),
    };
    let target = if path.is_empty() {
        from.to_owned()
    } else {
        within(&from.parent().unwrap_or(Path::new("")).join(path)).ok_or("leaves the repository")?
    };
    if !repository::root().join(&target).exists() {
        return Err("there is no such file".to_owned());
    }
    match anchor {
        Some(anchor) if !anchors.get(&target).is_some_and(|of| of.contains(anchor)) => {
            Err("there is no such heading".to_owned())
        }
        _ => Ok(()),
    }
}

fn web(link: &str) -> Result<(), String> {
    let url = Url::parse(link).map_err(|error| error.to_string())?;
    let host = url.host_str().unwrap_or_default();
    if url.scheme() == "https" && host.contains('.') {
        Ok(())
    } else {
        Err("neither a file nor an https address".to_owned())
    }
}

/// The path without `.` and `..`.
fn within(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir => plain.pop().then_some(())?,
            _ => return None,
        }
    }
    Some(plain)
}
