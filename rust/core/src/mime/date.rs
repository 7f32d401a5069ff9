//! Dates (RFC 5322 §3.3 and §4.3) and the dates of mbox `From ` lines, as UTC Unix seconds.

use crate::mime::field::without_comments;

/// A Date field's value. Obsolete zones and years, missing seconds and asctime order are read; a missing or unknown zone
/// is UTC (RFC 5322 §4.3). The calendar is strict; the day's name is not compared with the date.
pub fn date(value: &[u8]) -> Option<i64> {
    let plain = without_comments(value);
    let plain = core::str::from_utf8(&plain).ok()?;
    // No sound date is longer; a few words are enough.
    let words: Vec<&str> = words(plain).take(12).collect();
    let words = match words.first() {
        Some(first) if is_weekday(first) => &words[1..],
        _ => &words[..],
    };
    if words.first().is_some_and(|word| month(word).is_some()) {
        return asctime(words);
    }
    let [day, month_name, year, time, zone @ ..] = words else { return None };
    let zone = match zone {
        [] => 0,
        [zone] => zone_seconds(zone),
        [zone, name] if zone_number(zone).is_some() && is_name(name) => zone_seconds(zone),
        _ => return None,
    };
    seconds(full_year(year)?, month(month_name)?, number(day, 1, 2)?, clock(time)?, zone)
}

/// The date of `From address Thu Jan  1 00:00:00 1970`; a zone may stand before or behind the year. `None`: not such a line.
pub fn from_line_date(line: &[u8]) -> Option<i64> {
    let tail = core::str::from_utf8(line.strip_prefix(b"From ")?).ok()?;
    let words: Vec<&str> = tail.split_ascii_whitespace().collect();
    // The address stands before it and may hold blanks.
    let start = words.windows(2).rposition(|pair| is_weekday(pair[0]) && month(pair[1]).is_some())?;
    if start == 0 {
        return None;
    }
    asctime(&words[start + 1..])
}

/// `Jan 1 00:00[:00] [zone] 1970 [zone]`, and `remote from host` behind it.
fn asctime(words: &[&str]) -> Option<i64> {
    let [month_name, day, time, rest @ ..] = words else { return None };
    let (year, zone) = match rest {
        [year] => (year, 0),
        [year, "remote", "from", ..] => (year, 0),
        [first, second] if first.len() == 4 && number(first, 4, 4).is_some() => (first, zone_checked(second)?),
        [first, second] => (second, zone_checked(first)?),
        _ => return None,
    };
    seconds(number(year, 4, 4)?, month(month_name)?, number(day, 1, 2)?, clock(time)?, zone)
}

/// Words between blanks and commas.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| character.is_ascii_whitespace() || character == ',').filter(|word| !word.is_empty())
}

fn is_weekday(word: &str) -> bool {
    const NAMES: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let word = word.trim_end_matches('.');
    is_name(word) && word.get(..3).is_some_and(|start| NAMES.iter().any(|name| name.eq_ignore_ascii_case(start)))
}

