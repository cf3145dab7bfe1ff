//! The little Markdown that documentation in WIT uses: paragraphs, lists, code, emphasis. Everything else is text; no
//! HTML passes, and no link but those to items.

/// Text as HTML.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

/// Documentation as HTML; `link` says where a name in code leads.
pub(super) fn html(text: &str, link: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut fence: Option<String> = None;
    let mut block: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            match fence.take() {
                Some(code) => out.push_str(&format!("<pre><code>{}</code></pre>", escape(code.trim_end()))),
                None => {
                    flush(&mut block, link, &mut out);
                    fence = Some(String::new());
                }
            }
        } else if let Some(code) = &mut fence {
            code.push_str(line);
            code.push('\n');
        } else if line.trim().is_empty() {
            flush(&mut block, link, &mut out);
        } else {
            block.push(line.trim());
        }
    }
    if let Some(code) = fence {
        out.push_str(&format!("<pre><code>{}</code></pre>", escape(code.trim_end())));
    }
    flush(&mut block, link, &mut out);
    out
}

/// Writes a paragraph, or the list that begins in it.
fn flush(block: &mut Vec<&str>, link: &dyn Fn(&str) -> Option<String>, out: &mut String) {
    let lines = std::mem::take(block);
    let start = lines.iter().position(|line| item(line).is_some()).unwrap_or(lines.len());
    let (paragraph, list) = lines.split_at(start);
    if !paragraph.is_empty() {
        out.push_str(&format!("<p>{}</p>", inline(&paragraph.join(" "), link)));
    }
    if list.is_empty() {
        return;
    }
    let mut items: Vec<String> = Vec::new();
    for line in list {
        match (item(line), items.last_mut()) {
            (Some(text), _) => items.push(text.to_owned()),
            (None, Some(last)) => {
                last.push(' ');
                last.push_str(line);
            }
            // The list begins with an item.
            (None, None) => {}
        }
    }
    let items: String = items.iter().map(|text| format!("<li>{}</li>", inline(text, link))).collect();
    out.push_str(&format!("<ul>{items}</ul>"));
}

fn item(line: &str) -> Option<&str> {
    line.strip_prefix("- ").or_else(|| line.strip_prefix("* "))
}

/// Code and emphasis in one run of text.
fn inline(text: &str, link: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['`', '*']) {
        let (before, from) = rest.split_at(at);
        out.push_str(&escape(before));
        let mark = if from.starts_with("**") { "**" } else { &from[..1] };
        let after = &from[mark.len()..];
        let end = after.find(mark).filter(|end| *end > 0);
        match (mark, end) {
            ("`", Some(end)) => {
                let code = format!("<code>{}</code>", escape(&after[..end]));
                match link(&after[..end]) {
                    Some(href) => out.push_str(&format!("<a href=\"{}\">{code}</a>", escape(&href))),
                    None => out.push_str(&code),
                }
                rest = &after[end + 1..];
            }
            ("**", Some(end)) => {
                out.push_str(&format!("<strong>{}</strong>", escape(&after[..end])));
                rest = &after[end + 2..];
            }
            _ => {
                out.push_str(mark);
                rest = after;
            }
        }
    }
    out.push_str(&escape(rest));
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_lists_and_code() {
        let link = |name: &str| (name == "t").then(|| "#i.t".to_owned());
        assert_eq!(
            html("One `t` and `u`\nline.\n\nTwo:\n- a\n  b\n- **c**\n", &link),
            "<p>One <a href=\"#i.t\"><code>t</code></a> and <code>u</code> line.</p>\
             <p>Two:</p><ul><li>a b</li><li><strong>c</strong></li></ul>"
        );
        assert_eq!(html("```\na < b\n```", &link), "<pre><code>a &lt; b</code></pre>");
    }

    #[test]
    fn marks_that_are_not_closed_are_signs() {
        let none = |_: &str| None;
        assert_eq!(html("2 * 3 ` **", &none), "<p>2 * 3 ` **</p>");
        assert_eq!(html("Impact × urgency `` é", &none), "<p>Impact × urgency `` é</p>");
    }
}
