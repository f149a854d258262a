//! Pages for agents: brought by the HTTP client, made readable, cleaned.

use futures_util::future::{BoxFuture, FutureExt as _};

use crate::{
    protocol::Permitting,
    provider::http::page::{Markup, Pages, Whole},
    text::clean,
    tool::{hands::Web, html},
};

/// Who brings pages.
#[derive(Clone)]
pub(super) struct Browser(Pages);

impl Browser {
    /// One for the hosts that the rules name; `None` when they allow no pages.
    pub(super) fn new(permitting: &Permitting) -> Option<Self> {
        let allowed = permitting.web_fetch.is_yes();
        allowed.then(|| Self(Pages::new(&permitting.web_hosts)))
    }
}

impl Web for Browser {
    fn fetch(&self, url: &str) -> BoxFuture<'static, Result<String, String>> {
        let (pages, url) = (self.0.clone(), url.to_owned());
        async move {
            let page = pages.fetch(&url).await?;
            let mut text = match page.markup {
                Markup::Html => html::text(&page.text),
                Markup::Plain => page.text,
            };
            if page.whole == Whole::Cut {
                text.push_str("\n[the page is longer; the rest was not read]");
            }
            Ok(clean::text(&text).into_owned())
        }
        .boxed()
    }
}
