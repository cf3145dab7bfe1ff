//! Moments of a record's life as milliseconds.

use super::dialect;
use super::millis;
use super::population::{Query, Source};
use crate::domain::Instant;
use crate::domain::measure::condition::Moment;
use crate::domain::time;

const DAY_MS: i64 = 86_400_000;

impl Query<'_> {
    /// A moment; null where the record has none.
    pub(super) fn moment(&mut self, source: &Source, moment: &Moment) -> String {
        match moment {
            Moment::Created => format!("{}.created_at", source.row),
            Moment::Updated => format!("{}.updated_at", source.row),
            Moment::Start => self.bind(millis(self.lens.span.from)),
            Moment::End { months_before } => {
                let at = self.lens.span.at(self.lens.now);
                let months = months_before.as_ref().map_or(0, |months| months.whole(self.lens.constants));
                let months = i32::try_from(months).unwrap_or(i32::MAX);
                let at = if months == 0 { at } else { self.lens.span.months_before(at, months) };
                self.bind(millis(at))
            }
            Moment::First(states) => self.entry(source, states, "MIN"),
            Moment::Last(states) => self.entry(source, states, "MAX"),
            Moment::Field(path) => self.field_moment(source, path),
            Moment::AfterPeriod(path) => self.after_period(source, path),
        }
    }

    /// A date or moment with its whole day, where it is a date.
    pub(super) fn limit(&mut self, source: &Source, path: &str) -> String {
        let text = self.text(source, path);
        let midnight = dialect::day(self.backend, &text);
        let end = self.to_utc(&format!("({midnight} + {DAY_MS})"));
        let instant = dialect::instant(self.backend, &text);
        format!("CASE WHEN length({text}) = 10 THEN {end} ELSE {instant} END")
    }

    /// The end of the day in which a moment lies.
    pub(super) fn day_end(&self, moment: &str) -> String {
        let wall = format!("({moment} + {})", self.offset(moment, false));
        self.to_utc(&format!("(({wall} / {DAY_MS} + 1) * {DAY_MS})"))
    }

    fn field_moment(&mut self, source: &Source, path: &str) -> String {
        let text = self.text(source, path);
        let midnight = dialect::day(self.backend, &text);
        let start = self.to_utc(&format!("({midnight})"));
        let instant = dialect::instant(self.backend, &text);
        format!("CASE WHEN length({text}) = 10 THEN {start} ELSE {instant} END")
    }

    fn entry(&mut self, source: &Source, states: &[String], which: &str) -> String {
        let alias = self.alias("a");
        let entered = self.entered(&alias, states);
        format!(
            "(SELECT {which}({alias}.at) FROM audit {alias} WHERE {alias}.org = $1 AND {alias}.number = {}.number AND {entered})",
            source.row
        )
    }

    /// The condition on an audit entry that it tells of entering one of these states. A signature that leaves the
    /// state as it is has an entry of the same name, but no state in it.
    pub(super) fn entered(&mut self, alias: &str, states: &[String]) -> String {
        let each = states.iter().map(|state| {
            let action = self.text_bind(&format!("transition:{state}"));
            let told = self.text_bind(&format!("%\"state\":\"{state}\"%"));
            format!("{alias}.action = {action} AND {alias}.after_value LIKE {told}")
        });
        format!("({})", each.collect::<Vec<_>>().join(" OR "))
    }

    fn after_period(&mut self, source: &Source, path: &str) -> String {
        let text = self.text(source, path);
        let mut cases = String::new();
        for (name, after) in self.lens.span.names() {
            let at = time::start_of_day(&self.lens.span.zone, after).unwrap_or(Instant(0));
            let (name, at) = (self.text_bind(&name), self.bind(millis(at)));
            cases.push_str(&format!(" WHEN {text} = {name} THEN {at}"));
        }
        let last = dialect::day(self.backend, &format!("substr({text}, 12, 10)"));
        let end = self.to_utc(&format!("({last} + {DAY_MS})"));
        format!("CASE{cases} WHEN length({text}) = 21 THEN {end} END")
    }

    /// A wall clock's milliseconds as those of UTC.
    fn to_utc(&self, wall: &str) -> String {
        format!("({wall} - {})", self.offset(wall, true))
    }

    /// The zone's offset at a moment: of UTC, or of the zone's own wall clock.
    fn offset(&self, moment: &str, wall: bool) -> String {
        let offsets = &self.lens.span.offsets;
        let mut cases = String::new();
        for pair in offsets.windows(2) {
            let [(_, offset), (until, _)] = pair else { continue };
            let until = if wall { until.0.saturating_add(*offset) } else { until.0 };
            cases.push_str(&format!(" WHEN {moment} < {until} THEN {offset}"));
        }
        let last = offsets.last().map_or(0, |(_, offset)| *offset);
        if cases.is_empty() { format!("({last})") } else { format!("(CASE{cases} ELSE {last} END)") }
    }
}
