use super::*;
use proptest::prelude::*;

fn all(bytes: &[u8], whole: bool) -> Vec<Cut> {
    let view = View { base: 0, bytes, whole };
    let mut cuts: Vec<Cut> = Vec::new();
    while let Some(cut) = view.next(cuts.last().map_or(0, |cut| cut.next)) {
        cuts.push(cut);
    }
    cuts
}

fn texts(bytes: &[u8], whole: bool) -> Vec<&[u8]> {
    all(bytes, whole).iter().map(|cut| &bytes[cut.start as usize..cut.text_end as usize]).collect()
}

#[test]
fn a_line_ends_with_lf_crlf_or_cr() {
    assert_eq!(texts(b"a\nb\r\nc\rd\n\ne", true), [&b"a"[..], b"b", b"c", b"d", b"", b"e"]);
    assert_eq!(texts(b"10%\r20%\r\n", true), [&b"10%"[..], b"20%"]);
}

#[test]
fn what_may_go_on_is_not_cut_yet() {
    assert_eq!(texts(b"a\nbc", false), [b"a"]);
    assert_eq!(texts(b"a\nbc\r", false), [b"a"], "an LF may follow");
    assert_eq!(texts(b"a\nbc\r\n", false), [&b"a"[..], b"bc"]);
    assert!(texts(&vec![b'x'; BLOCK as usize], false).is_empty());
}

#[test]
fn a_line_that_fills_a_block_is_cut_before_a_character() {
    let block = BLOCK as usize;
    let mut log = vec![b'x'; block - 2];
    log.extend_from_slice("€".as_bytes());
    log.extend_from_slice(&vec![b'y'; 2 * block]);
    let lengths: Vec<usize> = texts(&log, true).iter().map(|text| text.len()).collect();
    assert_eq!(lengths, [block - 2, block + 2, block, 1]);
    assert!(std::str::from_utf8(texts(&log, true)[0]).is_ok());
}

/// Logs with every kind of line end, and lines around the lengths that are cut.
fn log() -> impl Strategy<Value = Vec<u8>> {
    let length =
        prop_oneof![8 => 0..20_usize, 1 => 0..3 * BLOCK as usize, 1 => (BLOCK as usize - 3)..BLOCK as usize + 3];
    let fill = prop_oneof![Just("x"), Just("é"), Just("€"), Just("😀")];
    let end = prop_oneof![4 => Just("\n"), 1 => Just("\r\n"), 1 => Just("\r"), 1 => Just("\r\r\n"), 1 => Just("")];
    let line = (length, fill, end).prop_map(|(length, fill, end)| fill.repeat(length / fill.len()) + end);
    prop::collection::vec(line, 0..25).prop_map(|lines| lines.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn cuts_cover_the_log_and_none_is_too_long(log in log()) {
        let cuts = all(&log, true);
        let mut at = 0;
        for cut in &cuts {
            prop_assert_eq!(cut.start, at);
            prop_assert!(cut.next > cut.start && cut.text_end - cut.start < 2 * BLOCK);
            at = cut.next;
        }
        prop_assert_eq!(at, log.len() as u64);
    }

    #[test]
    fn boundaries_follow_from_the_bytes_near_them(log in log(), block in 0..12_u64) {
        let cuts = all(&log, true);
        let base = (block * BLOCK).min(log.len() as u64 / BLOCK * BLOCK);
        let view = View { base, bytes: &log[base as usize..], whole: true };
        if let Some(first) = view.first() {
            prop_assert!(first <= base + BLOCK + 2);
            prop_assert!(first == 0 || cuts.iter().any(|cut| cut.next == first), "{first} is no boundary");
        } else {
            prop_assert!(log.len() as u64 - base <= BLOCK + 1);
        }
    }

    #[test]
    fn what_was_cut_stays_cut_when_more_comes(log in log(), share in 0.0..1.0_f64) {
        let part = (log.len() as f64 * share) as usize;
        let known = all(&log[..part], false);
        prop_assert_eq!(&known[..], &all(&log, true)[..known.len()]);
    }
}
