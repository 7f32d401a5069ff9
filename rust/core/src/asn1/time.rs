//! UTCTime and GeneralizedTime (RFC 5280 §4.1.2.5), read strictly: a date that does not exist is refused.

use core::fmt;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(pub i64);

impl UnixTime {
    /// None: no such moment in the proleptic Gregorian calendar. A leap second 60 is not a moment here.
    pub fn from_civil(year: i64, month: u32, day: u32, hour: u32, minute: u32, second: u32) -> Option<Self> {
        let valid = (1..=12).contains(&month)
            && day >= 1
            && day <= days_in_month(year, month)
            && hour < 24
            && minute < 60
            && second < 60
            && (0..=9999).contains(&year);
        if !valid {
            return None;
        }
        let days = days_from_civil(year, month, day);
        Some(Self(days * 86_400 + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second)))
    }

    /// Year, month, day, hour, minute, second.
    pub fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let (days, seconds) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400) as u32);
        // Days since 0000-03-01, in eras of 400 years.
        let shifted = days.saturating_add(719_468);
        let (era, day_of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 } as u32;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day, seconds / 3_600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for UnixTime {
    /// RFC 3339, in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day, hour, minute, second) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = i64::from(if month > 2 { month - 3 } else { month + 9 });
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// `YYMMDDhhmm[ss](Z|+hhmm|-hhmm)`; YY below 50 is 20YY. Seconds may be missing: old CAs left them out.
pub fn utc_time(content: &[u8]) -> Option<UnixTime> {
    let year = i64::from(digits(content.get(..2)?)?);
    let year = if year < 50 { 2000 + year } else { 1900 + year };
    rest(year, content.get(2..)?, Some)
}

/// `YYYYMMDDhhmmss[.f…](Z|+hhmm|-hhmm)`; a fraction is cut off. Without seconds it is refused: the text of a UTCTime
/// would be a time in another century, and a fraction would be one of a minute.
pub fn generalized_time(content: &[u8]) -> Option<UnixTime> {
    let year = i64::from(digits(content.get(..4)?)?);
    digits(content.get(12..14)?)?;
    rest(year, content.get(4..)?, without_fraction)
}

/// `zone` takes away what may stand between the seconds and the zone.
fn rest<'a>(year: i64, content: &'a [u8], zone: impl FnOnce(&'a [u8]) -> Option<&'a [u8]>) -> Option<UnixTime> {
    let (month, day) = (digits(content.get(..2)?)?, digits(content.get(2..4)?)?);
    let (hour, minute) = (digits(content.get(4..6)?)?, digits(content.get(6..8)?)?);
    let (second, zone) = match content.get(8..10).and_then(digits) {
        Some(second) => (second, zone(content.get(10..)?)?),
        None => (0, content.get(8..)?),
    };
    let local = UnixTime::from_civil(year, month, day, hour, minute, second)?;
    Some(UnixTime(local.0 - zone_seconds(zone)?))
}

fn without_fraction(zone: &[u8]) -> Option<&[u8]> {
    let [b'.' | b',', fraction @ ..] = zone else { return Some(zone) };
    let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (digits > 0).then(|| &fraction[digits..])
}

fn zone_seconds(zone: &[u8]) -> Option<i64> {
    match zone {
        b"Z" => Some(0),
        [sign @ (b'+' | b'-'), offset @ ..] if offset.len() == 4 => {
            let (hours, minutes) = (digits(&offset[..2])?, digits(&offset[2..])?);
            let seconds = i64::from(hours) * 3_600 + i64::from(minutes) * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'+' { seconds } else { -seconds })
        }
        _ => None,
    }
}

/// At most four digits: the callers' slices bound the length.
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |value, byte| byte.is_ascii_digit().then(|| value * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc5280_4_1_2_5_century() {
        assert_eq!(utc_time(b"491231235959Z").unwrap().to_string(), "2049-12-31T23:59:59Z");
        assert_eq!(utc_time(b"500101000000Z").unwrap().to_string(), "1950-01-01T00:00:00Z");
        assert_eq!(generalized_time(b"20500101000000Z").unwrap().to_string(), "2050-01-01T00:00:00Z");
        assert_eq!(generalized_time(b"99991231235959Z").unwrap().to_string(), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn tolerated_forms() {
        let noon = utc_time(b"260704120000Z");
        assert_eq!(utc_time(b"2607041200Z"), noon);
        assert_eq!(utc_time(b"260704140000+0200"), noon);
        assert_eq!(utc_time(b"260704093000-0230"), noon);
        assert_eq!(generalized_time(b"20260704120000.123Z"), noon);
    }

    /// Half a minute is thirty seconds; cutting it off would move the time. UTCTime has no fractions.
    #[test]
    fn fractions_elsewhere_are_refused() {
        for bad in [
            &b"202607041200.5Z"[..],
            b"2026070412.5Z",
            b"20260704120000.Z",
            b"20260704120000.5",
            b"260704120000Z",
            b"202607041200Z",
        ] {
            assert_eq!(generalized_time(bad), None, "{}", bad.escape_ascii());
        }
        assert_eq!(utc_time(b"260704120000.5Z"), None);
        assert_eq!(utc_time(b"2607041200.5Z"), None);
    }

    /// PKI-14: what does not exist is refused, never rolled over.
    #[test]
    fn refused() {
        for bad in [
            "260230000000Z",
            "261301000000Z",
            "260001000000Z",
            "260431000000Z",
            "260101240000Z",
            "260101006000Z",
            "260101000060Z",
            "260101000000",
            "26010100000Z",
            "260101000000+2400",
            "260101000000z",
            "",
            "2",
            "260101000000ZZ",
        ] {
            assert_eq!(utc_time(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(generalized_time(b"20260101000000."), None);
        assert_eq!(generalized_time(b"20260101000000.Z"), None);
        assert_eq!(generalized_time(&[b'1'; 65_536]), None);
    }

    proptest! {
        #[test]
        fn civil_round_trip(seconds in -62_135_596_800_i64..253_402_300_799) {
            let (year, month, day, hour, minute, second) = UnixTime(seconds).civil();
            prop_assert_eq!(UnixTime::from_civil(year, month, day, hour, minute, second), Some(UnixTime(seconds)));
        }

        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
            let _ = (utc_time(&bytes), generalized_time(&bytes));
        }
    }
}
