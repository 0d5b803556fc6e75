//! Elements of HTML, SVG and XML: what is put into them cannot be anything but text.

use std::fmt;

use crate::value::is_printable;

/// An element with its attributes and what is in it.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: &'static str,
    attributes: Vec<(&'static str, String)>,
    children: Vec<Node>,
}

#[derive(Clone, Debug)]
enum Node {
    Element(Element),
    Text(String),
    /// Our own, which HTML takes as it is.
    Style(&'static str),
}

/// Elements that HTML closes by itself.
const VOID: [&str; 4] = ["br", "col", "link", "meta"];

impl Element {
    /// An empty element.
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), children: Vec::new() }
    }

    /// A style sheet of our own, which must hold neither `<` nor `&`.
    pub(super) fn style(sheet: &'static str) -> Self {
        let mut style = Self::new("style");
        style.children.push(Node::Style(sheet));
        style
    }

    /// With an attribute.
    pub(super) fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.attributes.push((name, value.to_string()));
        self
    }

    /// With a class.
    pub(super) fn class(self, class: impl fmt::Display) -> Self {
        self.with("class", class)
    }

    /// With text at the end.
    pub(super) fn text(mut self, text: impl Into<String>) -> Self {
        self.children.push(Node::Text(text.into()));
        self
    }

    /// With an element at the end.
    pub(super) fn child(mut self, child: Element) -> Self {
        self.children.push(Node::Element(child));
        self
    }

    /// With elements at the end.
    pub(super) fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        self.children.extend(children.into_iter().map(Node::Element));
        self
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}", self.name)?;
        for (name, value) in &self.attributes {
            write!(f, " {name}=\"")?;
            escape(f, value)?;
            f.write_str("\"")?;
        }
        if VOID.contains(&self.name) {
            return f.write_str("/>");
        }
        f.write_str(">")?;
        for child in &self.children {
            match child {
                Node::Element(element) => write!(f, "{element}")?,
                Node::Text(text) => escape(f, text)?,
                Node::Style(sheet) => f.write_str(sheet)?,
            }
        }
        write!(f, "</{}>", self.name)
    }
}

/// Nothing of a text can end the text, be no XML 1.0, hide, or change what stands beside it.
fn escape(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for c in text.chars() {
        match c {
            '&' => f.write_str("&amp;")?,
            '<' => f.write_str("&lt;")?,
            '>' => f.write_str("&gt;")?,
            '"' => f.write_str("&quot;")?,
            '\'' => f.write_str("&#39;")?,
            '\n' => f.write_str("&#10;")?,
            '\t' => f.write_str("&#9;")?,
            c if is_printable(c) => fmt::Write::write_char(f, c)?,
            _ => f.write_str("\u{fffd}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Element;

    #[test]
    fn what_is_text_stays_text() {
        let hostile = "</p><script>\"'&\u{1b}[2J\u{0}\u{202e}\u{ffff}\u{200b}\r\n";
        let element = Element::new("p").with("title", hostile).text(hostile);
        let text = "&lt;/p&gt;&lt;script&gt;&quot;&#39;&amp;\u{fffd}[2J\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}&#10;";
        assert_eq!(element.to_string(), format!("<p title=\"{text}\">{text}</p>"));
    }

    #[test]
    fn only_what_html_closes_itself_has_no_end() {
        let head = Element::new("p").child(Element::new("br")).child(Element::new("b"));
        assert_eq!(head.to_string(), "<p><br/><b></b></p>");
    }
}