fn is_name(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn month(word: &str) -> Option<i64> {
    const NAMES: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let start = word.get(..3).filter(|_| is_name(word) && word.len() <= 9)?;
    NAMES.iter().position(|name| name.eq_ignore_ascii_case(start)).map(|index| index as i64 + 1)
}

/// Only digits, of so many places.
fn number(word: &str, least: usize, most: usize) -> Option<i64> {
    let sound = (least..=most).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    if sound { word.parse().ok() } else { None }
}

/// RFC 5322 §4.3: two digits are 1950–2049, three are counted from 1900.
fn full_year(word: &str) -> Option<i64> {
    let year = number(word, 2, 4)?;
    Some(match word.len() {
        2 if year < 50 => year + 2000,
        2 | 3 => year + 1900,
        _ => year,
    })
}

/// Seconds of the day; 60 is a leap second.
fn clock(word: &str) -> Option<i64> {
    let mut fields = word.split(':');
    let hour = number(fields.next()?, 1, 2)?;
    let minute = number(fields.next()?, 2, 2)?;
    let second = fields.next().map_or(Some(0), |second| number(second, 2, 2))?;
    let sound = fields.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    sound.then_some(hour * 3600 + minute * 60 + second)
}

fn zone_seconds(word: &str) -> i64 {
    let hours = match word.to_ascii_uppercase().as_str() {
        "EDT" => -4,
        "EST" | "CDT" => -5,
        "CST" | "MDT" => -6,
        "MST" | "PDT" => -7,
        "PST" => -8,
        _ => return zone_number(word).unwrap_or(0),
    };
    hours * 3600
}

/// Like `zone_seconds`, but only for what looks like a zone.
fn zone_checked(word: &str) -> Option<i64> {
    (zone_number(word).is_some() || (is_name(word) && word.len() <= 5)).then(|| zone_seconds(word))
}

/// `+hhmm`
fn zone_number(word: &str) -> Option<i64> {
    let (sign, digits) = match word.as_bytes().first()? {
        b'+' => (1, word.get(1..)?),
        b'-' => (-1, word.get(1..)?),
        _ => return None,
    };
    let value = number(digits, 4, 4)?;
    (value % 100 < 60).then_some(sign * (value / 100 * 3600 + value % 100 * 60))
}

fn seconds(year: i64, month: i64, day: i64, clock: i64, zone: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    // Days since 1 March of year 0, whose last month is February.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (m * 153 + 2) / 5 + day - 1;
    Some((days - 719_468) * 86_400 + clock - zone)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rfc5322_3_3_dates() {
        for (value, wanted) in [
            ("Thu, 01 Jan 1970 00:00:00 +0000", 0),
            (" Mon, 23 Nov 2026 15:57:08 +0000 (UTC)\r\n", 1_795_449_428),
            ("23 Nov 2026 16:57 +0100", 1_795_449_420),
            ("Fri, 21 Nov 97 09:55:06 -0600", 880_127_706),
            ("21 Nov (c) 1997 (d) 09:55:06 MDT", 880_127_706),
            ("Sat, 29 Feb 2020 23:59:60 Z", 1_583_020_800),
            ("Mon Nov 23 15:57:08 2026", 1_795_449_428),
            ("1 Jan 1970 00:00:00", 0),
        ] {
            assert_eq!(date(value.as_bytes()), Some(wanted), "{value}");
        }
    }

    #[test]
    fn rfc5322_3_3_no_dates() {
        for value in [
            "",
            "x",
            "29 Feb 2021 00:00:00 +0000",
            "29 Feb 1900 00:00 +0000",
            "0 Jan 2020 00:00 +0000",
            "31 Apr 2020 00:00 +0000",
            "1 Foo 2020 00:00 +0000",
            "1 Jan 2020 24:00 +0000",
            "1 Jan 2020 00:60 +0000",
            "1 Jan 20200 00:00 +0000",
            "1 Jan 2020 00:00 +0000 junk more",
            "1 Jan 2020 -1:00 +0000",
            "1 Jan 2020",
            "((((",
        ] {
            assert_eq!(date(value.as_bytes()), None, "{value}");
        }
    }

    #[test]
    fn rfc4155_from_lines() {
        for line in [
            "From a@b Thu Jan  1 00:00:00 1970",
            "From - Thu Jan 01 00:00:00 1970\r\n",
            "From \"a b\"@c Thu Jan 1 00:00 1970",
            "From a@b Thu Jan  1 00:00:00 UTC 1970",
            "From a@b Thu Jan  1 01:00:00 1970 +0100",
            "From 1@xxx Thu Jan 01 00:00:00 +0000 1970",
            "From a Thu Jan 1 00:00:00 1970 remote from host",
        ] {
            assert_eq!(from_line_date(line.as_bytes()), Some(0), "{line}");
        }
        for line in [
            "From me to you",
            "From a@b",
            "From Thu Jan 1 00:00:00 1970",
            ">From a Thu Jan 1 00:00:00 1970",
            "From a Thu Jan 32 00:00:00 1970",
        ] {
            assert_eq!(from_line_date(line.as_bytes()), None, "{line}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes(value in prop::collection::vec(any::<u8>(), 0..80), text in "[A-Za-z0-9:+, ]{0,60}") {
            date(&value);
            date(text.as_bytes());
            from_line_date(&[b"From ", &value[..]].concat());
        }

        #[test]
        fn each_day_follows_the_last(days in -100_000_i64..100_000) {
            // The civil date of a day number, counted by months.
            let (mut year, mut left) = (1970, days);
            let length = |year: i64| if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) { 366 } else { 365 };
            while left < 0 { year -= 1; left += length(year); }
            while left >= length(year) { left -= length(year); year += 1; }
            prop_assert_eq!(seconds(year, 1, 1, 0, 0), Some((days - left) * 86_400));
            prop_assert_eq!(seconds(year, 12, 31, 0, 0), Some((days - left + length(year) - 1) * 86_400));
        }
    }
}
