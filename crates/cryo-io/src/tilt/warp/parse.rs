use roxmltree::Node;

use super::WarpSeries;
use crate::{
    Error,
    text::{decode, finite, shorten},
    xml::{self, at},
};

/// The series in the bytes of a file.
///
/// A document type declaration is refused, so that no entity can expand; nesting costs no stack.
///
/// # Errors
/// Bytes that are not XML, a root other than `TiltSeries`, no `Angles`, a value of the wrong type,
/// or lists of different lengths.
pub fn parse(bytes: &[u8]) -> Result<WarpSeries, Error> {
    let text = decode(bytes)?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    if root.tag_name().name() != "TiltSeries" {
        let got = format!("<{}>", shorten(root.tag_name().name()));
        return Err(Error::unexpected("root element", "<TiltSeries>", got)
            .fix("give the .xml of a tilt series; those of movies and other programs differ"));
    }
    let numbers = |name| list(root, name, |field| finite(name, field));
    let angles_deg = numbers("Angles")?;
    if angles_deg.is_empty() {
        let children = root.children().filter(Node::is_element).take(8);
        let names: Vec<&str> = children.map(|child| child.tag_name().name()).collect();
        return Err(Error::missing("<Angles>", names.join(", ")));
    }
    let series = WarpSeries {
        dose: numbers("Dose")?,
        use_tilt: list(root, "UseTilt", truth)?,
        axis_angles_deg: numbers("AxisAngle")?,
        offsets_x_angstrom: numbers("AxisOffsetX")?,
        offsets_y_angstrom: numbers("AxisOffsetY")?,
        movie_paths: lines(root, "MoviePath"),
        defocus_um: defocus(root, angles_deg.len())?,
        are_angles_inverted: root
            .attribute("AreAnglesInverted")
            .map_or(Ok(false), truth)?,
        pixel_size_angstrom: pixel_size(root)?,
        level_x_deg: attribute(root, "LevelAngleX")?,
        level_y_deg: attribute(root, "LevelAngleY")?,
        image_size_angstrom: image_size(root)?,
        has_local_refinement: has_local_refinement(root),
        angles_deg,
    };
    check_lengths(&series)?;
    Ok(series)
}

fn child<'a, 'i>(root: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    root.children()
        .find(|node| node.is_element() && node.tag_name().name() == name)
}

/// The text of an element, also around comments.
fn text(node: Node<'_, '_>) -> String {
    node.children().filter_map(|part| part.text()).collect()
}

fn list<T>(
    root: Node<'_, '_>,
    name: &str,
    convert: impl Fn(&str) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let Some(node) = child(root, name) else {
        return Ok(Vec::new());
    };
    text(node)
        .split_whitespace()
        .map(convert)
        .collect::<Result<_, _>>()
        .map_err(|error| at(error, node))
}

fn lines(root: Node<'_, '_>, name: &str) -> Vec<String> {
    let text = child(root, name).map(text).unwrap_or_default();
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn truth(field: &str) -> Result<bool, Error> {
    match field {
        _ if field.eq_ignore_ascii_case("true") => Ok(true),
        _ if field.eq_ignore_ascii_case("false") => Ok(false),
        _ => {
            let got = format!("{:?}", shorten(field));
            Err(Error::unexpected("truth value", "True or False", got))
        }
    }
}

fn defocus(root: Node<'_, '_>, images: usize) -> Result<Vec<f64>, Error> {
    let Some(grid) = child(root, "GridCTF") else {
        return Ok(Vec::new());
    };
    let extent = |name| grid.attribute(name)?.parse::<usize>().ok();
    let one_each = [Some(1), Some(1), Some(images)];
    if [extent("Width"), extent("Height"), extent("Depth")] != one_each {
        return Ok(Vec::new());
    }
    let mut values = vec![None; images];
    for node in grid.children().filter(Node::is_element) {
        let place = node.attribute("Z").and_then(|z| z.parse::<usize>().ok());
        let value = node.attribute("Value").map(|text| finite("GridCTF", text));
        if let (Some(slot), Some(value)) = (place.and_then(|z| values.get_mut(z)), value) {
            *slot = Some(value.map_err(|error| at(error, node))?);
        }
    }
    let complete: Option<Vec<f64>> = values.into_iter().collect();
    complete.ok_or_else(|| {
        let expected = format!("{images} nodes, one an image");
        at(Error::unexpected("GridCTF", expected, "fewer"), grid)
    })
}

fn pixel_size(root: Node<'_, '_>) -> Result<Option<f64>, Error> {
    let parameters = child(root, "CTF")
        .into_iter()
        .flat_map(|node| node.children());
    let mut sizes = parameters.filter(|node| node.attribute("Name") == Some("PixelSize"));
    let Some(node) = sizes.next() else {
        return Ok(None);
    };
    let text = node.attribute("Value").unwrap_or_default();
    match finite("PixelSize", text) {
        Ok(size) if size > 0.0 => Ok(Some(size)),
        Ok(size) => {
            let error = Error::unexpected("PixelSize", "a length above 0", size.to_string());
            Err(at(error, node))
        }
        Err(error) => Err(at(error, node)),
    }
}

fn attribute(root: Node<'_, '_>, name: &str) -> Result<f64, Error> {
    let text = root.attribute(name).map(str::trim).unwrap_or_default();
    if text.is_empty() {
        return Ok(0.0);
    }
    finite(name, text).map_err(|error| at(error, root))
}

fn image_size(root: Node<'_, '_>) -> Result<Option<[f64; 2]>, Error> {
    const NAME: &str = "ImageDimensionsAngstrom";
    let Some(text) = root.attribute(NAME) else {
        return Ok(None);
    };
    let sizes: Result<Vec<f64>, Error> = text
        .split(',')
        .map(|field| finite(NAME, field.trim()))
        .collect();
    match sizes.map_err(|error| at(error, root))?[..] {
        // Warp saves zeros where it does not know.
        [x, y] => Ok((x > 0.0 && y > 0.0).then_some([x, y])),
        _ => {
            let got = format!("{:?}", shorten(text));
            Err(at(Error::unexpected(NAME, "two numbers", got), root))
        }
    }
}

fn has_local_refinement(root: Node<'_, '_>) -> bool {
    let grids = root.children().filter(|node| {
        let name = node.tag_name().name();
        name.starts_with("GridMovement") || name.starts_with("GridVolumeWarp")
    });
    let mut nodes = grids.flat_map(|grid| grid.children().filter(Node::is_element));
    nodes.any(|node| {
        let value = node.attribute("Value").and_then(|text| text.parse().ok());
        value.is_some_and(|value: f64| value != 0.0)
    })
}

fn check_lengths(series: &WarpSeries) -> Result<(), Error> {
    let images = series.angles_deg.len();
    let lengths = [
        ("Dose", series.dose.len()),
        ("UseTilt", series.use_tilt.len()),
        ("AxisAngle", series.axis_angles_deg.len()),
        ("AxisOffsetX", series.offsets_x_angstrom.len()),
        ("AxisOffsetY", series.offsets_y_angstrom.len()),
        ("MoviePath", series.movie_paths.len()),
    ];
    for (name, length) in lengths {
        if length != 0 && length != images {
            let expected = format!("{images} values, as <Angles> has");
            return Err(Error::unexpected(name, expected, length.to_string()));
        }
    }
    Ok(())
}
