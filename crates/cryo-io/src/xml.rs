//! XML within bounds of time and memory.

use roxmltree::{Document, Node, ParsingOptions};

use crate::Error;

/// Most nodes that a document may have: Warp's largest files have about a tenth of it.
const MAX_NODES: u32 = 4_000_000;

/// Most attributes of an element: those that are read have some twenty. The parser compares each with all others.
const MAX_ATTRIBUTES: usize = 256;

/// Most declarations of namespaces: none is needed. The parser copies all for each element that has one.
const MAX_NAMESPACES: usize = 16;

/// The document in a text.
///
/// A document type declaration is refused, so that no entity can expand; nesting costs no stack.
pub(crate) fn parse(text: &str) -> Result<Document<'_>, Error> {
    check_markup(text)?;
    let options = ParsingOptions {
        allow_dtd: false,
        nodes_limit: MAX_NODES,
        ..ParsingOptions::default()
    };
    Document::parse_with_options(text, options).map_err(|error| {
        let line = error.pos().row as usize;
        Error::unexpected("file", "XML without a document type", error.to_string()).at_line(line)
    })
}

/// The error with the line of a node.
pub(crate) fn at(error: Error, node: Node<'_, '_>) -> Error {
    let row = node.document().text_pos_at(node.range().start).row;
    error.at_line(row as usize)
}

/// Refuses markup that would take the parser time or memory that grow as the square of the file.
fn check_markup(text: &str) -> Result<(), Error> {
    let refused = |at: usize, most: usize, what: &str| {
        let line = 1 + text[..at].matches('\n').count();
        let expected = format!("at most {most} {what}");
        Error::unexpected("XML", expected, "more").at_line(line)
    };
    if let Some((at, _)) = text.match_indices("xmlns").nth(MAX_NAMESPACES) {
        return Err(refused(at, MAX_NAMESPACES, "declarations of namespaces"));
    }
    let mut start = 0;
    // An attribute cannot hold "<", so an element's start lies in one part.
    for part in text.split('<') {
        let values = part.split('=').skip(1);
        let quoted = values.filter(|value| value.trim_start().starts_with(['"', '\'']));
        if quoted.count() > MAX_ATTRIBUTES {
            return Err(refused(start, MAX_ATTRIBUTES, "attributes in an element"));
        }
        start += part.len() + 1;
    }
    Ok(())
}
