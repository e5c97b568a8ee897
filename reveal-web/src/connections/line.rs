//! What the operating system has taken of what was written on a connection: whoever was to get a
//! page with a secret, and whose connection ended before, got none.
//!
//! The body alone can't tell, as what it gave lies in buffers. A page has been taken once its body
//! is at its end, as many bytes were written since it began, and a flush found nothing left.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::BoxBody;
use crate::loss::OnlyCopy;

/// What is known of a connection's bytes.
#[derive(Default)]
pub(super) struct Line {
    written: AtomicU64,
    /// Requests under way.
    asked: AtomicUsize,
    /// Pages whose bodies are at their end, and how many bytes will have been written by then, at
    /// least.
    pages: Mutex<Vec<(u64, OnlyCopy)>>,
}

impl Line {
    fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Nothing that was written is left in our buffers.
    fn flushed(&self) {
        let written = self.written.load(Ordering::Relaxed);
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.retain(|(needed, page)| {
            let is_taken = written >= *needed;
            if is_taken {
                page.was_taken();
            }
            !is_taken
        });
    }

    /// A request has come.
    pub(super) fn ask(self: &Arc<Self>) -> Asked {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Asked(Arc::clone(self))
    }

    /// Whether a request is under way.
    pub(super) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) > 0
    }

    fn watch(self: &Arc<Self>, mut answer: hyper::Response<BoxBody>) -> hyper::Response<BoxBody> {
        let Some(page) = answer.extensions_mut().remove::<OnlyCopy>() else {
            return answer;
        };
        answer.map(|body| {
            let length = body.size_hint().lower();
            let needed = self.written.load(Ordering::Relaxed) + length;
            BoxBody::new(PageBody {
                body,
                page: Some((needed, page)),
                line: Arc::clone(self),
            })
        })
    }
}

/// A request under way on a line, until this is dropped.
pub(super) struct Asked(Arc<Line>);

impl Asked {
    /// Watches a page's way, if it is the only copy of a secret.
    pub(super) fn watch(&self, answer: hyper::Response<BoxBody>) -> hyper::Response<BoxBody> {
        self.0.watch(answer)
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.0.asked.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of a page that is the only copy.
struct PageBody {
    body: BoxBody,
    page: Option<(u64, OnlyCopy)>,
    line: Arc<Line>,
}

impl Body for PageBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let is_over = frame.is_none() || self.body.is_end_stream();
        if is_over && let Some(page) = self.page.take() {
            let mut pages = self
                .line
                .pages
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            pages.push(page);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A connection's stream, with a [`Line`] that is told of what is written.
pub(super) struct Watched<S> {
    pub(super) stream: S,
    pub(super) line: Arc<Line>,
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        Poll::Ready(written.inspect(|&bytes| self.line.wrote(bytes)))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, slices));
        Poll::Ready(written.inspect(|&bytes| self.line.wrote(bytes)))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = ready!(Pin::new(&mut self.stream).poll_flush(context));
        Poll::Ready(flushed.inspect(|()| self.line.flushed()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
