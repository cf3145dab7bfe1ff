//! Dates and moments as other programs write them.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::domain::refusal::Refusal;
use crate::domain::time::{self, Instant};

/// How dates and moments without an offset are read.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    date: Option<String>,
    moment: Option<String>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { zone: TimeZone::UTC, date: None, moment: None }
    }
}

impl Clock {
    /// A clock of a zone that reads these forms (strftime letters) beside our own.
    ///
    /// # Errors
    /// An unknown zone.
    pub fn new(zone: Option<&str>, date: Option<&str>, moment: Option<&str>) -> Result<Self, Refusal> {
        let zone = match zone {
            None => TimeZone::UTC,
            Some(name) => time::zone(name).map_err(|e| Refusal::invalid("mapping", "time_zone", e.to_string()))?,
        };
        Ok(Self { zone, date: date.map(str::to_owned), moment: moment.map(str::to_owned) })
    }

    /// The same clock with other forms, where they are given.
    #[must_use]
    pub fn with(&self, date: Option<&str>, moment: Option<&str>) -> Self {
        let or = |new: Option<&str>, old: &Option<String>| new.map(str::to_owned).or_else(|| old.clone());
        Self { zone: self.zone.clone(), date: or(date, &self.date), moment: or(moment, &self.moment) }
    }

    /// A day: `2026-03-31`, or of the clock's form.
    ///
    /// # Errors
    /// One sentence.
    pub fn date(&self, text: &str) -> Result<String, String> {
        if let Some(form) = &self.date {
            return match Date::strptime(form, text) {
                Ok(date) => Ok(date.to_string()),
                Err(_) => Err(format!("'{text}' is not a day of the form {form}")),
            };
        }
        // A spreadsheet's day is a moment at midnight.
        let day = text.split_once('T').filter(|(_, time)| is_midnight(time)).map_or(text, |(day, _)| day);
        Ok(day.to_owned())
    }

    /// A moment with its offset; of the clock's form, or without an offset, on the clock's zone.
    ///
    /// # Errors
    /// One sentence.
    pub fn moment(&self, text: &str) -> Result<String, String> {
        if let Some(form) = &self.moment {
            let wall =
                DateTime::strptime(form, text).map_err(|_| format!("'{text}' is not a moment of the form {form}"))?;
            return self.at(wall, text);
        }
        if text.parse::<Instant>().is_ok() {
            return Ok(text.to_owned());
        }
        let wall = text.replacen(' ', "T", 1).parse::<DateTime>();
        let wall = wall.map_err(|_| format!("'{text}' is neither a moment (2026-03-31T09:30:00Z) nor a local time"))?;
        self.at(wall, text)
    }

    fn at(&self, wall: DateTime, text: &str) -> Result<String, String> {
        let at = self.zone.to_timestamp(wall).map_err(|e| format!("'{text}': {e}"))?;
        Ok(Instant(at.as_millisecond()).to_string())
    }
}

fn is_midnight(time: &str) -> bool {
    time.trim_end_matches('Z').chars().all(|sign| matches!(sign, '0' | ':' | '.'))
}
