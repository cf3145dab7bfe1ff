//! Cover and table of contents.

use super::super::certification::CertificationFound;
use super::super::found::Matrix;
use super::page::{Page, h, moment};
use super::words::Words;
use crate::domain::evidence::Standing;

pub(super) fn write(page: &mut Page, words: Words, matrix: &Matrix, file: &CertificationFound) {
    let period = &matrix.period;
    page.push("<header class=\"cover\">\n<div class=\"band\">\n");
    page.push(&format!("<p class=\"kind\">{}</p>\n", words.standard()));
    page.push(&format!("<h1>{}</h1>\n<p class=\"who\">{}</p>\n", words.title(), h(&matrix.organisation.name)));
    page.push("<dl class=\"facts\">\n");
    let mut fact = |name: &str, value: &str| page.push(&format!("<dt>{name}</dt><dd>{value}</dd>\n"));
    fact(words.period(), &h(&format!("{} – {} ({})", period.from, period.to, period.tz)));
    fact(words.as_of(), &h(&moment(&period.as_of)));
    fact(words.generated(), &h(&moment(&matrix.generated_at)));
    let chain = &matrix.chain;
    let state = match chain.state {
        "verified" => format!("<strong class=\"present\">{}</strong>", words.verified()),
        "broken" => {
            let fault = chain.fault.as_deref().unwrap_or_default();
            format!("<strong class=\"missing\">{}</strong>: {}", words.broken(), h(fault))
        }
        _ => words.not_verified().to_owned(),
    };
    fact(words.trail(), &format!("{}, {state}", words.entries(chain.entries)));
    fact(words.head(), &format!("<span class=\"hash\">{}</span>", h(&chain.head)));
    fact(words.readiness(), &h(&words.ready(file.ready, file.of, &file.percent)));
    page.push(&format!("</dl>\n<p class=\"lead\">{}</p>\n<div class=\"tiles\">\n", words.all_clauses()));
    let summary = matrix.summary;
    let tiles = [
        (Standing::Present, summary.present),
        (Standing::Overdue, summary.overdue),
        (Standing::Partial, summary.partial),
        (Standing::Missing, summary.missing),
    ];
    for (standing, count) in tiles {
        let (class, word) = words.status(standing);
        page.push(&format!("<div class=\"tile {class}\"><b>{count}</b><span>{word}</span></div>\n"));
    }
    page.push(&format!("</div>\n</div>\n<p class=\"foot\">{}</p>\n</header>\n", words.foot()));
}

/// The clauses, each with its status.
pub(super) fn contents(page: &mut Page, words: Words, matrix: &Matrix) {
    page.push(&format!(
        "<section class=\"contents\">\n<h2>{}</h2>\n<table class=\"toc\">\n<thead><tr>",
        words.contents()
    ));
    let columns =
        [(words.clause(), "27mm"), (words.name(), "auto"), (words.evidence(), "22mm"), (words.standing(), "24mm")];
    for (head, width) in columns {
        page.push(&format!("<th style=\"width:{width}\">{head}</th>"));
    }
    page.push("</tr></thead>\n<tbody>\n");
    for (index, clause) in matrix.clauses.iter().enumerate() {
        let there = clause.items.iter().filter(|item| item.status != Standing::Missing).count();
        page.push(&format!(
            "<tr><td class=\"n\"><a href=\"#c{index}\">{}</a></td><td><a href=\"#c{index}\">{}</a></td>\
             <td class=\"c\">{there} / {}</td><td class=\"s\">{}</td></tr>\n",
            h(&clause.clause),
            h(&clause.title),
            clause.items.len(),
            words.badge(clause.status)
        ));
    }
    page.push("</tbody>\n</table>\n<dl class=\"legend\">\n");
    let legend = [
        (Standing::Present, words.present_means()),
        (Standing::Overdue, words.overdue_means()),
        (Standing::Partial, words.partial_means()),
        (Standing::Missing, words.missing_means()),
    ];
    for (standing, meaning) in legend {
        page.push(&format!("<dt>{}</dt><dd>{meaning}</dd>\n", words.badge(standing)));
    }
    page.push("</dl>\n</section>\n");
}
