//! Floors for parts of the week, in UTC.

use super::policy::{Policy, Schedule};
use buildyard_model::Timestamp;

const DAY_MINUTES: u32 = 24 * 60;

/// How many instances there are to be at least at this moment: the largest floor that holds, never above `max`.
pub(super) fn floor(policy: &Policy, now: Timestamp) -> u32 {
    let scheduled = policy.schedules.iter().filter(|schedule| holds(schedule, now)).map(|schedule| schedule.min);
    scheduled.chain([policy.min]).max().unwrap_or(0).min(policy.max)
}

/// Whether the moment lies in the schedule. One over midnight belongs to the day it begins on.
fn holds(schedule: &Schedule, now: Timestamp) -> bool {
    let utc = now.to_utc();
    let (today, minute) =
        (utc.weekday().number_days_from_monday(), u32::from(utc.hour()) * 60 + u32::from(utc.minute()));
    let (from, to) = (schedule.from_minute, schedule.to_minute);
    let on = |day: u8| schedule.days.contains(&day);
    if from < to {
        return on(today) && (from..to).contains(&minute);
    }
    let yesterday = (today + 6) % 7;
    (on(today) && (from..DAY_MINUTES).contains(&minute)) || (on(yesterday) && minute < to)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1970-01-05 was a Monday.
    fn at(day: i64, hour: i64, minute: i64) -> Timestamp {
        Timestamp(((4 + day) * 1440 + hour * 60 + minute) * 60_000)
    }

    fn office(from: u32, to: u32) -> Policy {
        let schedule = Schedule { days: vec![0, 1, 2, 3, 4], from_minute: from, to_minute: to, min: 3 };
        Policy { min: 1, max: 10, schedules: vec![schedule], ..Policy::default() }
    }

    #[test]
    fn a_schedule_holds_from_its_first_minute_to_before_its_last() {
        let policy = office(7 * 60, 19 * 60);
        let rows = [(0, 6, 59, 1), (0, 7, 0, 3), (4, 18, 59, 3), (4, 19, 0, 1), (5, 12, 0, 1), (6, 12, 0, 1)];
        for (day, hour, minute, expected) in rows {
            assert_eq!(floor(&policy, at(day, hour, minute)), expected, "day {day}, {hour}:{minute}");
        }
    }

    #[test]
    fn one_over_midnight_belongs_to_the_day_it_begins_on() {
        let policy = office(22 * 60, 6 * 60);
        let rows =
            [(0, 5, 0, 1), (0, 22, 0, 3), (1, 5, 59, 3), (1, 6, 0, 1), (5, 5, 0, 3), (5, 23, 0, 1), (6, 1, 0, 1)];
        for (day, hour, minute, expected) in rows {
            assert_eq!(floor(&policy, at(day, hour, minute)), expected, "day {day}, {hour}:{minute}");
        }
    }

    #[test]
    fn no_floor_is_above_max() {
        assert_eq!(floor(&Policy { min: 7, max: 2, ..Policy::default() }, Timestamp(0)), 2);
    }
}
