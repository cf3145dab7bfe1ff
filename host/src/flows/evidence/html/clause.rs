//! A clause with everything that shows it.

use super::super::found::{ClauseFound, DecisionFound, ItemFound, RecordFound};
use super::page::{Page, h, short};
use super::words::Words;
use crate::domain::evidence::Standing;

pub(super) fn write(page: &mut Page, words: Words, index: usize, clause: &ClauseFound) {
    page.push(&format!(
        "<article class=\"clause\" id=\"c{index}\">\n<h3><span class=\"n\">{}</span><span>{}</span>{}</h3>\n",
        h(&clause.clause),
        h(&clause.title),
        words.badge(clause.status)
    ));
    for found in &clause.items {
        item(page, words, found);
    }
    page.push("</article>\n");
}

fn item(page: &mut Page, words: Words, item: &ItemFound) {
    let count = if item.components.is_empty() && item.records.is_empty() && !item.decisions.is_empty() {
        words.decisions(item.count)
    } else if item.measure.is_some() && item.lists.is_empty() {
        String::new()
    } else {
        words.counted(item.count, item.overdue)
    };
    page.push(&format!(
        "<div class=\"item\">\n<h4>{}{}<span class=\"count\">{count}</span></h4>\n",
        h(&item.text),
        words.badge(item.status)
    ));
    if let Some(missing) = &item.missing {
        page.push(&format!("<p class=\"note missing\">{}</p>\n", h(missing)));
    }
    if item.count == 0 && item.optional {
        page.push(&format!("<p class=\"note\">{}</p>\n", words.nothing_happened()));
    }
    if let Some(measure) = &item.measure {
        let least = measure.least.as_deref().map(|least| words.least(least)).unwrap_or_default();
        let class = if item.status == Standing::Partial { "note partial" } else { "note" };
        let value = words.value(measure.value.as_deref(), measure.unit);
        let link = page.link(&measure.href, &measure.name);
        page.push(&format!("<p class=\"{class}\">{link}: <strong>{}</strong>{}</p>\n", h(&value), h(&least)));
    }
    if !item.records.is_empty() {
        records(page, words, &item.records);
    }
    if !item.decisions.is_empty() {
        decisions(page, words, &item.decisions);
    }
    if !item.components.is_empty() {
        components(page, words, item);
    }
    if item.restricted {
        page.push(&format!("<p class=\"note\">{}</p>\n", words.restricted()));
    } else if item.more > 0 {
        page.push(&format!("<p class=\"note\">{}</p>\n", words.more(item.more)));
    }
    page.push("</div>\n");
}

fn head(page: &mut Page, columns: &[(&str, &str)]) {
    page.push("<table>\n<thead><tr>");
    for (name, width) in columns {
        page.push(&format!("<th style=\"width:{width}\">{name}</th>"));
    }
    page.push("</tr></thead>\n<tbody>\n");
}

fn records(page: &mut Page, words: Words, records: &[RecordFound]) {
    let columns = [
        (words.number(), "32mm"),
        (words.name(), "auto"),
        (words.state(), "24mm"),
        (words.owner(), "26mm"),
        (words.dates(), "48mm"),
    ];
    head(page, &columns);
    for record in records {
        let class = if record.overdue { " class=\"late\"" } else { "" };
        let late = if record.overdue { format!("<br>{}", words.badge(Standing::Overdue)) } else { String::new() };
        let mut dates = String::new();
        for date in &record.dates {
            dates.push_str(&format!("<li><span>{}</span> <b>{}</b></li>", h(&date.label), h(&short(&date.value))));
        }
        page.push(&format!(
            "<tr{class}><td class=\"number\">{}</td><td class=\"what\">{}</td><td>{}{late}</td><td>{}</td>\
             <td><ul class=\"dates\">{dates}</ul></td></tr>\n",
            page.link(&record.href, &record.number),
            h(&record.title),
            h(&record.state_label),
            h(&record.owner),
        ));
        for decision in &record.decisions {
            page.push(&format!(
                "<tr class=\"sub\"><td colspan=\"5\">{} {} · {} · {} · {} <code>{}</code></td></tr>\n",
                words.decision(),
                page.link(&decision.href, words.process_name(&decision.process)),
                h(&short(&decision.at)),
                h(words.decided(&decision.status)),
                h(&decision.component),
                h(&decision.digest)
            ));
        }
    }
    page.push("</tbody>\n</table>\n");
}

fn decisions(page: &mut Page, words: Words, decisions: &[DecisionFound]) {
    let columns = [
        (words.number(), "32mm"),
        (words.decision(), "40mm"),
        (words.at(), "34mm"),
        (words.outcome(), "18mm"),
        (words.digest(), "auto"),
    ];
    head(page, &columns);
    for decision in decisions {
        page.push(&format!(
            "<tr><td class=\"number\">{}</td><td>{}: {}</td><td>{}</td><td>{}</td><td>{} <code>{}</code></td></tr>\n",
            h(&decision.number),
            page.link(&decision.href, words.process_name(&decision.process)),
            h(&words.event(decision)),
            h(&short(&decision.at)),
            h(words.decided(&decision.status)),
            h(&decision.component),
            h(&decision.digest)
        ));
    }
    page.push("</tbody>\n</table>\n");
}

fn components(page: &mut Page, words: Words, item: &ItemFound) {
    let columns =
        [(words.process(), "26mm"), (words.component(), "auto"), (words.loaded(), "44mm"), (words.standing(), "22mm")];
    head(page, &columns);
    for component in &item.components {
        let state = if component.active { words.active() } else { words.inactive() };
        page.push(&format!(
            "<tr><td>{}</td><td class=\"what\">{}<br><code>{}</code></td><td>{}<br>{}</td><td>{state}</td></tr>\n",
            h(words.process_name(&component.process)),
            page.link(&component.href, &component.component),
            h(&component.digest),
            h(&component.uploaded_by),
            h(&short(&component.uploaded_at))
        ));
    }
    page.push("</tbody>\n</table>\n");
}
