/// When an image was taken, as far as a `DateTime` says; orders by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Four digits; two-digit years are of this century.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
}

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

impl Timestamp {
    /// `06-Jun-23  23:19:46`, `06-Jun-2023 23:19:46` (SerialEM, Tomography 5) or
    /// `2023-06-06 23:19:46`; `None` for anything else.
    ///
    /// ```
    /// use cryo_io::tilt::mdoc::Timestamp;
    /// let first = Timestamp::parse("06-Jun-23  23:19:46").expect("SerialEM's form");
    /// let second = Timestamp::parse("2023-06-06 23:20:01").expect("ISO's form");
    /// assert!(first < second);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut fields = text.split_whitespace();
        let (date, clock) = (fields.next()?, fields.next()?);
        if fields.next().is_some() {
            return None;
        }
        let [first, month, last] = three(date, '-')?;
        let (day, year) = if first.len() == 4 {
            (last, first)
        } else {
            (first, last)
        };
        let century = match year.len() {
            2 => 2000,
            4 => 0,
            _ => return None,
        };
        let [hour, minute, second] = three(clock, ':')?;
        let month = match month.parse() {
            Ok(number) => number,
            Err(_) => {
                let name = month.to_ascii_lowercase();
                let place = MONTHS.iter().position(|&known| known == name)?;
                u8::try_from(place).ok()? + 1
            }
        };
        let stamp = Self {
            year: century + year.parse::<u16>().ok()?,
            month,
            day: day.parse().ok()?,
            hour: hour.parse().ok()?,
            minute: minute.parse().ok()?,
            second: second.parse().ok()?,
        };
        let valid = (1..=12).contains(&stamp.month)
            && (1..=31).contains(&stamp.day)
            && stamp.hour < 24
            && stamp.minute < 60
            && stamp.second <= 60;
        valid.then_some(stamp)
    }
}

fn three(text: &str, separator: char) -> Option<[&str; 3]> {
    let mut parts = text.split(separator);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}
