//! HTML under construction.

/// A text as it may stand in HTML, between tags or in a quoted attribute.
pub(super) fn h(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(letter),
            control if control.is_control() => out.push('\u{fffd}'),
            letter => out.push(letter),
        }
    }
    out
}

/// The document so far.
pub(super) struct Page {
    text: String,
    base: Option<String>,
}

impl Page {
    pub(super) fn new(base: Option<&str>) -> Self {
        Self { text: String::with_capacity(1 << 16), base: base.map(|base| base.trim_end_matches('/').to_owned()) }
    }

    /// Adds HTML; what comes from records goes through [`h`] before.
    pub(super) fn push(&mut self, html: &str) {
        self.text.push_str(html);
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A link where addresses lead somewhere, else its text.
    pub(super) fn link(&self, href: &str, text: &str) -> String {
        match &self.base {
            Some(base) => format!("<a href=\"{}{}\">{}</a>", h(base), h(href), h(text)),
            None => h(text),
        }
    }
}

/// A moment in a table, where all are in UTC: `2026-03-03 01:00`.
pub(super) fn short(text: &str) -> String {
    let full = moment(text);
    full.strip_suffix(" UTC").map_or_else(|| full.clone(), str::to_owned)
}

/// A moment for people: `2026-03-03 01:00 UTC`; a day, or anything else, as it is.
pub(super) fn moment(text: &str) -> String {
    match text.strip_suffix('Z').and_then(|rest| rest.split_once('T')) {
        Some((day, time)) => format!("{day} {} UTC", time.get(..5).unwrap_or(time)),
        None => text.to_owned(),
    }
}
