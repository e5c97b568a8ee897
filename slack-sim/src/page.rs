//! The page for people, embedded.

use poem::{Response, Route, get, handler};

/// The page and what it loads.
pub(crate) fn routes() -> Route {
    Route::new()
        .at("/", get(html))
        .at("/page.css", get(css))
        .at("/page.js", get(js))
}

#[handler]
fn html() -> Response {
    embedded("text/html; charset=utf-8", include_str!("page/index.html"))
}

#[handler]
fn css() -> Response {
    embedded("text/css; charset=utf-8", include_str!("page/page.css"))
}

#[handler]
fn js() -> Response {
    embedded(
        "text/javascript; charset=utf-8",
        include_str!("page/page.js"),
    )
}

fn embedded(kind: &str, content: &'static str) -> Response {
    Response::builder()
        .content_type(kind)
        .header("cache-control", "no-store")
        .body(content)
}
