//! The certification file.

use super::super::certification::{CertificationFound, CertificationState};
use super::page::{Page, h};
use super::words::Words;

/// Numbers of records told for one need.
const NUMBERS: usize = 6;

pub(super) fn write(page: &mut Page, words: Words, file: &CertificationFound) {
    page.push(&format!("<section class=\"part\">\n<h2>{}</h2>\n", words.file()));
    page.push(&format!("<p>{}</p>\n", h(&words.ready(file.ready, file.of, &file.percent))));
    page.push(&format!(
        "<table>\n<thead><tr><th style=\"width:10mm\">{}</th><th style=\"width:58mm\">{}</th><th>{}</th>\
         <th style=\"width:22mm\">{}</th></tr></thead>\n<tbody>\n",
        words.item(),
        words.name(),
        words.shown_by(),
        words.standing()
    ));
    for item in &file.items {
        page.push(&format!(
            "<tr><td class=\"number\">{}</td><td class=\"what\">{}</td><td>{}</td><td>{}</td></tr>\n",
            h(&item.id),
            h(&item.title),
            needs(page, words, item),
            words.item_state(&item.state)
        ));
    }
    page.push("</tbody>\n</table>\n");
    page.push(&format!(
        "<table>\n<thead><tr><th style=\"width:68mm\">{}</th><th>{}</th><th style=\"width:22mm\">{}</th></tr></thead>\n<tbody>\n",
        words.preconditions(),
        words.why(),
        words.standing()
    ));
    for precondition in &file.preconditions {
        let (class, word) = if precondition.met { ("present", words.met()) } else { ("missing", words.unmet()) };
        page.push(&format!(
            "<tr><td class=\"what\">{}</td><td>{}</td><td><span class=\"status {class}\">{word}</span></td></tr>\n",
            h(&precondition.title),
            h(&precondition.because)
        ));
    }
    page.push("</tbody>\n</table>\n</section>\n");
}

fn needs(page: &Page, words: Words, item: &CertificationState) -> String {
    let mut lines = Vec::new();
    if let Some(record) = &item.record {
        lines.push(format!("{}: {}", page.link(&record.href, &record.number), h(&record.state_label)));
    }
    for need in &item.needs {
        let text = h(&need.text);
        match &need.missing {
            Some(missing) => lines.push(format!("<span class=\"missing\">{text}: {}</span>", h(missing))),
            None => {
                let numbers: Vec<String> =
                    need.records.iter().take(NUMBERS).map(|r| page.link(&r.href, &r.number)).collect();
                let rest = need.count - i64::try_from(numbers.len()).unwrap_or(i64::MAX);
                let more = if rest > 0 { format!(" {}", words.more(rest)) } else { String::new() };
                lines.push(format!("{text}: {}{more}", numbers.join(", ")));
            }
        }
    }
    lines.join("<br>")
}
