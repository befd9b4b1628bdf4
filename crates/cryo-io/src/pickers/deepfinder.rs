use cryo_core::Particle;
use roxmltree::Node;

use super::{only_tomogram, particle};
use crate::{
    Error, Picks, PicksOptions,
    points::{Gather, name_of_number},
    text::{decode, finite, shorten},
    xml::{self, at},
};

pub(super) fn parse(bytes: &[u8], options: &PicksOptions) -> Result<Picks, Error> {
    let text = decode(bytes)?;
    let document = xml::parse(&text)?;
    let root = document.root_element();
    if root.tag_name().name() != "objlist" {
        let got = format!("<{}>", shorten(root.tag_name().name()));
        return Err(Error::unexpected("root element", "<objlist>", got)
            .fix("give an object list of DeepFinder"));
    }
    let mut gather = Gather::default();
    for node in root.children().filter(Node::is_element) {
        object(node, options, &mut gather).map_err(|error| at(error, node))?;
    }
    Ok(gather.finish(Vec::new()))
}

fn object(node: Node<'_, '_>, options: &PicksOptions, gather: &mut Gather) -> Result<(), Error> {
    if node.tag_name().name() != "object" {
        let got = format!("<{}>", shorten(node.tag_name().name()));
        return Err(Error::unexpected("element", "<object>", got));
    }
    let needed = |name: &str| match node.attribute(name) {
        Some(field) => finite(name, field.trim()),
        None => {
            let names: Vec<&str> = node.attributes().take(12).map(|a| a.name()).collect();
            Err(Error::missing(
                format!("attribute {name}"),
                names.join(", "),
            ))
        }
    };
    let xyz = [needed("x")?, needed("y")?, needed("z")?];
    let tomogram = match node.attribute("tomo_idx") {
        Some(field) => name_of_number(&options.numbers, whole("tomo_idx", field)?),
        None => only_tomogram(options)?.to_owned(),
    };
    let slot = gather.slot(&tomogram, || options.frames.get(&tomogram).grid(&tomogram))?;
    let class = node.attribute("class_label");
    let score = node.attribute("cluster_size");
    let score = score.map(|field| finite("cluster_size", field.trim()));
    let item = Particle {
        class: class.map(|field| whole("class_label", field)).transpose()?,
        score: score.transpose()?.map(|size| size as f32),
        ..particle(xyz, options)
    };
    gather.push(slot, item);
    Ok(())
}

fn whole(what: &str, field: &str) -> Result<u32, Error> {
    field.trim().parse().map_err(|_| {
        let got = format!("{:?}", shorten(field));
        Error::unexpected(what, "a whole number from 0", got)
    })
}
