//! The document to hand to an auditor: one HTML text without anything from elsewhere, in English or Chinese, made to be
//! printed on A4.

mod certification;
mod clause;
mod cover;
mod page;
mod words;

use super::certification::CertificationFound;
use super::found::Matrix;
use page::{Page, h};
use words::Words;

const STYLE: &str = include_str!("../../../../ui/evidence/report.css");

/// Writes the document. `base` is what stands before the addresses of records (`https://desk.example`, or nothing for a
/// document that the server itself shows); without it numbers are no links.
pub fn document(matrix: &Matrix, file: &CertificationFound, base: Option<&str>) -> String {
    let words = Words(matrix.lang);
    let mut page = Page::new(base);
    let lang = words.pick("en", "zh-CN");
    let title = format!("{} · {}", words.title(), matrix.organisation.name);
    page.push("<!DOCTYPE html>\n");
    page.push(&format!("<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n"));
    page.push("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push(&format!("<title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n", h(&title)));
    cover::write(&mut page, words, matrix, file);
    cover::contents(&mut page, words, matrix);
    certification::write(&mut page, words, file);
    page.push(&format!("<section class=\"part\">\n<h2>{}</h2>\n", words.clauses()));
    for (index, clause) in matrix.clauses.iter().enumerate() {
        clause::write(&mut page, words, index, clause);
    }
    page.push("</section>\n</body>\n</html>\n");
    page.into_text()
}

#[cfg(test)]
mod tests {
    use super::page::h;

    #[test]
    fn everything_is_escaped() {
        assert_eq!(h("<b onclick=\"x\">'&'</b>"), "&lt;b onclick=&quot;x&quot;&gt;&#39;&amp;&#39;&lt;/b&gt;");
        // Control characters are not allowed in HTML; line breaks are.
        assert_eq!(h("a\u{0}b\u{1b}c\nd"), "a\u{fffd}b\u{fffd}c\nd");
    }
}
