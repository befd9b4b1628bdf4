use std::collections::BTreeMap;

/// What a format that only has names calls particles of no class.
const NO_CLASS: &str = "particle";
const NUMBERED: &str = "class";

/// The name of a class in a format that only has names: its own, or `class<separator>N`, or `particle`.
pub(crate) fn label_of_class(
    class: Option<u32>,
    names: &BTreeMap<u32, String>,
    separator: char,
) -> String {
    match class {
        None => NO_CLASS.to_owned(),
        Some(number) => names
            .get(&number)
            .cloned()
            .unwrap_or_else(|| format!("{NUMBERED}{separator}{number}")),
    }
}

/// What a label means: no class, a number without a name, or a name.
#[derive(Debug, PartialEq)]
pub(crate) enum LabelMeaning<'a> {
    NoClass,
    Number(u32),
    Name(&'a str),
}

/// The reverse of [`label_of_class`].
pub(crate) fn class_of_label(label: &str) -> LabelMeaning<'_> {
    if label == NO_CLASS {
        return LabelMeaning::NoClass;
    }
    let number = label
        .strip_prefix(NUMBERED)
        .and_then(|rest| rest.strip_prefix(['-', ' ']))
        .filter(|digits| *digits == "0" || !digits.starts_with(['0', '+']))
        .and_then(|digits| digits.parse().ok());
    number.map_or(LabelMeaning::Name(label), LabelMeaning::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_round_trip() {
        let names = BTreeMap::from([(2, "ribosome".to_owned())]);
        assert_eq!(
            class_of_label(&label_of_class(Some(7), &names, '-')),
            LabelMeaning::Number(7)
        );
        assert_eq!(
            class_of_label(&label_of_class(Some(2), &names, '-')),
            LabelMeaning::Name("ribosome")
        );
        assert_eq!(
            class_of_label(&label_of_class(None, &names, '-')),
            LabelMeaning::NoClass
        );
        assert_eq!(class_of_label("class 07"), LabelMeaning::Name("class 07"));
    }
}
