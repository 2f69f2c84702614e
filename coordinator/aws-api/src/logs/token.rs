//! Tokens of GetLogEvents and ids of events: 56 digits that hold a place in a build's log.
//!
//! `3`, then half of the build's uuid (20 digits), the grant whose log it is (15), the offset (20). A token has its
//! direction in front and `/s` behind, as CloudWatch Logs writes it. The same place gives the same token.

use uuid::Uuid;

/// A place in the log of a build's grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) build: Uuid,
    pub(super) epoch: u64,
    pub(super) offset: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Forward,
    Backward,
}

fn half(build: Uuid) -> u64 {
    build.as_u64_pair().0 ^ build.as_u64_pair().1.rotate_left(32)
}

impl Place {
    /// 56 digits.
    pub(super) fn digits(&self) -> String {
        format!("3{:020}{:015}{:020}", half(self.build), self.epoch % 10_u64.pow(15), self.offset)
    }

    pub(super) fn token(&self, direction: Direction) -> String {
        match direction {
            Direction::Forward => format!("f/{}/s", self.digits()),
            Direction::Backward => format!("b/{}/s", self.digits()),
        }
    }
}

/// What a token says, if it is one of this build's log. The offset is the client's: it may be any number.
pub(super) fn read(token: &str, build: Uuid) -> Option<(Direction, Place)> {
    let (direction, rest) = match token.split_at_checked(2)? {
        ("f/", rest) => (Direction::Forward, rest),
        ("b/", rest) => (Direction::Backward, rest),
        _ => return None,
    };
    let digits = rest.strip_suffix("/s").unwrap_or(rest);
    if digits.len() != 56 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| digits.get(from..to)?.parse::<u64>().ok();
    let ours = digits.starts_with('3') && number(1, 21)? == half(build);
    ours.then_some((direction, Place { build, epoch: number(21, 36)?, offset: number(36, 56)? }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_survives_and_is_refused_elsewhere() {
        let build = Uuid::from_u128(7 << 64 | 9);
        let place = Place { build, epoch: 3, offset: 1 << 40 };
        for direction in [Direction::Forward, Direction::Backward] {
            let token = place.token(direction);
            assert_eq!(token.len(), 60);
            assert_eq!(read(&token, build), Some((direction, place)));
            assert_eq!(read(&token, Uuid::from_u128(8)), None);
        }
        for bad in ["", "f/", "x/3", "f/3é", "€", &format!("f/{}", "9".repeat(56)), &format!("f/{}", "3".repeat(57))]
        {
            assert_eq!(read(bad, build), None, "{bad}");
        }
    }
}
