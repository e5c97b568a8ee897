//! Answers that take longer than a request may: they are waited for outside of the limits on time
//! and number, so that whoever waits holds nobody else's place.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use poem::Response;

use crate::pages::{self, Page, Refusal};

type Later = Pin<Box<dyn Future<Output = Result<Page, Refusal>> + Send>>;

/// A page to come; travels with an answer in its place.
#[derive(Clone)]
pub(crate) struct Awaited(Arc<Mutex<Option<Later>>>);

impl Awaited {
    /// An answer that stands for a page to come.
    pub(crate) fn response(
        page: impl Future<Output = Result<Page, Refusal>> + Send + 'static,
    ) -> Response {
        let mut response = Response::default();
        response.set_data(Self(Arc::new(Mutex::new(Some(Box::pin(page))))));
        response
    }

    /// The answer itself, once it is there.
    pub(crate) async fn settled(response: Response) -> Response {
        let Some(Self(page)) = response.data::<Self>().cloned() else {
            return response;
        };
        let page = page.lock().unwrap_or_else(PoisonError::into_inner).take();
        match page {
            Some(page) => pages::response(page.await),
            None => response,
        }
    }
}
